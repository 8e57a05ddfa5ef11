"""The Lua scripts of the folder ``scripts``."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Final

from . import scripts

Arguments = Sequence[str | bytes | float]
Command = tuple[str | bytes | float, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script. A server that has run it once runs it again by its SHA-1 (hexadecimal digits).

    If ``confirmed`` is false, the script does not wait until the replicas have its changes: a failover may lose them.
    """

    text: str
    sha1: str
    confirmed: bool

    def by_sha1(self, redis_keys: Sequence[str], arguments: Arguments) -> Command:
        """Return the command that runs the script on a server that has run it before."""
        return ("EVALSHA", self.sha1, len(redis_keys), *redis_keys, *arguments)

    def in_full(self, redis_keys: Sequence[str], arguments: Arguments) -> Command:
        """Return the command that runs the script on any server."""
        return ("EVAL", self.text, len(redis_keys), *redis_keys, *arguments)


def _read(*names: str, confirmed: bool = True) -> Script:
    """Return the script of these files, one after the other."""
    text = "".join(files(scripts).joinpath(name).read_text("utf-8") for name in names)
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest(), confirmed)


ADD_SESSION: Final = _read("replacement.lua", "add_session.lua")
ADD_SIGNING_KEY: Final = _read("add_signing_key.lua")
ADD_TO_SUBJECT: Final = _read("add_to_subject.lua")
ADVANCE_SESSION: Final = _read("liveness.lua", "replacement.lua", "advance_session.lua")
CHOOSE_EXCESS: Final = _read("choose_excess.lua")
FIND_SESSION: Final = _read("liveness.lua", "find_session.lua")
GIVE_BACK_ATTEMPT: Final = _read("give_back_attempt.lua", confirmed=False)
LIST_SUBJECT: Final = _read("list_subject.lua", confirmed=False)
PROBE: Final = _read("probe.lua")
REMOVE_FROM_SUBJECT: Final = _read("remove_from_subject.lua")
REMOVE_SIGNING_KEY: Final = _read("remove_signing_key.lua")
REPLACE_SIGNING_KEY: Final = _read("replace_signing_key.lua")
RESET_RATE_LIMITS: Final = _read("reset_rate_limits.lua", confirmed=False)
REVOKE_LISTED: Final = _read("liveness.lua", "revoke_listed.lua")
REVOKE_SESSION: Final = _read("liveness.lua", "revoke_session.lua")
SET_CREDENTIAL_VERSION: Final = _read("liveness.lua", "set_credential_version.lua")
SET_CUT_OFF: Final = _read("set_cut_off.lua")
TAKE_ATTEMPT: Final = _read("take_attempt.lua", confirmed=False)

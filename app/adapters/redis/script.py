"""The Lua scripts of the folder ``scripts``."""

from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import Final

from . import scripts


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script. A server that has run it once runs it again by its SHA-1 (hexadecimal digits).

    If ``confirmed`` is false, the script does not wait until the replicas have its changes: a failover may lose them.
    """

    text: str
    sha1: str
    confirmed: bool


def _read(file: str, *, confirmed: bool = True) -> Script:
    text = files(scripts).joinpath(file).read_text("utf-8")
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest(), confirmed)


ADD_SESSION: Final = _read("add_session.lua")
ADD_SIGNING_KEY: Final = _read("add_signing_key.lua")
ADD_TO_SUBJECT: Final = _read("add_to_subject.lua")
ADVANCE_SESSION: Final = _read("advance_session.lua")
FIND_SESSION: Final = _read("find_session.lua")
GIVE_BACK_ATTEMPT: Final = _read("give_back_attempt.lua", confirmed=False)
REMOVE_SIGNING_KEY: Final = _read("remove_signing_key.lua")
REPLACE_SIGNING_KEY: Final = _read("replace_signing_key.lua")
RESET_RATE_LIMITS: Final = _read("reset_rate_limits.lua", confirmed=False)
REVOKE_SESSION: Final = _read("revoke_session.lua")
SET_CREDENTIAL_VERSION: Final = _read("set_credential_version.lua")
TAKE_ATTEMPT: Final = _read("take_attempt.lua", confirmed=False)

"""Log refused tokens that show a fault of the set-up: another issuer, another audience, or a key that is not known."""

import logging
import re
import time
from collections.abc import Mapping
from math import inf
from typing import Any, Final

from ...domain import base64url
from ...domain.errors import KeyturnError
from ...domain.issuer_spelling import differ_by_slash
from ...domain.tokens.errors import UnknownSigner, WrongAudience, WrongIssuer
from ...domain.verifier.errors import KeysUnknown
from .. import strict_json

LOGGED: Final = (WrongIssuer, WrongAudience, UnknownSigner, KeysUnknown)
"""The refusals that a faulty set-up can cause."""

_LOG: Final = logging.getLogger("keyturn.guard")

_PAUSE_SECONDS: Final = 60.0
"""Somebody can send any number of such tokens, so that a line follows the last one after this time at the earliest."""

_MAX_SEGMENT: Final = 8_192
_MAX_AUDIENCES: Final = 20
_MAX_AUDIENCE: Final = 200
_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]_~/-]{1,200}")
"""The issuers that are logged. Other text may be anything that a client chose, and no issuer at all."""

_KID: Final = re.compile(r"[A-Za-z0-9._~-]{1,100}")
"""The ``kid`` that are logged, for the same reason."""


class RefusedTokens:
    """Logs what is wrong with refused tokens, and what to change. Each refusal is logged at most once a minute.

    ``issuer`` and ``audience`` are those that the guard accepts.
    """

    def __init__(self, issuer: str, audience: str | None = None) -> None:
        self._issuer = issuer
        self._audience = audience
        self._logged_at: dict[type[KeyturnError], float] = {}

    def note(self, refusal: KeyturnError, token: str) -> None:
        """Log a refused token, if the refusal is one of ``LOGGED`` and the token shows the fault."""
        kind, now = type(refusal), time.monotonic()
        if not isinstance(refusal, LOGGED) or now < self._logged_at.get(kind, -inf) + _PAUSE_SECONDS:
            return
        text = self._wrong_audience(token) if isinstance(refusal, WrongAudience) else self._wrong_issuer(token)
        if not text and isinstance(refusal, UnknownSigner):
            text = _unknown_key(token)
        if text:
            self._logged_at[kind] = now
            _LOG.warning("%s", text)

    def _wrong_issuer(self, token: str) -> str:
        found = _claims(token).get("iss")
        if found == self._issuer or not isinstance(found, str) or not _URL.fullmatch(found):
            return ""
        if differ_by_slash(found, self._issuer):
            return (
                f"a token of {found} is refused, because this guard accepts tokens of {self._issuer}: they differ by"
                f" the slash at the end; give the guard the issuer {found}"
            )
        return (
            f"a token of {found} is refused, because this guard accepts tokens of {self._issuer}: give the guard the"
            f" issuer of the token, or start the service with KEYTURN_ISSUER={self._issuer}"
        )

    def _wrong_audience(self, token: str) -> str:
        """Return the fault of a token whose signature was verified, so that its audiences are the issuer's own text."""
        found = _claims(token).get("aud")
        if self._audience is None:
            return ""
        audiences = [str(each)[:_MAX_AUDIENCE] for each in (found if isinstance(found, list) else [found])]
        named = ", ".join(map(repr, audiences[:_MAX_AUDIENCES]))
        return (
            f"a token for {named or 'nobody'} is refused, this guard accepts {self._audience!r}: set audience= or"
            " KEYTURN_AUDIENCE"
        )


def _unknown_key(token: str) -> str:
    """Return which key a token names. Nobody has verified the token, so a client may have made the key up."""
    kid = _members(token.partition(".")[0]).get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        return ""
    return f"a token names an unknown key: {kid}. The issuer does not have it any more, or this guard does not yet"


def _claims(token: str) -> Mapping[str, Any]:
    _, _, rest = token.partition(".")
    return _members(rest.partition(".")[0])


def _members(segment: str) -> Mapping[str, Any]:
    """Return the members of a segment of a token, or none for what is not a JSON object."""
    try:
        members = strict_json.loads(base64url.decode(segment)) if len(segment) <= _MAX_SEGMENT else None
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}

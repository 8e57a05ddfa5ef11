"""Log tokens of another issuer than the one that a guard follows: usually one of the two is set up wrongly."""

import logging
import re
import time
from math import inf
from typing import Final

from ...domain import base64url
from .. import strict_json

_LOG: Final = logging.getLogger("keyturn.guard")

_PAUSE_SECONDS: Final = 60.0
"""Somebody can send any number of such tokens, so that a line follows the last one after this time at the earliest."""

_MAX_SEGMENT: Final = 8_192
_URL: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]_~/-]{1,200}")
"""The issuers that are logged. Other text may be anything that a client chose, and no issuer at all."""


class ForeignIssuers:
    """Logs the ``iss`` of refused tokens that are not of ``issuer``, at most once a minute."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._logged_at = -inf

    def note(self, token: str) -> None:
        """Log both issuers, and what to change, if a token says that it comes from another issuer."""
        now = time.monotonic()
        if now < self._logged_at + _PAUSE_SECONDS:
            return
        found = _issuer_of(token)
        if found is not None and found != self._issuer:
            self._logged_at = now
            _LOG.warning(
                "a token of %s is refused, because this guard accepts tokens of %s: give the guard the issuer of the"
                " token, or start the service with KEYTURN_ISSUER=%s",
                *(found, self._issuer, self._issuer),
            )


def _issuer_of(token: str) -> str | None:
    """Return the ``iss`` of a token, which nobody has verified; ``None`` if it is no URL."""
    _, _, rest = token.partition(".")
    payload, _, _ = rest.partition(".")
    try:
        claims = strict_json.loads(base64url.decode(payload)) if len(payload) <= _MAX_SEGMENT else None
    except ValueError:
        return None
    found = claims.get("iss") if isinstance(claims, dict) else None
    return found if isinstance(found, str) and _URL.fullmatch(found) else None

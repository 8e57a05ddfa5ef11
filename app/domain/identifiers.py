"""The identifiers of subjects, clients and sessions."""

from collections.abc import Callable
from typing import Final, NewType

from . import base64url

Subject = NewType("Subject", str)
"""The ``sub`` claim: a user's random id (22 characters), or the client id of a client acting for itself."""

ClientId = NewType("ClientId", str)
"""The ``client_id`` of RFC 6749 §2.2."""

SessionId = NewType("SessionId", bytes)
"""16 random bytes; the ``sid`` claim is their unpadded base64url."""

SESSION_ID_BYTES: Final = 16

FIRST_PARTY: Final = ClientId("first-party")
"""The built-in public client to which sessions opened at ``/auth/login`` belong."""


format_session_id: Final[Callable[[SessionId], str]] = base64url.encode
"""Return the ``sid`` claim of a session (22 characters)."""


def parse_session_id(text: str) -> SessionId:
    """Return the session id in a ``sid`` claim; raises ``ValueError`` if ``text`` is not a session id."""
    raw = base64url.decode(text)
    if len(raw) != SESSION_ID_BYTES:
        raise ValueError("a session id has 16 bytes")
    return SessionId(raw)

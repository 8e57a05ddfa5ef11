"""Pages of a user's sessions, the oldest first. The cursor holds the time of the sign-in and the id of a session."""

import math
import struct
from typing import Final

from ....domain import base64url
from ....domain.identifiers import SESSION_ID_BYTES, SessionId
from ....domain.sessions.session import SessionPosition
from .paging import Pages

_POSITION: Final = struct.Struct(f">d{SESSION_ID_BYTES}s")


def session_cursor(position: SessionPosition) -> str:
    """Return the value of ``after`` for the page that starts after the session at this position."""
    return base64url.encode(_POSITION.pack(*position))


def _position(raw: bytes) -> SessionPosition:
    """Return the position in a decoded cursor; raises ``ValueError`` if no session can be there."""
    if len(raw) != _POSITION.size:
        raise ValueError("not a position")
    created_at, session_id = _POSITION.unpack(raw)
    if not math.isfinite(created_at) or created_at < 0:
        raise ValueError("not a time")
    return SessionPosition(created_at, SessionId(session_id))


SESSION_PAGES: Final = Pages[SessionPosition | None](_position, first=None)

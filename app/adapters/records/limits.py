"""What each field of a record can be: its type, and the length that it can reach, in bytes of UTF-8.

A whole number fits into 64 bits with a sign, and none is negative. A time is a number of seconds since the epoch, as a
floating-point number of 64 bits (IEEE 754), and is stored with all its bits: until the year 2106 its steps are less
than half a microsecond.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ...domain.audience import MAX_AUDIENCES
from ...domain.clients.client import MAX_AUDIENCE_LENGTH, MAX_CLIENT_ID_LENGTH, MAX_JWKS_LENGTH
from ...domain.identifiers import SESSION_ID_BYTES
from ...domain.login.user import MAX_USERNAME_LENGTH
from ...domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ...domain.sessions.replaced import MAX_REPLACED
from ...domain.tokens.policy import MAX_TOKEN_LENGTH


class Limit(NamedTuple):
    """The type of a field, and its greatest length in bytes; ``None`` for a number. A field may have no value if
    ``optional``.
    """

    kind: str
    bytes: int | None = None
    optional: bool = False


_UTF_8: Final = 4
"""The most bytes of a character."""

_SHA_256: Final = 32
_REPLACED_BYTES: Final = 72
_WHOLE: Final = Limit("whole number")
_TIME: Final = Limit("time")
_OPTIONAL_TIME: Final = Limit("time", optional=True)

_SUBJECT: Final = Limit("text", 255)
_CLIENT_ID: Final = Limit("text", _UTF_8 * MAX_CLIENT_ID_LENGTH)
_SCOPE: Final = Limit("text", MAX_SCOPE_LENGTH)
_AUDIENCES: Final = Limit("text", MAX_AUDIENCES * (MAX_AUDIENCE_LENGTH + 1) - 1)
_SHORT: Final = Limit("text", 64)

LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "session": {
        "format": _WHOLE,
        "session_id": Limit("bytes", SESSION_ID_BYTES),
        "subject": _SUBJECT,
        "client_id": _CLIENT_ID,
        "scope": _SCOPE,
        "credential_version": _WHOLE,
        "created_at": _TIME,
        "expires_at": _TIME,
        "idle_expires_at": _OPTIONAL_TIME,
        "lineage_digest": Limit("bytes", _SHA_256),
        "secret_digest": Limit("bytes", _SHA_256),
        "generation": _WHOLE,
        "rotated_at": _TIME,
        "replaced": Limit("bytes", _REPLACED_BYTES * MAX_REPLACED),
        "address": _SHORT,
        "device": Limit("text", _UTF_8 * 80),
        "audience": Limit("text", MAX_TOKEN_LENGTH * 3 // 4, optional=True),  # it is in access tokens, in base64url
        "revoked_at": _OPTIONAL_TIME,
        "revoked_because": _SHORT._replace(optional=True),
    },
    "user": {
        "format": _WHOLE,
        "subject": _SUBJECT,
        "username": Limit("text", _UTF_8 * MAX_USERNAME_LENGTH),
        "password_hash": Limit("text", 255),
        "scope": _SCOPE,
        "credential_version": _WHOLE,
        "disabled": _WHOLE,
    },
    "client": {
        "format": _WHOLE,
        "client_id": _CLIENT_ID,
        "method": _SHORT,
        "grants": _SHORT,
        "scope": _SCOPE,
        "audiences": _AUDIENCES,
        "introspects": _AUDIENCES,
        "secrets": Limit("text", 255),
        "jwks": Limit("text", MAX_JWKS_LENGTH, optional=True),
    },
    "signing key": {
        "format": _WHOLE,
        "kid": _SHORT,
        "follows": _SHORT,
        "published_at": _TIME,
        "activates_at": _TIME,
        "sealed": Limit("text", 4_096),
    },
    "audit record": {
        "format": _WHOLE,
        "event_id": _SHORT,
        "at": _TIME,
        "name": _SHORT,
        "request_id": _SHORT,
        "address": Limit("text", 1_020),
        "session_id": Limit("bytes", SESSION_ID_BYTES, optional=True),
        "subject": _SUBJECT._replace(optional=True),
        "client_id": _CLIENT_ID._replace(optional=True),
        "details": Limit("text", 16_384),
    },
}
"""The limits of each field of each kind of record."""

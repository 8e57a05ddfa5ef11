"""The refresh-token ratchet: parse, encode and classify refresh tokens, and compute their successors.

Each token holds the secret of one generation. The next secret is an HMAC of the current one with a random salt. So the
service can compute a successor again from the presented token, and stores no token.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .. import base64url
from ..identifiers import SESSION_ID_BYTES, ClientId, SessionId
from .errors import InvalidGrant
from .session import Session

PREFIX: Final = "ktr_"
VERSION: Final = b"\x01"
LINEAGE_BYTES: Final = 16
SECRET_BYTES: Final = 32
SALT_BYTES: Final = 32

_LINEAGE_AT: Final = 1 + SESSION_ID_BYTES
_SECRET_AT: Final = _LINEAGE_AT + LINEAGE_BYTES
_TOKEN_BYTES: Final = _SECRET_AT + SECRET_BYTES
_TOKEN_CHARACTERS: Final = len(PREFIX) + (_TOKEN_BYTES * 4 + 2) // 3


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A parsed refresh token: the id and the lineage of its session, and the secret of its generation."""

    session_id: SessionId
    lineage: bytes = field(repr=False)
    secret: bytes = field(repr=False)


class Verdict(Enum):
    """The result of classifying a refresh token."""

    UNKNOWN = "unknown"
    FOREIGN_CLIENT = "foreign_client"
    DEAD_SESSION = "dead_session"
    ROTATE = "rotate"
    REPLAY = "replay"
    REUSE = "reuse"


def encode(token: RefreshToken) -> str:
    """Return the text of a token: ``ktr_`` and the base64url of 65 bytes."""
    return PREFIX + base64url.encode(VERSION + token.session_id + token.lineage + token.secret)


def parse(text: str) -> RefreshToken:
    """Return the parsed token; raises ``InvalidGrant`` if ``text`` does not have the form of a refresh token."""
    if len(text) != _TOKEN_CHARACTERS or not text.startswith(PREFIX):
        raise InvalidGrant
    try:
        raw = base64url.decode(text[len(PREFIX) :])
    except ValueError as error:
        raise InvalidGrant from error
    if raw[:1] != VERSION:
        raise InvalidGrant
    return RefreshToken(SessionId(raw[1:_LINEAGE_AT]), raw[_LINEAGE_AT:_SECRET_AT], raw[_SECRET_AT:])


def successor(token: RefreshToken, *, salt: bytes, generation: int) -> RefreshToken:
    """Return the token of ``generation`` that follows ``token`` with ``salt`` (32 bytes)."""
    message = salt + token.session_id + generation.to_bytes(8, "big")
    secret = hmac.digest(token.secret, message, "sha256")
    return RefreshToken(token.session_id, token.lineage, secret)


def digest(part: bytes) -> bytes:
    """Return the SHA-256 (32 bytes) of a lineage or a secret. The store holds only this digest."""
    return hashlib.sha256(part).digest()


def is_of_lineage(token: RefreshToken, session: Session) -> bool:
    """Return whether ``token`` was issued in ``session``, in any generation."""
    return hmac.compare_digest(digest(token.lineage), session.lineage_digest)


def is_current(token: RefreshToken, session: Session) -> bool:
    """Return whether ``token`` holds the session's current secret."""
    return hmac.compare_digest(digest(token.secret), session.secret_digest)


def is_predecessor(token: RefreshToken, session: Session) -> bool:
    """Return whether the session's current token is the successor of ``token`` with the stored salt."""
    if session.salt is None:
        return False
    return is_current(successor(token, salt=session.salt, generation=session.generation), session)


def classify(
    token: RefreshToken,
    session: Session | None,
    *,
    client_id: ClientId,
    credential_version: int | None,
    now: float,
    replay_window: float,
) -> Verdict:
    """Return the verdict on a presented token; the first condition that holds decides.

    ``session`` is the stored session with the token's session id. ``credential_version`` is the current one of its
    subject, ``None`` if the subject may not sign in any more. ``client_id`` is the client that presents the token. A
    ``rotated_at`` in the future counts as now.
    """
    if session is None or not is_of_lineage(token, session):
        return Verdict.UNKNOWN
    if session.client_id != client_id:
        return Verdict.FOREIGN_CLIENT
    if not session.is_live(now) or session.credential_version != credential_version:
        return Verdict.DEAD_SESSION
    if is_current(token, session):
        return Verdict.ROTATE
    if max(0.0, now - session.rotated_at) < replay_window and is_predecessor(token, session):
        return Verdict.REPLAY
    return Verdict.REUSE

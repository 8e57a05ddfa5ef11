"""The refresh-token ratchet: parse, encode and classify refresh tokens, and compute their successors.

Each token holds the secret of one generation. The next secret is an HMAC of the current one with a random salt. So the
service can compute a successor again from the presented token, and stores no token.
"""

import hashlib
import hmac
from binascii import a2b_base64
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .. import base64url
from ..identifiers import SESSION_ID_BYTES, ClientId, SessionId
from .errors import InvalidGrant
from .replaced import MAX_REPLACED
from .session import Session, SessionPolicy

PREFIX: Final = "ktr_"
VERSION: Final = b"\x01"
LINEAGE_BYTES: Final = 16
SECRET_BYTES: Final = 32
SALT_BYTES: Final = 32

_LINEAGE_AT: Final = 1 + SESSION_ID_BYTES
_SECRET_AT: Final = _LINEAGE_AT + LINEAGE_BYTES
_TOKEN_BYTES: Final = _SECRET_AT + SECRET_BYTES
_TOKEN_CHARACTERS: Final = len(PREFIX) + (_TOKEN_BYTES * 4 + 2) // 3
_SECRET_CHARACTERS_AT: Final = len(PREFIX) + _SECRET_AT // 3 * 4
_TO_BASE64: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A parsed refresh token: the id and the lineage of its session, and the secret of its generation."""

    session_id: SessionId
    lineage: bytes = field(repr=False)
    secret: bytes = field(repr=False)


class Verdict(Enum):
    """The result of classifying a refresh token.

    ``UNTRACED`` means that the store cannot show whether the token was replaced within the replay window. It is refused
    and ends nothing.
    """

    UNKNOWN = "unknown"
    FOREIGN_CLIENT = "foreign_client"
    DEAD_SESSION = "dead_session"
    ROTATE = "rotate"
    REPLAY = "replay"
    UNTRACED = "untraced"
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


def secret_of(text: bytes) -> bytes:
    """Return the secret (32 bytes) in a text of the form of a refresh token, of which nothing else is checked.

    The secret begins where a group of four characters does.
    """
    return a2b_base64(text[_SECRET_CHARACTERS_AT:].translate(_TO_BASE64) + b"=")


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


def current_token(token: RefreshToken, session: Session) -> RefreshToken | None:
    """Return the session's current token, computed from ``token`` with the kept salts.

    ``token`` is the current one, or one whose secret is kept as replaced. For any other token the result is ``None``,
    also if the salts do not lead to the current secret.
    """
    if is_current(token, session):
        return token
    replaced = tuple(session.replaced)
    presented = digest(token.secret)
    for index, each in enumerate(replaced):
        if each.digest is None or hmac.compare_digest(each.digest, presented):
            last = token
            for generation, later in enumerate(replaced[index:], session.generation - len(replaced) + index + 1):
                last = successor(last, salt=later.salt, generation=generation)
            if is_current(last, session):
                return last
    return None


def classify(
    token: RefreshToken,
    session: Session | None,
    *,
    client_id: ClientId,
    credential_version: int | None,
    now: float,
    policy: SessionPolicy,
) -> Verdict:
    """Return the verdict on a presented token; the first condition that holds decides.

    ``session`` is the stored session with the token's session id. ``credential_version`` is the current one of its
    subject, ``None`` if the subject may not sign in any more. ``client_id`` is the client that presents the token.
    """
    if session is None or not is_of_lineage(token, session):
        return Verdict.UNKNOWN
    if session.client_id != client_id:
        return Verdict.FOREIGN_CLIENT
    if not session.is_live(now) or session.credential_version != credential_version:
        return Verdict.DEAD_SESSION
    if is_current(token, session):
        rotations = session.replaced.replaced_within(policy.replay_window, now=now, leeway=policy.leeway)
        return Verdict.ROTATE if rotations < MAX_REPLACED else Verdict.REPLAY
    return _classify_replaced(token, session, now=now, replay_window=policy.replay_window)


def _classify_replaced(token: RefreshToken, session: Session, *, now: float, replay_window: float) -> Verdict:
    """Return the verdict on a token of a live session that is not the current one."""
    presented = digest(token.secret)
    for each in session.replaced:
        is_recent = max(0.0, now - each.replaced_at) < replay_window
        if each.digest is None:
            if is_recent and current_token(token, session) is not None:
                return Verdict.REPLAY
        elif hmac.compare_digest(each.digest, presented):
            if not is_recent:
                return Verdict.REUSE
            return Verdict.UNTRACED if current_token(token, session) is None else Verdict.REPLAY
    return Verdict.UNTRACED if _has_gap(session, now=now, replay_window=replay_window) else Verdict.REUSE


def _has_gap(session: Session, *, now: float, replay_window: float) -> bool:
    """Return whether a rotation within the window may be missing among the kept secrets.

    The previous version of this program keeps no digest of what it replaces, and an operator may have made the window
    longer since.
    """
    if not session.generation or max(0.0, now - session.rotated_at) >= replay_window:
        return False
    return session.replaced.last_at() != session.rotated_at or any(each.digest is None for each in session.replaced)

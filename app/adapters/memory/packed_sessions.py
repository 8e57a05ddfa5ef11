"""Sessions packed into bytes: an object, with an object for each of its fields, takes three times the memory.

A record has the numbers and digests of a session first, then its texts in UTF-8, each with a byte behind it that UTF-8
never has, then ``ReplacedSecrets.packed``, and the time of the revocation if there is one.
"""

from functools import lru_cache
from math import inf
from struct import Struct
from typing import Final

from ...domain.identifiers import FIRST_PARTY, ClientId, SessionId, Subject
from ...domain.scope import Scope
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session
from .. import session_audience

_FIXED: Final = Struct("<B32s32s4d2I")
"""The number of the reason of the revocation, the digests of the lineage and of the current secret, the times of
creation, of both expiries and of the last rotation, the generation and the credential version.
"""

_EXPIRIES: Final = slice(4, 6)
_ROTATED_AT: Final = 6
"""The places of these times in ``_FIXED``."""

_TIME: Final = Struct("<d")
_TEXTS: Final = 6
_TEXT_END: Final = b"\xff"

_REASONS: Final = (None, *RevocationReason)
_NUMBERS: Final = {reason: number for number, reason in enumerate(_REASONS)}


def pack(session: Session) -> bytes:
    """Return the record of a session. It has everything but the session id."""
    fixed = _FIXED.pack(
        _NUMBERS[session.revoked_because],
        session.lineage_digest,
        session.secret_digest,
        session.created_at,
        session.expires_at,
        inf if session.idle_expires_at is None else session.idle_expires_at,
        session.rotated_at,
        session.generation,
        session.credential_version,
    )
    texts = (
        _encode(session.subject),
        b"" if session.client_id == FIRST_PARTY else _encode(session.client_id),  # almost all sessions are its
        _encode(session.scope.text),
        _encode(session.address),
        _encode(session.device),
        _encode(session_audience.encode(session.audience)),
    )
    revocation = b"" if session.revoked_at is None else _TIME.pack(session.revoked_at)
    return fixed + _TEXT_END.join((*texts, session.replaced.packed + revocation))


def unpack(session_id: SessionId, record: bytes) -> Session:
    """Return the session of a record."""
    reason, lineage, secret, created_at, expires_at, idle_expires_at, rotated_at, generation, version = (
        _FIXED.unpack_from(record)
    )
    subject, client_id, scope, address, device, audience, rest = record[_FIXED.size :].split(_TEXT_END, _TEXTS)
    return Session(
        session_id=session_id,
        subject=Subject(_decode(subject)),
        client_id=ClientId(_decode(client_id)) if client_id else FIRST_PARTY,
        scope=_scope(scope),
        credential_version=version,
        created_at=created_at,
        expires_at=expires_at,
        idle_expires_at=None if idle_expires_at == inf else idle_expires_at,
        lineage_digest=lineage,
        secret_digest=secret,
        generation=generation,
        rotated_at=rotated_at,
        replaced=ReplacedSecrets(rest[: -_TIME.size] if reason else rest),
        address=_decode(address),
        device=_decode(device),
        audience=session_audience.decode(_decode(audience)),
        revoked_at=revoked_at(record),
        revoked_because=_REASONS[reason],
    )


def revoked_at(record: bytes) -> float | None:
    """Return when the session was revoked, ``None`` if it was not."""
    return _TIME.unpack(record[-_TIME.size :])[0] if record[0] else None


def ends_at(record: bytes) -> float:
    """Return when the session expires, as ``Session.ends_at`` does."""
    expiries: tuple[float, float] = _FIXED.unpack_from(record)[_EXPIRIES]
    return min(expiries)


def rotated_at(record: bytes) -> float:
    """Return when the session was last rotated."""
    at: float = _FIXED.unpack_from(record)[_ROTATED_AT]
    return at


def without_replaced(record: bytes) -> bytes:
    """Return the record without the replaced secrets. A revoked session has none, and its record stays."""
    if record[0]:
        return record
    *texts, _ = record[_FIXED.size :].split(_TEXT_END, _TEXTS)
    return record[: _FIXED.size] + _TEXT_END.join((*texts, b""))


def _encode(text: str) -> bytes:
    """Return a text in UTF-8. A text in memory may have halves of surrogate pairs."""
    return text.encode("utf-8", "surrogatepass")


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


@lru_cache(maxsize=256)
def _scope(text: bytes) -> Scope:
    """Return the scope with this text. Many sessions have the same."""
    return Scope(frozenset(_decode(text).split()))

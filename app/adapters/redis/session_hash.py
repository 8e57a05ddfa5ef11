"""Convert a session to the fields of a Redis hash, and what the server returns of it back to the session."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...domain.identifiers import ClientId, SessionId, Subject, format_session_id
from ...domain.scope import InvalidScope, Scope
from ...domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session
from .. import session_audience
from ..unreadable import log_unreadable


def to_fields(session: Session) -> Iterator[str | bytes]:
    """Yield the name and the value of each field in turn. ``repr`` of a time is read as the same float."""
    yield from ("subject", session.subject)
    yield from ("client_id", session.client_id)
    yield from ("scope", session.scope.text)
    yield from ("credential_version", str(session.credential_version))
    yield from ("created_at", repr(session.created_at))
    yield from ("expires_at", repr(session.expires_at))
    yield from ("idle_expires_at", to_time(session.idle_expires_at))
    yield from ("lineage_digest", session.lineage_digest)
    yield from ("secret_digest", session.secret_digest)
    yield from ("generation", str(session.generation))
    yield from ("rotated_at", repr(session.rotated_at))
    yield from ("address", session.address)
    yield from ("device", session.device)
    if session.audience:
        yield from ("audience", session_audience.encode(session.audience))
    if session.revoked_at is not None and session.revoked_because is not None:
        yield from ("revoked_at", repr(session.revoked_at))
        yield from ("revoked_because", session.revoked_because.value)


def from_reply(session_id: SessionId, reply: Sequence[Any]) -> Session | None:
    """Return the session of a reply of ``find_session.lua``; ``None`` if there is none."""
    fields, salt, packed, cut_off = reply
    if not fields:
        return None
    try:
        session = from_fields(session_id, fields, salt, packed or b"")
    except (KeyError, ValueError, InvalidScope) as error:
        log_unreadable("session", format_session_id(session_id), error)
        return None
    return session if cut_off is None else session.ended_by(int(cut_off))


def from_fields(
    session_id: SessionId, fields: Sequence[bytes], salt: bytes | None = None, packed: bytes = b""
) -> Session:
    """Return the session with these fields, its last salt and its packed replaced secrets."""
    values: dict[bytes, bytes] = dict(zip(fields[::2], fields[1::2], strict=True))

    def text(name: bytes) -> str:
        return values[name].decode()

    def moment(name: bytes) -> float | None:
        return float(values[name]) if values.get(name) else None

    rotated_at = float(values[b"rotated_at"])
    replaced = NOTHING_REPLACED
    revoked: dict[str, Any] = {}
    if b"revoked_at" not in values:
        replaced = ReplacedSecrets.stored(packed, last_salt=salt, rotated_at=rotated_at)
    else:
        revoked = {"revoked_at": moment(b"revoked_at"), "revoked_because": RevocationReason(text(b"revoked_because"))}
    return Session(
        session_id=session_id,
        subject=Subject(text(b"subject")),
        client_id=ClientId(text(b"client_id")),
        scope=Scope.parse(text(b"scope")),
        credential_version=int(values[b"credential_version"]),
        created_at=float(values[b"created_at"]),
        expires_at=float(values[b"expires_at"]),
        idle_expires_at=moment(b"idle_expires_at"),
        lineage_digest=values[b"lineage_digest"],
        secret_digest=values[b"secret_digest"],
        generation=int(values[b"generation"]),
        rotated_at=rotated_at,
        replaced=replaced,
        address=text(b"address"),
        device=text(b"device"),
        audience=session_audience.decode(values.get(b"audience", b"").decode()),
        **revoked,
    )


def to_time(moment: float | None) -> str:
    """Return a time as text, and ``None`` as ""."""
    return "" if moment is None else repr(moment)

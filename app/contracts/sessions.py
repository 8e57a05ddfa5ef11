"""Sessions for the tests of the kit."""

from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, Final, Protocol

from ..domain.identifiers import ClientId, SessionId, Subject
from ..domain.scope import Scope
from ..domain.sessions.session import Session
from ..ports.session_repository import SessionRepository
from ..ports.session_sweeper import SessionSweeper

NOW: Final = 1_800_000_000.015625
"""When sessions are created. The fraction is exact in binary and in microseconds, so every store can keep it."""

LATER: Final = NOW + 10
"""When an act on the sessions takes place."""

NEVER: Final = 0.0
"""A time before every session."""

LIFETIME: Final = 1_000
IDLE_LIFETIME: Final = 100


class SweptSessions(SessionRepository, SessionSweeper, Protocol):
    """A session repository that can be swept."""


def digest(*parts: object) -> bytes:
    """Return 32 bytes, different ones for different parts."""
    return sha256(repr(parts).encode()).digest()


def new_session(number: int = 1, **changes: Any) -> Session:
    """Return a new session. Its id and its secrets depend on ``number``."""
    session = Session(
        session_id=SessionId(number.to_bytes(16, "big")),
        subject=Subject("subject-1"),
        client_id=ClientId("first-party"),
        scope=Scope.parse("account orders:read"),
        credential_version=3,
        created_at=NOW,
        expires_at=NOW + LIFETIME,
        idle_expires_at=NOW + IDLE_LIFETIME,
        lineage_digest=digest("lineage", number),
        secret_digest=digest("secret", number),
        generation=0,
        rotated_at=NOW,
        address="192.0.2.1",
        device="a browser",
    )
    return replace(session, **changes)


async def advance(sessions: SessionRepository, session: Session, *, now: float = LATER, **changes: Any) -> bool:
    """Rotate ``session``. The new digest and the salt are derived from its digest; ``changes`` replaces arguments."""
    return await sessions.advance(session.session_id, **(_swap(session, now) | changes))


def rotated(session: Session, *, now: float = LATER, **changes: Any) -> Session:
    """Return ``session`` as it is after ``advance`` with the same arguments."""
    swap = _swap(session, now) | changes
    return replace(
        session,
        secret_digest=swap["new_digest"],
        generation=session.generation + 1,
        rotated_at=swap["now"],
        salt=swap["salt"],
        idle_expires_at=swap["idle_expires_at"],
    )


async def sweep(sessions: SessionSweeper, *, expired_before: float = NEVER, revoked_before: float = NEVER) -> int:
    """Delete ended sessions, in enough calls to check every session; return how many were deleted."""
    return sum(
        [
            await sessions.delete_ended(expired_before=expired_before, revoked_before=revoked_before, limit=10_000)
            for _ in range(3)
        ]
    )


def _swap(session: Session, now: float) -> dict[str, Any]:
    return {
        "expected_digest": session.secret_digest,
        "new_digest": digest("next", session.secret_digest),
        "salt": digest("salt", session.secret_digest),
        "now": now,
        "idle_expires_at": now + IDLE_LIFETIME,
    }


def assert_same(found: Session | None, expected: Session) -> None:
    """Check that every field has the same value and the same type: a digest must not become a memoryview."""
    assert found == expected
    for field in fields(Session):
        assert type(getattr(found, field.name)) is type(getattr(expected, field.name)), field.name

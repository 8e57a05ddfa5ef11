"""Sessions for the tests of the kit, and the acts on them as the service calls them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any, Final, Protocol

from ..domain.identifiers import ClientId, SessionId, Subject
from ..domain.scope import Scope
from ..domain.sessions.replaced import NOTHING_REPLACED
from ..domain.sessions.session import RevocationReason, Session, SessionPolicy
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from ..ports.session_sweeper import SessionSweeper
from .sentences import USE_THE_RULES

NOW: Final = 1_800_000_000.015625
"""When sessions are created. The fraction is exact in binary, so sums with small numbers are exact, too."""

LATER: Final = NOW + 10
"""When an act on the sessions takes place."""

NEVER: Final = 0.0
"""A time before every session."""

LIFETIME: Final = 1_000
IDLE_LIFETIME: Final = 100

TICK: Final = 0.015625
"""The smallest step of time in the tests."""

ALL: Final = 10_000
"""A limit that no test reaches."""

SUBJECT: Final = Subject("subject-1")
"""The subject of the sessions, if a test names no other."""

_POLICY: Final = SessionPolicy(lifetime=LIFETIME, idle_lifetime=IDLE_LIFETIME)


class SweptSessions(SessionRepository, SessionSweeper, Protocol):
    """A session repository that can be swept."""


def digest(*parts: object) -> bytes:
    """Return 32 bytes, different ones for different parts."""
    return sha256(repr(parts).encode()).digest()


def new_session(number: int = 1, **changes: Any) -> Session:
    """Return a new session. Its id and its secrets depend on ``number``."""
    session = Session(
        session_id=SessionId(number.to_bytes(16, "big")),
        subject=SUBJECT,
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


def began_at(number: int, created_at: float, **changes: Any) -> Session:
    """Return a session that began at ``created_at`` (seconds since the epoch)."""
    times = {"rotated_at": created_at, "expires_at": created_at + LIFETIME, "idle_expires_at": None}
    return new_session(number, created_at=created_at, **(times | changes))


async def advance(sessions: SessionRepository, session: Session, *, now: float = LATER, **changes: Any) -> bool:
    """Rotate ``session``. New digest and salt are derived from its digest; ``changes`` replaces arguments."""
    return await sessions.advance(session.session_id, **(_swap(session, now) | changes))


def rotated(session: Session, *, now: float = LATER, **changes: Any) -> Session:
    """Return ``session`` as it is after ``advance`` with the same arguments."""
    advanced = session.advanced(**(_swap(session, now) | changes))
    assert advanced is not None, "the test rotates a session that is not live"
    return advanced


def _swap(session: Session, now: float) -> dict[str, Any]:
    replaced = _POLICY.replaced_after(session, salt=digest("salt", session.secret_digest), now=now)
    return {
        "expected_digest": session.secret_digest,
        "new_digest": digest("next", session.secret_digest),
        "replaced": replaced,
        "now": replaced.last_at(),
        "idle_expires_at": now + IDLE_LIFETIME,
    }


async def revoke(
    sessions: SessionRepository,
    session: Session,
    *,
    reason: RevocationReason = RevocationReason.LOGOUT,
    now: float = LATER,
) -> bool:
    """Revoke ``session``, if nothing else is given as a logout at ``LATER``."""
    return await sessions.revoke(session.session_id, reason=reason, now=now)


def revoked(session: Session, *, reason: RevocationReason = RevocationReason.LOGOUT, now: float = LATER) -> Session:
    """Return ``session`` as it is after ``revoke`` with the same arguments."""
    ended = session.revoked(reason=reason, now=now)
    assert ended is not None, "the test revokes a session that is revoked already"
    return ended


async def end_all(sessions: SessionRepository, subject: Subject = SUBJECT, *, now: float = LATER) -> Sequence[Session]:
    """Revoke all sessions of ``subject``, if nothing else is given at ``LATER``."""
    return await sessions.revoke_subject(subject, reason=RevocationReason.LOGOUT, now=now, keep=None)


async def limit_to(
    sessions: SessionRepository, limit: int, subject: Subject = SUBJECT, *, keep: SessionId | None = None
) -> Sequence[Session]:
    """Revoke sessions of ``subject`` at ``LATER`` until at most ``limit`` are live."""
    reason = RevocationReason.TOO_MANY_SESSIONS
    return await sessions.revoke_excess(subject, limit=limit, keep=keep, reason=reason, now=LATER)


async def add_all(repository: SessionRepository, sessions: Sequence[Session]) -> None:
    """Add many sessions, some of them at once."""
    for first in range(0, len(sessions), 50):
        await asyncio.gather(*(repository.add(each) for each in sessions[first : first + 50]))


def without_replaced(session: Session) -> Session:
    """Return ``session`` as it is after ``erase_replaced``."""
    return replace(session, replaced=NOTHING_REPLACED)


async def stored(sessions: SessionRepository, session: Session) -> Session:
    """Return the stored session with the id of ``session``."""
    found = await sessions.find(session.session_id)
    assert found is not None, "find returned None for a session that was added and not deleted"
    return found


async def live_sessions(
    sessions: SessionRepository, subject: Subject = SUBJECT, *, now: float = LATER
) -> list[Session]:
    """Return the live sessions of ``subject`` in one page."""
    return list(await sessions.list_live_sessions(subject, now=now, limit=ALL))


async def revocations(sessions: SessionRepository, moment: float = NEVER) -> list[RevokedSession]:
    """Return the sessions revoked at or after ``moment``, of all pages."""
    listed: list[RevokedSession] = []
    after = ""
    for _ in range(ALL):
        page = await sessions.list_revocations(moment, after=after)
        listed += page.revoked
        if page.next is None:
            return listed
        after = page.next
    raise AssertionError("the pages of list_revocations never end")


async def sweep(sessions: SessionSweeper, *, expired_before: float = NEVER, revoked_before: float = NEVER) -> int:
    """Delete ended sessions, in enough calls to check every session; return how many were deleted."""
    return sum(
        [
            await sessions.delete_ended(expired_before=expired_before, revoked_before=revoked_before, limit=ALL)
            for _ in range(3)
        ]
    )


def assert_same(found: Session | None, expected: Session) -> None:
    """Check that every field has the same value and the same type: a digest must not become a memoryview."""
    assert found is not None, "find returned None for a session that was added and not deleted"
    for field in fields(Session):
        value, wanted = getattr(found, field.name), getattr(expected, field.name)
        assert value == wanted, f"{field.name} has another value than the session should have{USE_THE_RULES}"
        assert type(value) is type(wanted), f"{field.name} has the right value, but another type"
    assert type(found.replaced.packed) is bytes, "replaced.packed is not of the type bytes"


def chain_of(swaps: Mapping[bytes, bytes], *, first: bytes) -> Iterator[bytes]:
    """Return all digests of a session from ``first`` on. ``swaps`` has the new digest of each replaced one."""
    for _ in swaps:
        yield first
        assert first in swaps, "a call of advance won that does not follow the one before"
        first = swaps[first]
    yield first


def numbers_of(sessions: Sequence[Session]) -> list[int]:
    """Return the numbers that ``new_session`` gave to the sessions, the smallest first."""
    return sorted(int.from_bytes(each.session_id, "big") for each in sessions)


def in_order(sessions: Sequence[Session]) -> list[Session]:
    """Return the sessions in the order of their positions, to compare lists that have no order."""
    return sorted(sessions, key=Session.position)

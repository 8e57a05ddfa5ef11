"""Session repositories with one fault each in an act."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.sessions import FakeSessionRepository


class RacySessions(FakeSessionRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def add(self, session: Session) -> None:
        free = session.session_id not in self.stored
        await asyncio.sleep(0)
        if free:
            self.stored.pop(session.session_id, None)
        await super().add(session)

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        await self._read_then_wait(session_id)
        return await super().advance(session_id, **swap)

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        await self._read_then_wait(session_id)
        return await super().revoke(session_id, **why)

    async def set_credential_version(self, session_id: SessionId, **versions: Any) -> bool:
        await self._read_then_wait(session_id)
        return await super().set_credential_version(session_id, **versions)

    async def erase_salts(self, **which: Any) -> int:
        await self._read_then_wait(*self.stored)
        return await super().erase_salts(**which)

    async def delete_ended(self, **which: Any) -> int:
        read = dict(self.stored)
        await asyncio.sleep(0)
        self.stored = read | self.stored
        return await super().delete_ended(**which)

    async def _read_then_wait(self, *session_ids: SessionId) -> None:
        read = {each: self.stored[each] for each in session_ids if each in self.stored}
        await asyncio.sleep(0)
        self.stored.update(read)


class WritesInTwoSteps(FakeSessionRepository):
    """A change is written in two steps, so an act that is cancelled between them is half done."""

    async def add(self, session: Session) -> None:
        await super().add(session)
        self.stored[session.session_id] = replace(session, subject=Subject("nobody"))
        await asyncio.sleep(0)
        self.stored[session.session_id] = session

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        before = self.stored.get(session_id)
        won = await super().advance(session_id, **swap)
        if before is not None and won:
            after = self.stored[session_id]
            self.stored[session_id] = replace(after, generation=before.generation)
            await asyncio.sleep(0)
            self.stored[session_id] = after
        return won

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        won = await super().revoke(session_id, **why)
        if won:
            after = self.stored[session_id]
            self.stored[session_id] = replace(after, revoked_because=None)
            await asyncio.sleep(0)
            self.stored[session_id] = after
        return won


class AddOverwrites(FakeSessionRepository):
    """``add`` replaces a session that has the same id."""

    async def add(self, session: Session) -> None:
        self.stored[session.session_id] = session


class AdvanceChecksNothing(FakeSessionRepository):
    """``advance`` ignores the digest, the revocation and the expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        if session is None:
            return False
        self.stored[session_id] = replace(session, revoked_at=None, expires_at=swap["now"] + 1, idle_expires_at=None)
        return await super().advance(session_id, **(swap | {"expected_digest": session.secret_digest}))


class AdvanceAtExpiry(FakeSessionRepository):
    """``advance`` succeeds at the very moment of the expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        at_expiry = session is not None and swap["now"] == session.ends_at()
        return await super().advance(session_id, **(swap | ({"now": swap["now"] - 1} if at_expiry else {})))


class SetVersionChecksNothing(FakeSessionRepository):
    """``set_credential_version`` accepts every session and every expected version, and changes the address."""

    async def set_credential_version(self, session_id: SessionId, *, credential_version: int, **_: Any) -> bool:
        session = self.stored.get(session_id)
        if session is not None:
            self.stored[session_id] = replace(session, credential_version=credential_version, address="")
        return session is not None


class RefusedAdvanceWrites(FakeSessionRepository):
    """A refused ``advance`` changes the idle expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        won = await super().advance(session_id, **swap)
        if not won and session_id in self.stored:
            self.stored[session_id] = replace(self.stored[session_id], idle_expires_at=swap["idle_expires_at"])
        return won


class SecondRevokeWrites(FakeSessionRepository):
    """A second ``revoke`` replaces the reason and the time of the first."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        won = await super().revoke(session_id, reason=reason, now=now)
        if session_id in self.stored:
            self.stored[session_id] = replace(self.stored[session_id], revoked_at=now, revoked_because=reason)
        return won


class AcceptsUnknownSessions(FakeSessionRepository):
    """Acts on unknown sessions succeed: ``advance`` returns ``True``, and ``revoke`` lists them as revoked."""

    def __init__(self) -> None:
        super().__init__()
        self._unknown: list[RevokedSession] = []

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        return await super().advance(session_id, **swap) or session_id not in self.stored

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        if session_id not in self.stored:
            self._unknown.append(RevokedSession(session_id, now))
        return await super().revoke(session_id, reason=reason, now=now)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        return [*await super().list_revocations(moment), *self._unknown]


class RevokeRefusesExpired(FakeSessionRepository):
    """``revoke`` does not revoke an expired session."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = self.stored.get(session_id)
        live = session is not None and session.is_live(now)
        return live and await super().revoke(session_id, reason=reason, now=now)


class RevokeIgnoresReason(FakeSessionRepository):
    """``revoke`` stores the same reason always."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        return await super().revoke(session_id, reason=RevocationReason.LOGOUT, now=now)


def losing(field: str) -> type[FakeSessionRepository]:
    """Return a repository class that stores a wrong value of one field."""

    class LosesField(FakeSessionRepository):
        async def add(self, session: Session) -> None:
            await super().add(replace(session, **{field: WRONG_VALUES[field]}))

    return LosesField


WRONG_VALUES: dict[str, Any] = {
    "subject": Subject("nobody"),
    "client_id": "none",
    "scope": "account",
    "credential_version": 1,
    "created_at": 1.0,
    "expires_at": 1.0,
    "idle_expires_at": 1.0,
    "lineage_digest": b"",
    "secret_digest": b"",
    "rotated_at": 1.0,
    "address": None,
    "device": None,
}
"""For each field of a new session, a value that no test uses."""

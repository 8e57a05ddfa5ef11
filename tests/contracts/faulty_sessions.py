"""Session repositories whose acts are wrong in one way each, to show that the kit notices."""

import asyncio
from dataclasses import replace
from typing import Any

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session


class Racy(MemorySessionRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, session: Session) -> None:
        taken = session.session_id in self._sessions
        await asyncio.sleep(0)
        if not taken and session.session_id in self._sessions:
            self._delete(self._sessions[session.session_id])
            self._patrol.remove(session.session_id)
        await super().add(session)

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        await self._get_then_wait(session_id)
        return await super().advance(session_id, **swap)

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        await self._get_then_wait(session_id)
        return await super().revoke(session_id, **why)

    async def set_credential_version(self, session_id: SessionId, **versions: Any) -> bool:
        await self._get_then_wait(session_id)
        return await super().set_credential_version(session_id, **versions)

    async def erase_salts(self, **which: Any) -> int:
        await self._get_then_wait(*self._sessions)
        return await super().erase_salts(**which)

    async def delete_ended(self, **which: Any) -> int:
        got, queue = dict(self._sessions), list(self._patrol)
        await asyncio.sleep(0)
        for session_id in [each for each in queue if each not in self._sessions]:
            await super().add(got[session_id])
        return await super().delete_ended(**which)

    async def _get_then_wait(self, *session_ids: SessionId) -> None:
        got = {each: self._sessions[each] for each in session_ids if each in self._sessions}
        await asyncio.sleep(0)
        self._sessions.update(got)


class Halting(MemorySessionRepository):
    """Writes a change in two steps, so that one that is cancelled stays half done."""

    async def add(self, session: Session) -> None:
        await super().add(session)
        self._of_subject.remove(session.subject, session.session_id)
        await asyncio.sleep(0)
        self._of_subject.add(session.subject, session.session_id)

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        before = self._sessions.get(session_id)
        won = await super().advance(session_id, **swap)
        if before is not None and won:
            after = self._sessions[session_id]
            self._sessions[session_id] = replace(after, generation=before.generation)
            await asyncio.sleep(0)
            self._sessions[session_id] = after
        return won

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        won = await super().revoke(session_id, **why)
        if won:
            after = self._sessions[session_id]
            self._sessions[session_id] = replace(after, revoked_because=None)
            await asyncio.sleep(0)
            self._sessions[session_id] = after
        return won


class Overwriting(MemorySessionRepository):
    """Takes a second session of one id."""

    async def add(self, session: Session) -> None:
        if session.session_id in self._sessions:
            self._sessions[session.session_id] = session
        else:
            await super().add(session)


class Careless(MemorySessionRepository):
    """Swaps whatever the digest, the revocation and the expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self._sessions.get(session_id)
        if session is None:
            return False
        self._sessions[session_id] = replace(session, revoked_at=None, expires_at=swap["now"] + 1, idle_expires_at=None)
        return await super().advance(session_id, **(swap | {"expected_digest": session.secret_digest}))


class Unending(MemorySessionRepository):
    """Swaps at the very moment of the expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self._sessions.get(session_id)
        at_the_end = session is not None and swap["now"] == session.ends_at()
        return await super().advance(session_id, **(swap | ({"now": swap["now"] - 1} if at_the_end else {})))


class Adopting(MemorySessionRepository):
    """Takes any session into any version."""

    async def set_credential_version(self, session_id: SessionId, *, credential_version: int, **_: Any) -> bool:
        session = self._sessions.get(session_id)
        if session is not None:
            self._sessions[session_id] = replace(session, credential_version=credential_version, address="")
        return session is not None


class Touching(MemorySessionRepository):
    """Changes the session although it refuses to swap."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        won = await super().advance(session_id, **swap)
        if not won and session_id in self._sessions:
            self._sessions[session_id] = replace(self._sessions[session_id], idle_expires_at=swap["idle_expires_at"])
        return won


class Rewriting(MemorySessionRepository):
    """Gives a session the reason and the time of its last revocation."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        won = await super().revoke(session_id, reason=reason, now=now)
        if session_id in self._sessions:
            self._sessions[session_id] = replace(self._sessions[session_id], revoked_at=now, revoked_because=reason)
            self._revoked[session_id] = now
        return won


class Inventive(MemorySessionRepository):
    """Advances and revokes sessions that there are none of."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        return await super().advance(session_id, **swap) or session_id not in self._sessions

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        self._revoked.setdefault(session_id, now)
        return await super().revoke(session_id, reason=reason, now=now)


class Dismissive(MemorySessionRepository):
    """Does not revoke what has expired."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = self._sessions.get(session_id)
        live = session is not None and session.is_live(now)
        return live and await super().revoke(session_id, reason=reason, now=now)


class OneReason(MemorySessionRepository):
    """Knows one reason only."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        return await super().revoke(session_id, reason=RevocationReason.LOGOUT, now=now)


def forgetting(field: str) -> type[MemorySessionRepository]:
    """Return a repository that keeps another value for one field than it was given."""

    class Forgetting(MemorySessionRepository):
        async def add(self, session: Session) -> None:
            await super().add(replace(session, **{field: OTHERS[field]}))

    return Forgetting


OTHERS: dict[str, Any] = {
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
"""For each field of a new session a value that no test gives it."""

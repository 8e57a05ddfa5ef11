"""Session repositories with one fault each in an act."""

from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import LAST_SECOND, RevocationReason, Session
from app.domain.tokens.revoked_session import RevokedSession
from app.ports.session_repository import RevocationPage
from app.testing.sessions import FakeSessionRepository


class AddOverwrites(FakeSessionRepository):
    """``add`` replaces a session that has the same id."""

    async def add(self, session: Session) -> None:
        self.stored[session.session_id] = session


class SetVersionChecksNothing(FakeSessionRepository):
    """``set_credential_version`` accepts every session and every expected version, and changes the address."""

    async def set_credential_version(self, session_id: SessionId, *, credential_version: int, **_: Any) -> bool:
        session = self.stored.get(session_id)
        if session is not None:
            self.stored[session_id] = replace(session, credential_version=credential_version, address="")
        return session is not None


class SecondRevokeWrites(FakeSessionRepository):
    """A second ``revoke`` replaces the reason and the time of the first."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        won = await super().revoke(session_id, reason=reason, now=now)
        if session_id in self.stored:
            self.stored[session_id] = replace(self.stored[session_id], revoked_at=now, revoked_because=reason)
        return won


class RevokesUnknownSessions(FakeSessionRepository):
    """``revoke`` lists an unknown session as revoked."""

    def __init__(self) -> None:
        super().__init__()
        self._unknown: list[RevokedSession] = []

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        if session_id not in self.stored:
            self._unknown.append(RevokedSession(session_id, now))
        return await super().revoke(session_id, reason=reason, now=now)

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        page = await super().list_revocations(moment, after=after)
        return page._replace(revoked=[*page.revoked, *self._unknown])


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


class RevokeKeepsReplaced(FakeSessionRepository):
    """``revoke`` leaves the replaced secrets in the session."""

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        before = self.stored.get(session_id)
        won = await super().revoke(session_id, **why)
        if before is not None and won:
            self.stored[session_id] = replace(self.stored[session_id], replaced=before.replaced)
        return won


class SetVersionInTheLastSecond(FakeSessionRepository):
    """``set_credential_version`` takes the last second of a session for a part of its life."""

    async def set_credential_version(self, session_id: SessionId, **versions: Any) -> bool:
        return await super().set_credential_version(session_id, **(versions | {"now": versions["now"] - LAST_SECOND}))


class RoundsTimes(FakeSessionRepository):
    """Times are stored in whole microseconds."""

    async def add(self, session: Session) -> None:
        await super().add(
            replace(
                session,
                created_at=round(session.created_at, 6),
                rotated_at=round(session.rotated_at, 6),
                expires_at=round(session.expires_at, 6),
            )
        )

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        return await super().advance(session_id, **(swap | {"now": round(swap["now"], 6)}))


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
    "audience": ("nobody",),
}
"""For each field of a new session, a value that no test uses."""

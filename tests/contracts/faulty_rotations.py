"""Session repositories with one fault each in ``advance``."""

from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId
from app.domain.sessions.replaced import ReplacedSecrets
from app.domain.sessions.session import LAST_SECOND
from app.testing.sessions import FakeSessionRepository


class AdvanceChecksNothing(FakeSessionRepository):
    """``advance`` ignores the digest, the revocation and the expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        if session is None:
            return False
        self.stored[session_id] = replace(session, revoked_at=None, expires_at=swap["now"] + 1, idle_expires_at=None)
        return await super().advance(session_id, **(swap | {"expected_digest": session.secret_digest}))


class AdvanceInTheLastSecond(FakeSessionRepository):
    """``advance`` takes the last second of a session for a part of its life."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        in_last_second = session is not None and 0 < session.ends_at() - swap["now"] < LAST_SECOND
        return await super().advance(session_id, **(swap | ({"now": swap["now"] - 1} if in_last_second else {})))


class AdvanceAcceptsUnknown(FakeSessionRepository):
    """``advance`` of an unknown session returns ``True``."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        return await super().advance(session_id, **swap) or session_id not in self.stored


class RefusedAdvanceWrites(FakeSessionRepository):
    """A refused ``advance`` changes the idle expiry."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        won = await super().advance(session_id, **swap)
        if not won and session_id in self.stored:
            self.stored[session_id] = replace(self.stored[session_id], idle_expires_at=swap["idle_expires_at"])
        return won


class KeepsStaleReplaced(FakeSessionRepository):
    """``advance`` leaves the older replaced secrets where it is given none."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        kept = swap["replaced"] or (session.replaced if session else swap["replaced"])
        return await super().advance(session_id, **(swap | {"replaced": kept}))


class AppendsReplaced(FakeSessionRepository):
    """``advance`` adds the last of the given secrets to the stored ones, so the oldest are never dropped."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = self.stored.get(session_id)
        older = session.replaced.packed if session else b""
        kept = ReplacedSecrets(older + swap["replaced"].packed[-72:])
        return await super().advance(session_id, **(swap | {"replaced": kept}))


class DropsOneSecret(FakeSessionRepository):
    """``advance`` has room for 31 replaced secrets."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        kept = ReplacedSecrets(swap["replaced"].packed[-72 * 31 :])
        return await super().advance(session_id, **(swap | {"replaced": kept}))


class StoresReplacedAsText(FakeSessionRepository):
    """``advance`` stores the replaced secrets in a column of text, which changes line ends and ends at a zero."""

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        kept = ReplacedSecrets(swap["replaced"].packed.replace(b"\r\n", b"\n\n"))
        return await super().advance(session_id, **(swap | {"replaced": kept}))

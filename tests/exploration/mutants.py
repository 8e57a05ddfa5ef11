"""Six faults in rotation that an exploration must find."""

from contextlib import suppress
from typing import Any, Final, NoReturn, cast

from app.domain.audit.events import ReuseDetected, TokenRefreshed
from app.domain.errors import StoreUnavailable
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.lookup import SessionLookup
from app.domain.sessions.ratchet import RefreshToken, Verdict
from app.domain.sessions.rotation import Granted, Rotation
from app.domain.sessions.session import RevocationReason, Session
from app.ports.patience import Patience

from .requests import WINDOW

Scope = Any


class SwapBeforeSigning(Rotation):
    """The successor is committed before the access token is signed."""

    async def _advance(
        self, token: RefreshToken, session: Session, granted: Granted, patience: Patience | None
    ) -> IssuedTokens | None:
        now = self._clock.now()
        salt = self._randomness.token_bytes(ratchet.SALT_BYTES)
        successor = ratchet.successor(token, salt=salt, generation=session.generation + 1)
        if not await self._swap(session, ratchet.digest(successor.secret), salt, now):
            return None
        self._audit.record(TokenRefreshed(**session.event_facts(now), generation=session.generation + 1))
        return await self._issuer.issue(session, successor, scope=granted.scope, audience=granted.audience, now=now)


class NoSecondRead(Rotation):
    """A request that has lost the compare-and-swap is refused at once."""

    async def _advance(
        self, token: RefreshToken, session: Session, granted: Granted, patience: Patience | None
    ) -> IssuedTokens | None:
        issued = await super()._advance(token, session, granted, patience)
        if issued is None:
            raise InvalidGrant(reason="lost_race")
        return issued


class RevocationAfterTheAnswer(Rotation):
    """Reuse is answered first, and the session is revoked later by another task."""

    async def _refuse_reuse(self, session: Session, now: float, *, lost_race: bool) -> NoReturn:
        if not lost_race:
            self._revocation.revoke(session, RevocationReason.REUSE).close()  # the other task has not run yet
        raise InvalidGrant(reason="lost_race" if lost_race else "reuse")


class WindowFromTheLastRotation(Rotation):
    """The window of a replaced token begins with the last rotation, not with its own."""

    def __init__(self, *, lookup: SessionLookup, **parts: Any) -> None:
        super().__init__(lookup=cast("SessionLookup", _LenientLookup(lookup)), **parts)


class _LenientLookup:
    def __init__(self, lookup: SessionLookup) -> None:
        self._lookup = lookup

    async def classify(self, token: RefreshToken, *, now: float, **facts: Any) -> tuple[Session | None, Verdict]:
        session, verdict = await self._lookup.classify(token, now=now, **facts)
        if verdict is Verdict.REUSE and session is not None and now - session.rotated_at < WINDOW:
            verdict = Verdict.REUSE if ratchet.current_token(token, session) is None else Verdict.REPLAY
        return session, verdict


class OneStepShort(Rotation):
    """The chain of replaced tokens is followed to the token before the current one."""

    async def _replay(self, token: RefreshToken, session: Session, granted: Granted, now: float) -> IssuedTokens:
        replaced = list(session.replaced)
        index = next((i for i, each in enumerate(replaced) if each.digest == ratchet.digest(token.secret)), None)
        if index is None:
            return await super()._replay(token, session, granted, now)
        first = session.generation - len(replaced) + index + 1
        for generation, each in enumerate(replaced[index:-1], first):
            token = ratchet.successor(token, salt=each.salt, generation=generation)
        return await self._issuer.issue(session, token, scope=granted.scope, audience=granted.audience, now=now)


class ReuseNotCommitted(Rotation):
    """Reuse is answered although the store did not confirm the revocation."""

    async def _refuse_reuse(self, session: Session, now: float, *, lost_race: bool) -> NoReturn:
        if not lost_race:
            with suppress(StoreUnavailable):
                await self._revocation.revoke(session, RevocationReason.REUSE)
            self._audit.record(ReuseDetected(**session.event_facts(now)))
        raise InvalidGrant(reason="lost_race" if lost_race else Verdict.REUSE.value)


MUTANTS: Final = {
    SwapBeforeSigning: "a request that failed has used up its token",
    NoSecondRead: "an honest refresh was refused",
    RevocationAfterTheAnswer: "reuse was answered before the session was revoked",
    WindowFromTheLastRotation: "a token that was replaced before the window was answered with a token",
    OneStepShort: "an outdated token was returned",
    ReuseNotCommitted: "reuse was answered before the session was revoked",
}
"""What the counterexample of each says."""

"""Rotation: exchange a refresh token for its successor (RFC 9700 §4.14)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple, NoReturn

from ...ports.audit_trail import AuditTrail
from ...ports.client_lookup import ClientLookup
from ...ports.clock import Clock
from ...ports.patience import Patience
from ...ports.randomness import Randomness
from ...ports.session_repository import SessionRepository
from ..audit.events import (
    ForeignClientRefused,
    RaceLost,
    ReuseDetected,
    TokenRefreshed,
    TokenReplayed,
    TokenUntraced,
)
from ..errors import InvalidClient, StoreUnavailable
from ..identifiers import ClientId
from ..rate_limits.rate_limit import LocalRateLimit
from ..requester import Requester
from ..scope import Scope
from . import ratchet
from .errors import InvalidGrant
from .issuing import IssuedTokens, SessionTokenIssuer
from .lookup import SessionLookup
from .ratchet import RefreshToken, Verdict
from .refresh_room import RefreshPlace, RefreshRoom
from .revocation import Revocation
from .session import RevocationReason, Session, SessionPolicy

_ATTEMPTS: Final = 3


class _Request(NamedTuple):
    """Who asks, and for what."""

    client_id: ClientId
    requester: Requester
    scope: str | None
    targets: Sequence[str]


class Granted(NamedTuple):
    """What the new access token is granted."""

    scope: Scope
    audience: tuple[str, ...]


class Rotation:
    """Classifies a presented refresh token and acts on the verdict.

    Everything that can fail happens before the compare-and-swap, so that a failed request uses up no token.
    """

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        clients: ClientLookup,
        lookup: SessionLookup,
        issuer: SessionTokenIssuer,
        revocation: Revocation,
        refresh_limit: LocalRateLimit,
        room: RefreshRoom,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._clients = clients
        self._lookup = lookup
        self._issuer = issuer
        self._revocation = revocation
        self._refresh_limit = refresh_limit
        self._room = room
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._policy = policy

    async def rotate(
        self,
        refresh_token: str,
        *,
        client_id: ClientId,
        requester: Requester,
        requested_scope: str | None = None,
        targets: Sequence[str] = (),
        patience: Patience | None = None,
    ) -> IssuedTokens:
        """Return a new access token and the successor of ``refresh_token``, which ``requester`` presents; for a replay,
        the current token (RFC 6749 §6).

        The access token has the scope ``requested_scope``, or the scope of the session if nothing is requested. It is
        for the audiences ``targets`` (RFC 8707), or for all of the session if there are none.
        Nothing is changed when ``patience`` is over; ``None`` has no end.

        Raises ``InvalidGrant`` for a token that is refused, ``InvalidClient`` if the client was removed,
        ``InvalidScope`` for more scope and ``InvalidTarget`` for other audiences than the session has,
        ``TooManyAttempts``, ``Overloaded``, ``SignerUnavailable`` and ``StoreUnavailable``. After any of the last six
        the client can present the same token again.
        """
        token = ratchet.parse(refresh_token)
        with self._room.enter(token) as place:
            request = _Request(client_id, requester, requested_scope, targets)
            return await self._rotate(token, request, place, patience)

    def check_requester(self, session: Session, requester: Requester) -> None:
        """Raise ``InvalidGrant`` to refuse a token that would be accepted otherwise. A subclass adds a rule here.

        It is called for the current token and for a replay, before anything is changed. Reuse ends the session whoever
        presents the token.
        """

    async def _rotate(
        self, token: RefreshToken, request: _Request, place: RefreshPlace, patience: Patience | None
    ) -> IssuedTokens:
        for attempt in range(_ATTEMPTS):
            now = self._clock.now()
            session, verdict = await self._lookup.classify(token, client_id=request.client_id, now=now)
            if session is None or verdict in (Verdict.UNKNOWN, Verdict.DEAD_SESSION):
                raise InvalidGrant(reason=verdict.value)
            if verdict is Verdict.FOREIGN_CLIENT:
                self._audit.record(ForeignClientRefused(**session.event_facts(now), presented_by=request.client_id))
                raise InvalidGrant(reason=verdict.value)
            if verdict is Verdict.UNTRACED:
                self._audit.record(TokenUntraced(**session.event_facts(now)))
                raise InvalidGrant(reason=verdict.value)
            if verdict is Verdict.REUSE:
                _begin_commit(patience)
                await self._refuse_reuse(session, now, lost_race=attempt > 0)
            self.check_requester(session, request.requester)
            if attempt == 0:
                self._refresh_limit.take(session.session_id, now)
            if await self._clients.find(session.client_id) is None:
                raise InvalidClient
            granted = Granted(
                session.scope.narrowed_to(request.scope) if request.scope else session.scope,
                self._issuer.audience(session.audience, request.targets),
            )
            if verdict is Verdict.REPLAY:
                place.is_of_replay()
                return await self._replay(token, session, granted, now)
            await place.turn()
            issued = await self._advance(token, session, granted, patience)
            if issued is not None:
                return issued
        raise StoreUnavailable("Too many requests for one session at once; try again.")

    async def _refuse_reuse(self, session: Session, now: float, *, lost_race: bool) -> NoReturn:
        """Revoke the session and refuse the token. A request that lost a race is only refused: its token was current
        when the request first read the session.
        """
        if lost_race:
            self._audit.record(RaceLost(**session.event_facts(now)))
            raise InvalidGrant(reason="lost_race")
        await self._revocation.revoke(session, RevocationReason.REUSE)
        self._audit.record(ReuseDetected(**session.event_facts(now)))
        raise InvalidGrant(reason="reuse")

    async def _replay(self, token: RefreshToken, session: Session, granted: Granted, now: float) -> IssuedTokens:
        """Compute the session's current refresh token again, and return it with a new access token."""
        current = ratchet.current_token(token, session)
        assert current is not None, "a token is a replay only if it leads to the current one"
        issued = await self._issuer.issue(session, current, scope=granted.scope, audience=granted.audience, now=now)
        self._audit.record(TokenReplayed(**session.event_facts(now), generation=session.generation))
        return issued

    async def _advance(
        self, token: RefreshToken, session: Session, granted: Granted, patience: Patience | None
    ) -> IssuedTokens | None:
        """Commit the successor and return it; return ``None`` if another request committed first.

        The time is read again before the signature, because the reads and the wait may have been long, and after it:
        the replay window of ``token`` begins with the commit.
        """
        now = self._clock.now()
        salt = self._randomness.token_bytes(ratchet.SALT_BYTES)
        generation = session.generation + 1
        successor = ratchet.successor(token, salt=salt, generation=generation)
        extended = replace(session, idle_expires_at=self._policy.idle_deadline(now))
        issued = await self._issuer.issue(extended, successor, scope=granted.scope, audience=granted.audience, now=now)
        _begin_commit(patience)
        now = self._clock.now()
        self._room.replaced(session.secret_digest)
        if not await self._swap(extended, ratchet.digest(successor.secret), salt, now):
            return None
        self._audit.record(TokenRefreshed(**session.event_facts(now), generation=generation))
        return issued

    async def _swap(self, session: Session, new_digest: bytes, salt: bytes, now: float) -> bool:
        """Return whether this request made the compare-and-swap; raises ``StoreUnavailable`` if that stays unknown."""
        replaced = self._policy.replaced_after(session, salt=salt, now=now)
        try:
            return await self._sessions.advance(
                session.session_id,
                expected_digest=session.secret_digest,
                new_digest=new_digest,
                replaced=replaced,
                now=replaced.last_at() or now,
                idle_expires_at=session.idle_expires_at,
            )
        except StoreUnavailable:
            stored = await self._sessions.find(session.session_id)
            if stored is not None and stored.secret_digest == session.secret_digest:
                raise
            return stored is not None and stored.secret_digest == new_digest and stored.is_live(now)


def _begin_commit(patience: Patience | None) -> None:
    if patience is not None:
        patience.begin_commit()

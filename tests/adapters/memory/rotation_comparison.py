"""Doing one thing to the rotation service and to the model, and comparing the two."""

from base64 import urlsafe_b64decode
from collections import Counter
from typing import ClassVar, Final

from hypothesis.stateful import RuleBasedStateMachine

from app.domain.audit.events import ForeignClientRefused, ReuseDetected, TokenRefreshed, TokenReplayed
from app.domain.identifiers import FIRST_PARTY
from app.domain.scope import InvalidScope
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issued_tokens import IssuedTokens
from app.domain.sessions.session import RevocationReason, Session

from .rotation_model import Account, IssuedSession, Limits, Row
from .rotation_service import USERNAMES, RotationService, completed

AUDITED: Final[dict[Row, type]] = {
    Row.FOREIGN: ForeignClientRefused,
    Row.ROTATION: TokenRefreshed,
    Row.REPLAY: TokenReplayed,
    Row.REUSE: ReuseDetected,
}


class Comparison(RuleBasedStateMachine):
    """What the rules of the state machine are made of; ``met`` counts the rows that presentations came to."""

    met: ClassVar[Counter[Row]] = Counter()

    def begin(self, limits: Limits) -> None:
        """Set up the service and the model."""
        self.limits = limits
        self.service = RotationService(limits)
        self.accounts = {username: Account() for username in USERNAMES}
        self.issued: list[IssuedSession] = []

    @property
    def now(self) -> float:
        """Return the time of the service's clock."""
        return self.service.clock.time

    def opened(self, username: str, scope: str | None) -> IssuedSession:
        """Return a new session, as the service and the model have it."""
        account, now = self.accounts[username], self.now
        granted, session_id = self.service.log_in(username, scope)
        session = IssuedSession.opened(session_id, account, granted, now, self.limits)
        self.check_grant(session, granted, None)
        self.issued.append(session)
        return session

    def present(self, session: IssuedSession, age: int, scope: str | None) -> None:
        """Present a token that was issued; the service must do what the table says."""
        generation = session.generation_of(age)
        row = session.row(generation, self.now, self.limits, scope=scope)
        before = None if session.deleted else self.stored(session)
        outcome = self.service.present(session.tokens[generation], FIRST_PARTY, scope)
        self.check_audit(row)
        match row:
            case Row.ROTATION:
                assert isinstance(outcome, IssuedTokens)
                assert outcome.refresh_token not in session.tokens
                session.rotate(outcome.refresh_token, self.now, self.limits)
                self.check_grant(session, outcome, scope)
            case Row.REPLAY:
                assert isinstance(outcome, IssuedTokens)
                assert outcome.refresh_token == session.tokens[-1]
                assert self.stored(session) == before
                self.check_grant(session, outcome, scope)
            case Row.REUSE:
                assert outcome is InvalidGrant
                assert self.stored(session).revoked_because is RevocationReason.REUSE
                assert session.session_id in self.service.revoked
                session.revoke(self.now)
            case _:
                assert outcome is (InvalidScope if row is Row.SCOPE_TOO_WIDE else InvalidGrant)
                assert session.deleted or self.stored(session) == before

    def stored(self, session: IssuedSession) -> Session:
        """Return what the store has of a session that was not deleted."""
        found = completed(self.service.sessions.find(session.session_id))
        assert found is not None
        return found

    def check_grant(self, session: IssuedSession, granted: IssuedTokens, scope: str | None) -> None:
        """The access token is new, of this session and scope, and ends with the session at the latest."""
        assert granted.access_token not in session.access_tokens
        session.access_tokens.add(granted.access_token)
        claims = self.service.codec.issued[granted.access_token]
        assert claims.session_id == session.session_id
        assert claims.scope.tokens == (frozenset((scope or "").split()) or session.scope)
        assert claims.expires_at <= session.ends_at()
        assert granted.refresh_token_expires_in == int(session.ends_at() - self.now)

    def check_audit(self, row: Row) -> None:
        """The last presentation was audited as its row says, or not at all."""
        self.met[row] += 1
        kinds = [kind for kind in self.service.new_events() if kind in AUDITED.values()]
        assert kinds == ([AUDITED[row]] if row in AUDITED else [])


def decoded(token: str) -> bytes:
    """Return the 65 bytes of a token: version, session id, lineage, secret."""
    return urlsafe_b64decode(token.removeprefix("ktr_") + "=")

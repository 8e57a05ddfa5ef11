"""Do one thing to the rotation service and to the model, and compare the two."""

from base64 import urlsafe_b64decode
from collections import Counter
from typing import ClassVar, Final

from hypothesis.stateful import RuleBasedStateMachine

from app.domain.audit.events import ForeignClientRefused, ReuseDetected, TokenRefreshed, TokenReplayed, TokenUntraced
from app.domain.identifiers import FIRST_PARTY
from app.domain.scope import InvalidScope
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.sessions.session import RevocationReason, Session

from .rotation_model import Account, IssuedSession, Limits, Row
from .rotation_service import USERNAMES, RotationService

AUDITED: Final[dict[Row, type]] = {
    Row.FOREIGN: ForeignClientRefused,
    Row.ROTATION: TokenRefreshed,
    Row.REPLAY: TokenReplayed,
    Row.REUSE: ReuseDetected,
    Row.UNTRACED: TokenUntraced,
}


class Comparison(RuleBasedStateMachine):
    """The building blocks of the state machine's rules. ``met`` counts how often each row of the table decided."""

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
        """Open a session in the service and in the model; return the model's."""
        account, now = self.accounts[username], self.now
        issued = self.service.log_in(username, scope)
        session = IssuedSession.opened(account, issued, now, self.limits)
        self.check_tokens(session, issued, None)
        self.issued.append(session)
        return session

    def present(self, session: IssuedSession, age: int, scope: str | None) -> None:
        """Present an issued token; the service must do what the table says."""
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
                self.check_tokens(session, outcome, scope)
            case Row.REPLAY:
                assert isinstance(outcome, IssuedTokens)
                assert outcome.refresh_token == session.tokens[-1]
                assert self.stored(session) == before
                self.check_tokens(session, outcome, scope)
            case Row.REUSE:
                assert outcome is InvalidGrant
                assert self.stored(session).revoked_because is RevocationReason.REUSE
                assert session.session_id in self.service.world.revoked
                session.revoke(self.now)
            case _:
                assert outcome is (InvalidScope if row is Row.SCOPE_TOO_WIDE else InvalidGrant)
                assert session.deleted or self.stored(session) == before

    def stored(self, session: IssuedSession) -> Session:
        """Return the stored session, which must not be deleted."""
        found = self.service.find(session.session_id)
        assert found is not None
        return found

    def check_tokens(self, session: IssuedSession, issued: IssuedTokens, scope: str | None) -> None:
        """The access token is new, has this session and scope, and does not outlive the session."""
        assert issued.access_token not in session.access_tokens
        session.access_tokens.add(issued.access_token)
        claims = self.service.world.claims(issued)
        assert claims.session_id == issued.session_id == session.session_id
        assert claims.scope.tokens == (frozenset((scope or "").split()) or session.scope)
        assert claims.expires_at <= session.ends_at()
        assert issued.refresh_token_expires_in == int(session.ends_at() - self.now)

    def check_audit(self, row: Row) -> None:
        """The last presentation has the audit event of its row, if the row has one, and no other."""
        self.met[row] += 1
        events = [event for event in self.service.new_events() if event in AUDITED.values()]
        assert events == ([AUDITED[row]] if row in AUDITED else [])


def decoded(token: str) -> bytes:
    """Return the 65 bytes of a token: version, session id, lineage, secret."""
    return urlsafe_b64decode(token.removeprefix("ktr_") + "=")

"""Revocation of a token that a client presents (RFC 7009)."""

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ..audit.events import ForeignClientRefused
from ..sessions import ratchet
from ..sessions.errors import InvalidGrant
from ..sessions.revocation import Revocation
from ..sessions.session import Session, event_facts
from ..tokens.errors import InvalidToken
from ..tokens.validation import Validation
from .client import Client
from .errors import UnsupportedTokenType

_ANOTHERS = "The token was issued to another client."


class TokenRevocation:
    """Ends the session of whichever of its tokens is presented, and with it the others (RFC 7009 §2.1)."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        revocation: Revocation,
        validation: Validation,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._sessions = sessions
        self._revocation = revocation
        self._validation = validation
        self._clock = clock
        self._audit = audit

    async def revoke(self, token: str, *, client: Client) -> None:
        """End the session of ``token``, which may be of any generation; an unknown or dead token is no error (§2.2).

        Raises ``InvalidGrant`` for another client's token (§2.1), ``UnsupportedTokenType`` for a token of no session
        (§2.2.1), and ``StoreUnavailable``. The form of a token tells its kind: a hint could add nothing.
        """
        if token.startswith(ratchet.PREFIX):
            await self._refresh_token(token, client)
        else:
            await self._access_token(token, client)

    async def _refresh_token(self, text: str, client: Client) -> None:
        try:
            token = ratchet.parse(text)
        except InvalidGrant:
            return
        session = await self._sessions.find(token.session_id)
        if session is None or not ratchet.is_of_lineage(token, session):
            return
        self._refuse_anothers(session, client)
        await self._revocation.log_out_with_refresh_token(text, client_id=client.client_id)

    async def _access_token(self, text: str, client: Client) -> None:
        try:
            claims = self._validation.validate_for_any_audience(text)
        except InvalidToken:
            return
        if claims.client_id != client.client_id:
            raise InvalidGrant(_ANOTHERS)
        if claims.session_id is None:
            raise UnsupportedTokenType
        await self._revocation.log_out_with_access_token(claims, client_id=client.client_id)

    def _refuse_anothers(self, session: Session, client: Client) -> None:
        if session.client_id != client.client_id:
            self._audit.record(
                ForeignClientRefused(**event_facts(session, self._clock.now()), presented_by=client.client_id)
            )
            raise InvalidGrant(_ANOTHERS)

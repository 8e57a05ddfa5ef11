"""Token revocation: a client revokes the session of a token (RFC 7009)."""

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ..audit.events import ForeignClientRefused
from ..sessions import ratchet
from ..sessions.errors import InvalidGrant
from ..sessions.lookup import SessionLookup
from ..sessions.revocation import Revocation
from ..tokens.errors import InvalidToken
from ..tokens.validation import Validation
from .client import Client
from .errors import UnsupportedTokenType

_OTHER_CLIENT = "The token was issued to another client."


class TokenRevocation:
    """Revokes the session of the presented access or refresh token, and with it all its tokens (RFC 7009 §2.1)."""

    def __init__(
        self,
        *,
        lookup: SessionLookup,
        revocation: Revocation,
        validation: Validation,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._lookup = lookup
        self._revocation = revocation
        self._validation = validation
        self._clock = clock
        self._audit = audit

    async def revoke(self, token: str, *, client: Client) -> None:
        """Revoke the session of ``token``. A refresh token may be of any generation.

        An unknown or expired token is no error (RFC 7009 §2.2). Raises ``InvalidGrant`` for another client's token
        (§2.1), ``UnsupportedTokenType`` for a token without a session (§2.2.1), and ``StoreUnavailable``. The prefix of
        a token shows its type, so no hint is needed.
        """
        if token.startswith(ratchet.PREFIX):
            await self._refresh_token(token, client)
        else:
            await self._access_token(token, client)

    async def _refresh_token(self, text: str, client: Client) -> None:
        session = await self._lookup.find_by_refresh_token(text)
        if session is None:
            return
        if session.client_id != client.client_id:
            facts = session.event_facts(self._clock.now())
            self._audit.record(ForeignClientRefused(**facts, presented_by=client.client_id))
            raise InvalidGrant(_OTHER_CLIENT)
        await self._revocation.log_out(session, client_id=client.client_id)

    async def _access_token(self, text: str, client: Client) -> None:
        try:
            claims = self._validation.validate_for_any_audience(text)
        except InvalidToken:
            return
        if claims.client_id != client.client_id:
            raise InvalidGrant(_OTHER_CLIENT)
        if claims.session_id is None:
            raise UnsupportedTokenType
        await self._revocation.log_out_with_access_token(claims, client_id=client.client_id)

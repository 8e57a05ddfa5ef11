"""Token revocation: a client revokes the session of a token (RFC 7009)."""

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ..audit.events import ForeignClientRefused
from ..sessions import ratchet
from ..sessions.errors import InvalidGrant
from ..sessions.lookup import SessionLookup
from ..sessions.revocation import Revocation
from ..tokens.errors import InvalidToken
from ..tokens.policy import AccessTokenPolicy
from ..tokens.reading import IssuedTokenReader
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
        reader: IssuedTokenReader,
        clock: Clock,
        audit: AuditTrail,
        policy: AccessTokenPolicy,
    ) -> None:
        self._lookup = lookup
        self._revocation = revocation
        self._reader = reader
        self._clock = clock
        self._audit = audit
        self._leeway = policy.leeway

    async def revoke(self, token: str, *, client: Client) -> None:
        """Revoke the session of ``token``. A refresh token may be of any generation, an access token may have expired.

        A token that is unknown, or whose session has ended, is no error (RFC 7009 §2.2). Raises ``InvalidGrant`` for
        another client's token (§2.1), ``UnsupportedTokenType`` for a token without a session that is still alive
        (§2.2.1), and ``StoreUnavailable``. The prefix of a token shows its type, so no hint is needed.
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
            claims = self._reader.read(text)
        except InvalidToken:
            return
        if claims.client_id != client.client_id:
            raise InvalidGrant(_OTHER_CLIENT)
        if claims.session_id is None:
            if self._clock.now() < claims.expires_at + self._leeway:
                raise UnsupportedTokenType
            return
        await self._revocation.log_out_with_access_token(claims, client_id=client.client_id)

"""Client authentication (RFC 6749 §2.3)."""

import hmac
from collections.abc import Sequence
from typing import Final

from ...ports.client_assertion_reader import ClientAssertionReader
from ...ports.clock import Clock
from ..errors import InvalidClient
from ..identifiers import ClientId
from ..sessions.ratchet import digest
from ..tokens.policy import AccessTokenPolicy
from .client import AuthenticationMethod, Client
from .known_clients import KnownClients
from .presented_credential import (
    MAX_ASSERTION_LIFETIME,
    AssertionClaims,
    PresentedAssertion,
    PresentedCredential,
    PresentedId,
    PresentedSecret,
)
from .refusal import ClientRefusal
from .used_assertions import UsedAssertions

_NO_SECRET: Final = bytes(32)
"""The digest to compare if a client has no secret, so that an unknown client takes as long as a known one."""


class ClientAuthentication:
    """Authenticates the client that makes a request. Every failure raises ``InvalidClient``, with a reason for the log.

    The audience of an assertion is the issuer or the URL ``token_endpoint`` alone. RFC 7523 §3 allows other audiences
    beside it. Its revision, draft-ietf-oauth-rfc7523bis, does not: a server that is also an audience could send the
    assertion on to this service. The draft wants the issuer; many libraries still send the token endpoint.
    """

    def __init__(
        self,
        *,
        clients: KnownClients,
        assertions: ClientAssertionReader,
        used: UsedAssertions,
        clock: Clock,
        policy: AccessTokenPolicy,
        token_endpoint: str,
    ) -> None:
        self._clients = clients
        self._assertions = assertions
        self._used = used
        self._clock = clock
        self._leeway = policy.leeway
        self._audiences: Sequence[str] = (policy.issuer, token_endpoint)

    async def authenticate(self, presented: PresentedCredential) -> Client:
        """Return the client; raises ``InvalidClient`` and ``StoreUnavailable``.

        A client that is refused is read from the store again, because it may have a new secret or a new key since.
        """
        client_id = self._named_client(presented)
        client = await self._clients.find(client_id)
        try:
            return self._checked(client, presented)
        except InvalidClient:
            current = await self._clients.read(client_id)
            if current == client:
                raise
            return self._checked(current, presented)

    def _named_client(self, presented: PresentedCredential) -> ClientId:
        """Return the id of the client that the request names."""
        if not isinstance(presented, PresentedAssertion):
            return presented.client_id
        client_id = self._assertions.claimed_client(presented.assertion)
        if presented.client_id not in (None, client_id):
            raise InvalidClient(reason=ClientRefusal.OTHER_CLIENT_ID)
        return client_id

    def _checked(self, client: Client | None, presented: PresentedCredential) -> Client:
        """Return the client if what the request presents is valid; raises ``InvalidClient``."""
        match presented:
            case PresentedSecret():
                return self._with_secret(client, presented)
            case PresentedAssertion():
                return self._with_assertion(client, presented)
            case PresentedId():
                return self._with_id(client)

    def _with_id(self, client: Client | None) -> Client:
        if client is None:
            raise InvalidClient(reason=ClientRefusal.UNKNOWN_CLIENT)
        if not client.is_public:
            raise InvalidClient(reason=ClientRefusal.NO_CREDENTIAL, client_id=client.client_id)
        return client

    def _with_secret(self, client: Client | None, presented: PresentedSecret) -> Client:
        now, presented_digest = self._clock.now(), digest(presented.secret.encode("utf-8", "surrogatepass"))
        secrets = () if client is None else client.secrets
        stored = [secret.digest for secret in secrets if secret.is_live(now)] or [_NO_SECRET]
        matches = [hmac.compare_digest(presented_digest, each) for each in stored]
        if client is None:
            raise InvalidClient(reason=ClientRefusal.UNKNOWN_CLIENT)
        if client.method is not AuthenticationMethod.SECRET:
            raise InvalidClient(reason=ClientRefusal.WRONG_METHOD, client_id=client.client_id)
        if not any(matches):
            raise InvalidClient(reason=ClientRefusal.WRONG_SECRET, client_id=client.client_id)
        return client

    def _with_assertion(self, client: Client | None, presented: PresentedAssertion) -> Client:
        if client is None:
            raise InvalidClient(reason=ClientRefusal.UNKNOWN_CLIENT)
        claims = self._verified_claims(presented.assertion, client)
        now = self._clock.now()
        fault = self._fault(claims, client.client_id, now)
        if fault is not None:
            raise InvalidClient(reason=fault, client_id=client.client_id)
        # Twice the leeway: the assertion stays remembered if the clock is set back by the leeway.
        self._used.use(client.client_id, claims.token_id, now=now, until=claims.expires_at + 2 * self._leeway)
        return client

    def _verified_claims(self, assertion: str, client: Client) -> AssertionClaims:
        if client.jwks is None:
            raise InvalidClient(reason=ClientRefusal.WRONG_METHOD, client_id=client.client_id)
        try:
            return self._assertions.verify(assertion, client.jwks)
        except InvalidClient as error:
            raise InvalidClient(reason=error.reason, client_id=client.client_id) from error

    def _fault(self, claims: AssertionClaims, client_id: ClientId, now: float) -> ClientRefusal | None:
        """Return which rule of RFC 7523 §3 the claims break, or ``None``."""
        if claims.issuer != client_id:
            return ClientRefusal.WRONG_ISSUER
        if len(claims.audience) != 1:
            return ClientRefusal.SEVERAL_AUDIENCES
        if claims.audience[0] not in self._audiences:
            return ClientRefusal.WRONG_AUDIENCE
        return self._time_fault(claims, now)

    def _time_fault(self, claims: AssertionClaims, now: float) -> ClientRefusal | None:
        if now >= claims.expires_at + self._leeway:
            return ClientRefusal.EXPIRED
        if claims.expires_at > now + MAX_ASSERTION_LIFETIME + self._leeway:
            return ClientRefusal.EXPIRES_TOO_LATE
        if claims.not_before > now + self._leeway:
            return ClientRefusal.NOT_YET_VALID
        return None

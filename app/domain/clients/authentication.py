"""Client authentication (RFC 6749 §2.3)."""

import hmac
from collections.abc import Sequence
from typing import Final

from ...ports.client_assertion_reader import ClientAssertionReader
from ...ports.client_repository import ClientRepository
from ...ports.clock import Clock
from ..errors import InvalidClient
from ..identifiers import ClientId
from ..sessions.ratchet import digest
from ..tokens.policy import AccessTokenPolicy
from .client import AuthenticationMethod, Client
from .presented_credential import (
    MAX_ASSERTION_LIFETIME,
    AssertionClaims,
    PresentedAssertion,
    PresentedCredential,
    PresentedId,
    PresentedSecret,
)
from .used_assertions import UsedAssertions

_NO_SECRET: Final = bytes(32)
"""The digest to compare if a client has no secret, so that an unknown client takes as long as a known one."""


class ClientAuthentication:
    """Authenticates the client that makes a request. Every failure raises the same error.

    The audience of an assertion is the URL ``token_endpoint`` or the issuer (RFC 7523 §3).
    """

    def __init__(
        self,
        *,
        clients: ClientRepository,
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
        """Return the client; raises ``InvalidClient`` and ``StoreUnavailable``."""
        match presented:
            case PresentedSecret():
                return await self._by_secret(presented)
            case PresentedAssertion():
                return await self._by_assertion(presented)
            case PresentedId():
                return await self._by_id(presented.client_id)

    async def _by_id(self, client_id: ClientId) -> Client:
        client = await self._clients.find(client_id)
        if client is None or not client.is_public:
            raise InvalidClient
        return client

    async def _by_secret(self, presented: PresentedSecret) -> Client:
        client = await self._clients.find(presented.client_id)
        now, presented_digest = self._clock.now(), digest(presented.secret.encode("utf-8", "surrogatepass"))
        secrets = () if client is None else client.secrets
        stored = [secret.digest for secret in secrets if secret.is_live(now)] or [_NO_SECRET]
        matches = [hmac.compare_digest(presented_digest, each) for each in stored]
        if client is None or client.method is not AuthenticationMethod.SECRET or not any(matches):
            raise InvalidClient
        return client

    async def _by_assertion(self, presented: PresentedAssertion) -> Client:
        client_id = self._assertions.claimed_client(presented.assertion)
        client = await self._clients.find(client_id)
        if client is None or client.jwks is None or presented.client_id not in (None, client_id):
            raise InvalidClient
        claims = self._assertions.verify(presented.assertion, client.jwks)
        now = self._clock.now()
        if not self._is_acceptable(claims, client_id, now):
            raise InvalidClient
        seconds = MAX_ASSERTION_LIFETIME + 2 * self._leeway
        if not self._used.use(client_id, claims.token_id, now=now, seconds=seconds):
            raise InvalidClient
        return client

    def _is_acceptable(self, claims: AssertionClaims, client_id: ClientId, now: float) -> bool:
        """Return whether the claims satisfy the rules of RFC 7523 §3."""
        return (
            claims.issuer == claims.subject == client_id
            and any(each in self._audiences for each in claims.audience)
            and now < claims.expires_at + self._leeway
            and claims.expires_at <= now + MAX_ASSERTION_LIFETIME + self._leeway
            and claims.not_before <= now + self._leeway
        )

"""The client credentials grant: tokens for clients that act for themselves (RFC 6749 §4.4)."""

from collections.abc import Sequence
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ..audience import chosen
from ..audit.events import ClientTokenIssued
from ..identifiers import Subject
from ..overload.timed_queue import TimedQueue
from ..tokens.issuing import AccessTokenIssuer, IssuedAccessToken
from .client import Client, GrantType
from .errors import UnauthorizedClient

CLIENT_TOKENS_AT_ONCE: Final = 8
"""Fewer than the refreshes that sign at the same time: a client that asks too often does not hold them up."""


class ClientCredentialsGrant:
    """Issues access tokens that belong to no session. They end when they expire, or when their key is dropped."""

    def __init__(self, *, issuer: AccessTokenIssuer, queue: TimedQueue, clock: Clock, audit: AuditTrail) -> None:
        self._issuer = issuer
        self._queue = queue
        self._clock = clock
        self._audit = audit

    async def issue(self, client: Client, *, requested_scope: str | None, targets: Sequence[str]) -> IssuedAccessToken:
        """Return an access token for the audiences ``targets``; without targets, for all audiences of the client.

        Raises ``UnauthorizedClient``, ``InvalidScope``, ``InvalidTarget`` (RFC 8707 §2), ``Overloaded`` and
        ``SignerUnavailable``.
        """
        if GrantType.CLIENT_CREDENTIALS not in client.grants or client.is_public:
            raise UnauthorizedClient
        audience = chosen(targets, among=client.audiences)
        scope = client.scope.narrowed_to(requested_scope) if requested_scope else client.scope
        with self._queue.place() as place:
            await place.turn()
            now = self._clock.now()
            issued = await self._issuer.issue(
                subject=Subject(client.client_id),
                client_id=client.client_id,
                scope=scope,
                now=now,
                audience=audience,
            )
        self._audit.record(ClientTokenIssued(at=now, client_id=client.client_id, audience=" ".join(audience)))
        return issued

"""Tokens of clients that act for themselves (RFC 6749 §4.4)."""

from collections.abc import Sequence

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from ...ports.token_codec import TokenCodec
from .. import base64url
from ..audit.events import ClientTokenIssued
from ..identifiers import Subject
from ..keys.lifecycle import KeyLifecycle
from ..tokens.claims import AccessTokenClaims
from ..tokens.issuing import IssuedAccessToken
from ..tokens.policy import AccessTokenPolicy
from .client import Client, GrantType
from .errors import InvalidTarget, UnauthorizedClient

_TOKEN_ID_BYTES = 16


class ClientCredentialsGrant:
    """Signs access tokens that belong to no session: they end when they expire, or their key is dropped."""

    def __init__(
        self,
        *,
        keys: KeyLifecycle,
        codec: TokenCodec,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        policy: AccessTokenPolicy,
    ) -> None:
        self._keys = keys
        self._codec = codec
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._policy = policy

    def issue(self, client: Client, *, requested: str | None, targets: Sequence[str]) -> IssuedAccessToken:
        """Return an access token for the audiences ``targets``, or all of the client's if there are none.

        Raises ``UnauthorizedClient``, ``InvalidScope`` and ``InvalidTarget`` (RFC 8707 §2).
        """
        if GrantType.CLIENT_CREDENTIALS not in client.grants or client.is_public:
            raise UnauthorizedClient
        if not set(targets) <= set(client.audiences):
            raise InvalidTarget
        scope = client.scope.narrowed_to(requested)
        issued_at = int(self._clock.now())
        claims = AccessTokenClaims(
            issuer=self._policy.issuer,
            subject=Subject(client.client_id),
            audience=tuple(dict.fromkeys(targets)) or client.audiences,
            client_id=client.client_id,
            issued_at=issued_at,
            expires_at=issued_at + self._policy.lifetime,
            token_id=base64url.encode(self._randomness.token_bytes(_TOKEN_ID_BYTES)),
            scope=scope,
        )
        text = self._codec.encode(claims, kid=self._keys.signing_kid())
        self._audit.record(ClientTokenIssued(at=self._clock.now(), client_id=client.client_id))
        return IssuedAccessToken(text=text, expires_in=self._policy.lifetime, scope=scope)

"""Registration of clients: add and remove clients, and replace their secrets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ...ports.audit_trail import AuditTrail
from ...ports.client_assertion_reader import ClientAssertionReader
from ...ports.client_repository import ClientRepository
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from .. import base64url
from ..audit.events import ClientAdded, ClientRemoved, ClientSecretRotated
from ..errors import FieldError, InvalidRequest, StoreUnavailable
from ..identifiers import ClientId, Subject
from ..sessions.ratchet import digest
from ..tokens.longest_token import LongestToken
from .client import (
    MAX_JWKS_LENGTH,
    SECRET_BYTES,
    AuthenticationMethod,
    Client,
    ClientSecret,
    GrantType,
    are_audiences,
    client_id_fault,
)
from .errors import ClientNotFound
from .known_clients import KnownClients

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ClientWithSecret:
    """A client, and its new secret if it has one. Only the digest of the secret is stored."""

    client: Client
    secret: str | None = field(repr=False)


class ClientRegistration:
    """Administers the registered clients. ``by`` is the acting user, ``None`` for an operator at the command line."""

    def __init__(
        self,
        *,
        clients: ClientRepository,
        known_clients: KnownClients,
        assertions: ClientAssertionReader,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        longest_token: LongestToken,
    ) -> None:
        self._clients = clients
        self._known_clients = known_clients
        self._assertions = assertions
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._longest_token = longest_token

    async def add(self, client: Client, *, by: Subject | None = None) -> ClientWithSecret:
        """Add a client. Create a secret if the client authenticates with one.

        Raises ``InvalidRequest`` for a contradictory registration and for one whose longest access token does not fit
        into a header, ``AlreadyExists`` and ``StoreUnavailable``.
        """
        self._check(client)
        secret = None
        if client.method is AuthenticationMethod.SECRET:
            secret = self._new_secret()
            client = replace(client, secrets=(ClientSecret(digest(secret.encode())),))
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        await self._clients.add(client)
        self._audit.record(ClientAdded(at=now, client_id=client.client_id, by=by))
        return ClientWithSecret(client, secret)

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        """Return at most ``limit`` clients with ids after ``after``, in the order of the ids."""
        return await self._clients.list_clients(after=after, limit=limit)

    async def rotate_secret(
        self, client_id: ClientId, *, grace: int = 0, by: Subject | None = None
    ) -> ClientWithSecret:
        """Create a new secret for a client. The previous secret is accepted for ``grace`` more seconds, older ones are
        not.

        Raises ``ClientNotFound``, ``InvalidRequest`` for a client that has no secret, and ``StoreUnavailable``.
        """
        secret = self._new_secret()
        for _ in range(_ATTEMPTS):
            client = await self._clients.find(client_id)
            if client is None:
                raise ClientNotFound
            if client.method is not AuthenticationMethod.SECRET:
                raise InvalidRequest("The client has no secret.")
            new = self._renewed_secrets(client, secret, grace)
            if await self._clients.replace_secrets(client_id, expected=client.secrets, new=new):
                self._known_clients.forget(client_id)
                self._audit.record(ClientSecretRotated(at=self._clock.now(), client_id=client_id, by=by))
                return ClientWithSecret(replace(client, secrets=new), secret)
        raise StoreUnavailable("The client's secret is being replaced by other requests; try again.")

    async def remove(self, client_id: ClientId, *, by: Subject | None = None) -> None:
        """Remove a client. It can no longer authenticate, and its sessions cannot be refreshed.

        Raises ``ClientNotFound`` and ``StoreUnavailable``.
        """
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        if not await self._clients.remove(client_id):
            raise ClientNotFound
        self._known_clients.forget(client_id)
        self._audit.record(ClientRemoved(at=now, client_id=client_id, by=by))

    def _renewed_secrets(self, client: Client, secret: str, grace: int) -> tuple[ClientSecret, ...]:
        newest = ClientSecret(digest(secret.encode()))
        if not grace or not client.secrets:
            return (newest,)
        return (newest, ClientSecret(client.secrets[0].digest, int(self._clock.now()) + grace))

    def _new_secret(self) -> str:
        return base64url.encode(self._randomness.token_bytes(SECRET_BYTES))

    def _check(self, client: Client) -> None:
        """Raise ``InvalidRequest`` if the registration contradicts itself, or all would refuse its longest token."""
        faults = [FieldError(name, fault) for name, (wrong, fault) in _checks(client).items() if wrong]
        faults = faults or list(self._token_faults(client))
        if faults:
            raise InvalidRequest("A field is missing or wrong.", errors=faults)
        if client.jwks is not None:
            if len(client.jwks) > MAX_JWKS_LENGTH:
                fault = f"must have at most {MAX_JWKS_LENGTH:,} characters as JSON; leave out keys that are not used"
                raise InvalidRequest("A field is missing or wrong.", errors=[FieldError("jwks", fault)])
            self._assertions.check_keys(client.jwks)

    def _token_faults(self, client: Client) -> Iterator[FieldError]:
        surplus = self._longest_token.surplus(client_id=client.client_id, scope=client.scope, audience=client.audiences)
        if surplus:
            yield FieldError(
                "audiences",
                f"make the longest access token {surplus:,} bytes too long for a header; shorten the audiences or the"
                " scope by as much",
            )


def _checks(client: Client) -> dict[str, tuple[bool, str]]:
    """Return for each field whether it is wrong, and the message in that case."""
    has_keys = client.method is AuthenticationMethod.PRIVATE_KEY_JWT
    acts_for_itself = GrantType.CLIENT_CREDENTIALS in client.grants
    return {
        "client_id": (
            (client_id_error := client_id_fault(client.client_id)) is not None,
            client_id_error or "",
        ),
        "grants": (
            (not client.is_public and not client.grants and not client.introspects)
            or (client.is_public and (acts_for_itself or not client.grants)),
            "must be refresh_token, client_credentials or both; a public client has refresh_token only",
        ),
        "audiences": (
            not are_audiences(client.audiences) or (acts_for_itself and not client.audiences),
            "must be up to 20 texts of 1 to 255 visible ASCII characters, not #; at least one for client_credentials",
        ),
        "introspects": (
            not are_audiences(client.introspects) or (client.is_public and bool(client.introspects)),
            "must be up to 20 texts of 1 to 255 visible ASCII characters, not #; none for a public client",
        ),
        "jwks": ((client.jwks is not None) != has_keys, "is required for private_key_jwt, and not allowed without it"),
    }

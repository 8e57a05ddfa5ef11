"""OAuth: the clients, how they authenticate, and what they may ask for."""

from dependency_injector import providers

from ..adapters.http.server_metadata import TOKEN_PATH, ServerMetadata
from ..adapters.jose.client_assertions import ALGORITHMS, JoseClientAssertions
from ..adapters.memory.used_assertions import MemoryUsedAssertions
from ..domain.services.client_authentication import ClientAuthentication
from ..domain.services.client_credentials import ClientCredentials
from ..domain.services.clients import Clients
from ..domain.services.introspection import Introspection
from ..domain.services.token_revocation import TokenRevocation
from ..ports.client_assertions import ClientAssertions, UsedAssertions
from .ground import Ground
from .keys import Keys
from .records import Records
from .tokens import TokenServices


def _token_endpoint(issuer: str) -> str:
    return issuer.rstrip("/") + TOKEN_PATH


class OAuthServices(TokenServices):
    """They serve clients, and those who register them."""

    client_assertions: providers.Provider[ClientAssertions] = providers.Singleton(JoseClientAssertions)
    used_assertions: providers.Provider[UsedAssertions] = providers.Singleton(MemoryUsedAssertions)
    clients = providers.Singleton(
        Clients,
        clients=Records.stores.clients,
        assertions=client_assertions,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
    )
    client_authentication = providers.Singleton(
        ClientAuthentication,
        clients=Records.stores.clients,
        assertions=client_assertions,
        used=used_assertions,
        clock=Ground.clock,
        policy=Ground.access_tokens,
        token_endpoint=providers.Callable(_token_endpoint, Ground.settings.provided.issuer),
    )
    client_credentials = providers.Singleton(
        ClientCredentials,
        keys=Keys.keys,
        codec=Keys.codec,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
        policy=Ground.access_tokens,
    )
    introspection = providers.Singleton(
        Introspection,
        sessions=Records.stores.sessions,
        users=Records.stores.users,
        validation=TokenServices.validation,
        throttling=TokenServices.throttling,
        clock=Ground.clock,
        policy=Ground.session_policy,
    )
    token_revocation = providers.Singleton(
        TokenRevocation,
        sessions=Records.stores.sessions,
        revocation=TokenServices.revocation,
        validation=TokenServices.validation,
        clock=Ground.clock,
        audit=Records.audit,
    )
    server_metadata = providers.Singleton(ServerMetadata, Ground.settings.provided.issuer, algorithms=ALGORITHMS)

"""OAuth: the clients, how they authenticate, and what they may ask for."""

from dependency_injector import providers

from ..adapters.http.api.oauth_token import TOKEN_PATH
from ..adapters.http.api.server_metadata import ServerMetadata
from ..adapters.jose.client_assertions import ALGORITHMS, JoseClientAssertionReader
from ..domain.clients.authentication import ClientAuthentication
from ..domain.clients.client_credentials import ClientCredentialsGrant
from ..domain.clients.introspection import Introspection
from ..domain.clients.registration import ClientRegistration
from ..domain.clients.token_revocation import TokenRevocation
from ..domain.clients.used_assertions import UsedAssertions
from ..ports.client_assertion_reader import ClientAssertionReader
from .container_ground import Ground
from .container_keys import Keys
from .container_records import Records
from .container_tokens import TokenServices


def _token_endpoint(issuer: str) -> str:
    return issuer.rstrip("/") + TOKEN_PATH


class OAuthServices(TokenServices):
    """They serve clients, and those who register them."""

    client_assertions: providers.Provider[ClientAssertionReader] = providers.Singleton(JoseClientAssertionReader)
    used_assertions = providers.Singleton(UsedAssertions)
    clients = providers.Singleton(
        ClientRegistration,
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
        ClientCredentialsGrant,
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
        introspection_limit=TokenServices.introspection_limit,
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

"""The parts list: which adapter serves which port, and what each part is made of; a file for each subject."""

from dependency_injector import providers

from ...adapters.http.application import HttpServices
from ...adapters.http.requests.device_cookie import DeviceCookie
from ..container_accounts import AccountServices
from ..container_ground import Ground
from ..container_keys import Keys
from ..container_oauth import OAuthServices
from ..container_sessions import SessionServices
from ..container_tokens import TokenServices
from ..telemetry import observers


class Container(AccountServices, SessionServices, OAuthServices):
    """The service: the parts of every subject, each under its own name."""

    http_services = providers.Singleton(
        HttpServices,
        authentication=AccountServices.authentication,
        rotation=SessionServices.rotation,
        revocation=TokenServices.revocation,
        validation=TokenServices.validation,
        sessions=SessionServices.sessions,
        accounts=AccountServices.accounts,
        administration=AccountServices.administration,
        explanation=SessionServices.explanation,
        password_change=AccountServices.password_change,
        default_scope=Ground.settings.provided.default_scope,
        clients=OAuthServices.clients,
        client_authentication=OAuthServices.client_authentication,
        client_credentials=OAuthServices.client_credentials,
        introspection=OAuthServices.introspection,
        token_revocation=OAuthServices.token_revocation,
        server_metadata=OAuthServices.server_metadata,
        codec=Keys.codec,
        feed=TokenServices.feed,
        clock=Ground.clock,
        jwks_max_age=Ground.settings.provided.jwks_max_age,
        device_cookie=providers.Factory(
            DeviceCookie,
            max_age=Ground.settings.provided.device_ttl,
            secure=Ground.settings.provided.is_public,
        ),
        trusted_proxies=Ground.settings.provided.trusted_proxies,
        body_timeout=Ground.settings.provided.body_timeout,
        issuer=Ground.settings.provided.issuer,
        docs=Ground.settings.provided.docs,
        cors_origins=Ground.settings.provided.cors_origins,
        telemetry=Ground.telemetry,
        observers=providers.Singleton(observers, Ground.telemetry, traces=Ground.settings.provided.traces),
    )

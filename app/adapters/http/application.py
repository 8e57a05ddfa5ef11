"""The aiohttp application."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from ... import VERSION
from ...domain.clients.authentication import ClientAuthentication
from ...domain.clients.client_credentials import ClientCredentialsGrant
from ...domain.clients.introspection import Introspection
from ...domain.clients.registration import ClientRegistration
from ...domain.clients.token_revocation import TokenRevocation
from ...domain.login.accounts import Accounts
from ...domain.login.administration import Administration
from ...domain.login.authentication import Authentication
from ...domain.login.password_change import PasswordChange
from ...domain.scope import Scope
from ...domain.sessions.explanation import Explanation
from ...domain.sessions.revocation import Revocation
from ...domain.sessions.rotation import Rotation
from ...domain.sessions.subject_sessions import Sessions
from ...domain.tokens.revocation_feed import RevocationFeed
from ...domain.tokens.validation import Validation
from ...ports.clock import Clock
from ...ports.telemetry import Telemetry
from ...ports.token_codec import TokenCodec
from ..guards.aiohttp import Guard
from .api.account import SESSIONS
from .api.admin_clients import CLIENTS
from .api.admin_sessions import EXPLANATION
from .api.admin_users import ACCOUNTS, ADMINISTRATION, DEFAULT_SCOPE
from .api.docs import PAGE_ROUTES
from .api.introspection import INTROSPECTION
from .api.oauth_token import CLIENT_CREDENTIALS
from .api.password import PASSWORD_CHANGE
from .api.revoked_sessions import FEED_DOCUMENTS, FeedDocuments
from .api.server_metadata import SERVER_METADATA, ServerMetadata
from .api.sign_in import AUTHENTICATION, DEVICE_COOKIE, REVOCATION, ROTATION, VALIDATION
from .api.table import ROUTES
from .api.token_revocation import TOKEN_REVOCATION
from .api.well_known import JWK_SET, JWKS_MAX_AGE, JwkSetDocument
from .openapi.document import OPENAPI, OpenApiDocument
from .requests.body import BODY_TIMEOUT
from .requests.client_address import TRUSTED_PROXIES, Network
from .requests.client_authentication import CLIENT_AUTHENTICATION
from .requests.device_cookie import DeviceCookie
from .requests.fields import MAX_BYTES
from .server.cors import CrossOrigin
from .server.edge import edge
from .server.readiness import READINESS, Readiness
from .server.request_metrics import TELEMETRY, counting_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServices:
    """What the handlers call. ``jwks_max_age`` and ``body_timeout`` are seconds; ``docs`` is whether there is a page
    that shows the API, ``cors_origins`` are the web pages that may use it; ``observers`` see each request before any
    other middleware, and each answer after it.
    """

    authentication: Authentication
    rotation: Rotation
    revocation: Revocation
    validation: Validation
    sessions: Sessions
    accounts: Accounts
    administration: Administration
    explanation: Explanation
    password_change: PasswordChange
    default_scope: Scope
    clients: ClientRegistration
    client_authentication: ClientAuthentication
    client_credentials: ClientCredentialsGrant
    introspection: Introspection
    token_revocation: TokenRevocation
    server_metadata: ServerMetadata
    codec: TokenCodec
    feed: RevocationFeed
    clock: Clock
    jwks_max_age: int
    device_cookie: DeviceCookie
    trusted_proxies: tuple[Network, ...] | None
    body_timeout: float
    issuer: str
    docs: bool
    cors_origins: tuple[str, ...] | None
    telemetry: Telemetry
    observers: Sequence[Middleware]


def build_application(services: HttpServices) -> web.Application:
    """Return the application, guarded by its own guard."""
    app = web.Application(middlewares=[*services.observers, edge], client_max_size=MAX_BYTES)
    app[READINESS] = Readiness()
    app[TELEMETRY] = services.telemetry
    app[AUTHENTICATION] = services.authentication
    app[ROTATION] = services.rotation
    app[REVOCATION] = services.revocation
    app[VALIDATION] = services.validation
    app[SESSIONS] = services.sessions
    app[ACCOUNTS] = services.accounts
    app[ADMINISTRATION] = services.administration
    app[EXPLANATION] = services.explanation
    app[PASSWORD_CHANGE] = services.password_change
    app[DEFAULT_SCOPE] = services.default_scope
    app[CLIENTS] = services.clients
    app[CLIENT_AUTHENTICATION] = services.client_authentication
    app[CLIENT_CREDENTIALS] = services.client_credentials
    app[INTROSPECTION] = services.introspection
    app[TOKEN_REVOCATION] = services.token_revocation
    app[SERVER_METADATA] = services.server_metadata
    app[JWK_SET] = JwkSetDocument(services.codec)
    app[JWKS_MAX_AGE] = services.jwks_max_age
    app[FEED_DOCUMENTS] = FeedDocuments(services.feed, services.clock)
    app[DEVICE_COOKIE] = services.device_cookie
    app[TRUSTED_PROXIES] = services.trusted_proxies or ()
    app[BODY_TIMEOUT] = services.body_timeout
    operations = (*ROUTES, *PAGE_ROUTES) if services.docs else ROUTES
    app[OPENAPI] = OpenApiDocument(operations, issuer=services.issuer, version=VERSION)
    if services.cors_origins:
        CrossOrigin(services.cors_origins).admit(app)
    Guard(services.validation, render=counting_refusals(services.telemetry)).protect(app)
    app.add_routes(operations)
    return app

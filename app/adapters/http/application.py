"""The aiohttp application."""

from dataclasses import dataclass

from aiohttp import web

from ... import VERSION
from ...domain.model.scope import Scope
from ...domain.services.accounts import Accounts
from ...domain.services.administration import Administration
from ...domain.services.authentication import Authentication
from ...domain.services.explanation import Explanation
from ...domain.services.password_change import PasswordChange
from ...domain.services.revocation import Revocation
from ...domain.services.revocation_feed import RevocationFeed
from ...domain.services.rotation import Rotation
from ...domain.services.sessions import Sessions
from ...domain.services.validation import Validation
from ...ports.clock import Clock
from ...ports.token_codec import TokenCodec
from .account import SESSIONS
from .admin_sessions import EXPLANATION
from .admin_users import ACCOUNTS, ADMINISTRATION, DEFAULT_SCOPE
from .cors import CrossOrigin
from .edge import edge
from .guard import Guard
from .openapi.document import OPENAPI, OpenApiDocument
from .password import PASSWORD_CHANGE
from .readiness import READINESS, Readiness
from .request_body import BODY_TIMEOUT, MAX_BYTES
from .revoked_sessions import FEED_DOCUMENTS, FeedDocuments
from .routes import PAGE, ROUTES
from .tokens import AUTHENTICATION, REVOCATION, ROTATION, VALIDATION
from .well_known import JWK_SET, JWKS_MAX_AGE, JwkSetDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServices:
    """What the handlers call. ``jwks_max_age`` and ``body_timeout`` are seconds; ``docs`` is whether there is a page
    that shows the API, ``cors_origins`` are the web pages that may use it.
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
    codec: TokenCodec
    feed: RevocationFeed
    clock: Clock
    jwks_max_age: int
    body_timeout: float
    issuer: str
    docs: bool
    cors_origins: tuple[str, ...] | None


def build_application(services: HttpServices) -> web.Application:
    """Return the application, guarded by its own guard."""
    app = web.Application(middlewares=[edge], client_max_size=MAX_BYTES)
    app[READINESS] = Readiness()
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
    app[JWK_SET] = JwkSetDocument(services.codec)
    app[JWKS_MAX_AGE] = services.jwks_max_age
    app[FEED_DOCUMENTS] = FeedDocuments(services.feed, services.clock)
    app[BODY_TIMEOUT] = services.body_timeout
    operations = (*ROUTES, *PAGE) if services.docs else ROUTES
    app[OPENAPI] = OpenApiDocument(operations, issuer=services.issuer, version=VERSION)
    if services.cors_origins:
        CrossOrigin(services.cors_origins).admit(app)
    Guard(services.validation).protect(app)
    app.add_routes(operations)
    return app

"""The aiohttp application."""

from dataclasses import dataclass

from aiohttp import web

from ...domain.services.authentication import Authentication
from ...domain.services.revocation import Revocation
from ...domain.services.revocation_feed import RevocationFeed
from ...domain.services.rotation import Rotation
from ...domain.services.sessions import Sessions
from ...domain.services.validation import Validation
from ...ports.clock import Clock
from ...ports.token_codec import TokenCodec
from .account import SESSIONS
from .edge import edge
from .guard import Guard
from .readiness import READINESS, Readiness
from .request_body import BODY_TIMEOUT, MAX_BYTES
from .revoked_sessions import FEED_DOCUMENTS, FeedDocuments
from .routes import ROUTES
from .tokens import AUTHENTICATION, REVOCATION, ROTATION, VALIDATION
from .well_known import JWK_SET, JWKS_MAX_AGE, JwkSetDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpServices:
    """What the handlers call. ``jwks_max_age`` and ``body_timeout`` are seconds."""

    authentication: Authentication
    rotation: Rotation
    revocation: Revocation
    validation: Validation
    sessions: Sessions
    codec: TokenCodec
    feed: RevocationFeed
    clock: Clock
    jwks_max_age: int
    body_timeout: float


def build_application(services: HttpServices) -> web.Application:
    """Return the application, guarded by its own guard."""
    app = web.Application(middlewares=[edge], client_max_size=MAX_BYTES)
    app[READINESS] = Readiness()
    app[AUTHENTICATION] = services.authentication
    app[ROTATION] = services.rotation
    app[REVOCATION] = services.revocation
    app[VALIDATION] = services.validation
    app[SESSIONS] = services.sessions
    app[JWK_SET] = JwkSetDocument(services.codec)
    app[JWKS_MAX_AGE] = services.jwks_max_age
    app[FEED_DOCUMENTS] = FeedDocuments(services.feed, services.clock)
    app[BODY_TIMEOUT] = services.body_timeout
    Guard(services.validation).protect(app)
    app.add_routes(ROUTES)
    return app

"""What the HTTP handlers use: each part of the service, under the key by which a handler finds it."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ..adapters.http.api.account import SESSIONS
from ..adapters.http.api.admin_activity import ACTIVITY
from ..adapters.http.api.admin_clients import CLIENTS
from ..adapters.http.api.admin_keys import KEYS
from ..adapters.http.api.admin_sessions import EXPLANATION
from ..adapters.http.api.admin_users import ACCOUNTS, ADMINISTRATION, DEFAULT_SCOPE
from ..adapters.http.api.introspection import INTROSPECTION
from ..adapters.http.api.jwks import JWK_SET, JWKS_MAX_AGE, PublishedJwkSet
from ..adapters.http.api.login import AUTHENTICATION, DEVICE_COOKIE, DeviceCookie
from ..adapters.http.api.logout import LOGOUT
from ..adapters.http.api.oauth_token import CLIENT_CREDENTIALS, TOKEN_REQUEST_LIMIT
from ..adapters.http.api.password import PASSWORD_CHANGE
from ..adapters.http.api.refresh import ROTATION
from ..adapters.http.api.revoked_sessions import PUBLISHED_FEEDS, PublishedFeeds
from ..adapters.http.api.server_metadata import SERVER_METADATA
from ..adapters.http.api.token_revocation import TOKEN_REVOCATION
from ..adapters.http.application import VALIDATION
from ..adapters.http.requests.body import BODY_TIMEOUT
from ..adapters.http.requests.client_address import CLIENT_ADDRESSES, ClientAddresses
from ..adapters.http.requests.client_authentication import CLIENT_AUTHENTICATION
from ..adapters.http.requests.patience import REFRESH_SECONDS
from ..adapters.http.response_headers import prepared
from ..adapters.http.server.door import DOOR, Door
from ..adapters.http.server.request_metrics import TELEMETRY
from .container import Container


def http_services(container: Container) -> Mapping[web.AppKey[Any], Any]:
    """Return the parts of ``container``, and the settings, that the handlers find in ``request.app``."""
    settings = container.settings()
    return {
        TELEMETRY: container.telemetry(),
        AUTHENTICATION: container.authentication(),
        ROTATION: container.rotation(),
        VALIDATION: container.validation(),
        LOGOUT: container.logout(),
        SESSIONS: container.subject_sessions(),
        ACCOUNTS: container.accounts(),
        ADMINISTRATION: container.administration(),
        EXPLANATION: container.explanation(),
        PASSWORD_CHANGE: container.password_change(),
        DEFAULT_SCOPE: settings.default_scope,
        CLIENTS: container.client_registration(),
        KEYS: container.key_administration(),
        ACTIVITY: container.activity(),
        CLIENT_AUTHENTICATION: container.client_authentication(),
        CLIENT_CREDENTIALS: container.client_credentials_grant(),
        TOKEN_REQUEST_LIMIT: container.token_request_limit(),
        INTROSPECTION: container.introspection(),
        TOKEN_REVOCATION: container.token_revocation(),
        SERVER_METADATA: container.server_metadata(),
        JWK_SET: PublishedJwkSet(container.token_codec()),
        JWKS_MAX_AGE: settings.jwks_max_age,
        PUBLISHED_FEEDS: PublishedFeeds(container.revocation_feed(), container.clock()),
        DEVICE_COOKIE: DeviceCookie(
            max_age=settings.device_ttl, secure=settings.is_public, issuer_path=settings.issuer_path
        ),
        CLIENT_ADDRESSES: ClientAddresses(settings.trusted_networks),
        BODY_TIMEOUT: settings.body_timeout,
        REFRESH_SECONDS: settings.refresh_timeout,
        DOOR: Door(
            container.refresh_room(),
            container.client_credentials_queue(),
            retry_after=settings.longest_retry_after,
            headers=prepared({}),
            cross_origin=bool(settings.cors_origins),
        ),
    }

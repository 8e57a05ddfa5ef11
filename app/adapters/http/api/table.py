"""The route table: all routes that are always served, in the order of the OpenAPI document."""

from typing import Final

from . import (
    account,
    admin_activity,
    admin_clients,
    admin_keys,
    admin_sessions,
    admin_users,
    docs,
    health,
    introspection,
    jwks,
    login,
    logout,
    oauth_token,
    password,
    refresh,
    revoked_sessions,
    root,
    server_metadata,
    token_revocation,
)

ROUTES: Final = (
    *login.ROUTES,
    *refresh.ROUTES,
    *logout.ROUTES,
    *account.ROUTES,
    *password.ROUTES,
    *admin_users.ROUTES,
    *admin_sessions.ROUTES,
    *admin_clients.ROUTES,
    *admin_keys.ROUTES,
    *admin_activity.ROUTES,
    *oauth_token.ROUTES,
    *introspection.ROUTES,
    *token_revocation.ROUTES,
    *server_metadata.ROUTES,
    *jwks.ROUTES,
    *revoked_sessions.ROUTES,
    *root.ROUTES,
    *health.ROUTES,
    *docs.ROUTES,
)

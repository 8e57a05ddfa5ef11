"""The route table: what is served, and what the OpenAPI document says of it."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from ...domain.errors import (
    AlreadyExists,
    InvalidCredentials,
    InvalidGrant,
    InvalidScope,
    InvalidToken,
    MissingToken,
    SessionNotFound,
    Unavailable,
    UserNotFound,
    WrongCurrentPassword,
)
from . import account, admin_sessions, admin_users, docs, health, password, revoked_sessions, tokens, well_known
from .openapi.document import openapi
from .operation import NO_CONTENT, Gives, Operation, Takes, document
from .paging import PAGE_QUERY

ROUTES: Final = (
    Operation(
        "POST",
        "/auth/login",
        tokens.login,
        takes=Takes(tokens.LoginRequest),
        gives=Gives(tokens.TokenResponse),
        fails=(InvalidCredentials, InvalidScope, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/refresh",
        tokens.refresh,
        takes=Takes(tokens.RefreshRequest),
        gives=Gives(tokens.TokenResponse),
        fails=(InvalidGrant, InvalidScope, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/logout",
        tokens.logout,
        takes=Takes(tokens.LogoutRequest, required=False),
        gives=NO_CONTENT,
        fails=(MissingToken, InvalidToken, Unavailable),
        token_optional=True,
    ),
    Operation("GET", "/auth/me", account.me, gives=Gives(account.Caller)),
    Operation(
        "GET",
        "/auth/sessions",
        account.list_sessions,
        gives=Gives(account.SessionList),
        fails=(Unavailable,),
    ),
    Operation(
        "DELETE",
        "/auth/sessions",
        account.end_sessions,
        gives=NO_CONTENT,
        fails=(Unavailable,),
    ),
    Operation(
        "DELETE",
        "/auth/sessions/{sid}",
        account.end_session,
        gives=NO_CONTENT,
        fails=(SessionNotFound, Unavailable),
    ),
    Operation(
        "PUT",
        "/auth/password",
        password.change_password,
        takes=Takes(password.PasswordChangeRequest),
        gives=NO_CONTENT,
        fails=(WrongCurrentPassword, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users",
        admin_users.list_users,
        query=PAGE_QUERY,
        gives=Gives(admin_users.UserPage),
        fails=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/users",
        admin_users.create_user,
        takes=Takes(admin_users.NewUserRequest),
        gives=Gives(admin_users.UserEntry, status=HTTPStatus.CREATED),
        fails=(AlreadyExists, InvalidScope, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}",
        admin_users.show_user,
        gives=Gives(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/disable",
        admin_users.disable_user,
        gives=Gives(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/enable",
        admin_users.enable_user,
        gives=Gives(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "PUT",
        "/admin/users/{sub}/password",
        admin_users.set_password,
        takes=Takes(admin_users.NewPasswordRequest),
        gives=NO_CONTENT,
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}/sessions",
        admin_users.list_user_sessions,
        gives=Gives(account.SessionList),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/users/{sub}/sessions/{sid}",
        admin_users.end_user_session,
        gives=NO_CONTENT,
        fails=(SessionNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/sessions/{sid}",
        admin_sessions.explain_session,
        gives=Gives(admin_sessions.SessionTimeline),
        fails=(SessionNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/.well-known/jwks.json",
        well_known.jwks,
        gives=document(well_known.JwkSet, well_known.JWK_SET_JSON),
    ),
    Operation(
        "GET",
        "/.well-known/revoked-sessions",
        revoked_sessions.revoked_sessions,
        query=(revoked_sessions.SINCE,),
        gives=document(bytes, "application/jwt"),
    ),
    Operation("GET", "/livez", health.livez, gives=Gives(health.Health)),
    Operation(
        "GET",
        "/readyz",
        health.readyz,
        gives=(Gives(health.Health), Gives(health.Health, status=HTTPStatus.SERVICE_UNAVAILABLE)),
    ),
    Operation("GET", "/openapi.json", openapi, gives=document(dict)),
)

PAGE: Final = (
    Operation("GET", "/docs", docs.page, gives=document(str, "text/html")),
    Operation("GET", "/docs/{asset}", docs.page_asset, gives=document(bytes, "*/*"), fails=(web.HTTPNotFound,)),
)
"""The page that shows the document, where it is wanted."""

"""Signing in, and the caller's own account: ``/auth``."""

from typing import Final

from ....domain.errors import InvalidCredentials, TooManyAttempts, Unavailable, WrongCurrentPassword
from ....domain.grant_errors import InvalidGrant, InvalidScope
from ....domain.identifier_errors import SessionNotFound
from ....domain.token_errors import InvalidToken, MissingToken
from .. import account, password, tokens
from ..operation import NO_CONTENT, Gives, Operation, Takes

ACCOUNT_ROUTES: Final = (
    Operation(
        "POST",
        "/auth/login",
        tokens.login,
        takes=Takes(tokens.LoginRequest),
        gives=Gives(tokens.TokenResponse),
        fails=(InvalidCredentials, InvalidScope, TooManyAttempts, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/refresh",
        tokens.refresh,
        takes=Takes(tokens.RefreshRequest),
        gives=Gives(tokens.TokenResponse),
        fails=(InvalidGrant, InvalidScope, TooManyAttempts, Unavailable),
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
        fails=(WrongCurrentPassword, TooManyAttempts, Unavailable),
    ),
)

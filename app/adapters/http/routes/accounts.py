"""Signing in, and the caller's own account: ``/auth``."""

from typing import Final

from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.login.errors import InvalidCredentials, WrongCurrentPassword
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import InvalidGrant, SessionNotFound
from ....domain.tokens.errors import InvalidToken, MissingToken
from ..api import account, password
from ..api import sign_in as tokens
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec

ACCOUNT_ROUTES: Final = (
    Operation(
        "POST",
        "/auth/login",
        tokens.login,
        takes=RequestSpec(tokens.LoginRequest),
        gives=ResponseSpec(tokens.TokenResponse),
        fails=(InvalidCredentials, InvalidScope, TooManyAttempts, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/refresh",
        tokens.refresh,
        takes=RequestSpec(tokens.RefreshRequest),
        gives=ResponseSpec(tokens.TokenResponse),
        fails=(InvalidGrant, InvalidScope, TooManyAttempts, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/logout",
        tokens.logout,
        takes=RequestSpec(tokens.LogoutRequest, required=False),
        gives=NO_CONTENT,
        fails=(MissingToken, InvalidToken, Unavailable),
        token_optional=True,
    ),
    Operation("GET", "/auth/me", account.me, gives=ResponseSpec(account.Caller)),
    Operation(
        "GET",
        "/auth/sessions",
        account.list_sessions,
        gives=ResponseSpec(account.SessionList),
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
        takes=RequestSpec(password.PasswordChangeRequest),
        gives=NO_CONTENT,
        fails=(WrongCurrentPassword, TooManyAttempts, Unavailable),
    ),
)

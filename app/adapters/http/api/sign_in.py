"""Sign-in, refresh and sign-out: ``/auth/login``, ``/auth/refresh``, ``/auth/logout``."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypedDict

from aiohttp import web

from ....domain.errors import InvalidClient, TooManyAttempts, Unavailable
from ....domain.identifiers import FIRST_PARTY
from ....domain.login.authentication import Authentication
from ....domain.login.errors import InvalidCredentials
from ....domain.login.user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH
from ....domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import InvalidGrant
from ....domain.sessions.issuing import IssuedTokens
from ....domain.sessions.revocation import Revocation
from ....domain.sessions.rotation import Rotation
from ....domain.tokens.errors import InvalidToken, MissingToken
from ....domain.tokens.validation import Validation
from ...guards.aiohttp import public
from ...guards.token_sources import BearerHeader
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec
from ..requests.body import read_json
from ..requests.device_cookie import DeviceCookie
from ..requests.fields import text
from ..requests.requester import requester
from ..responses import json_response, no_content
from ..server.connection import while_connected
from ..server.request_metrics import TELEMETRY

AUTHENTICATION: Final = web.AppKey("keyturn_authentication", Authentication)
ROTATION: Final = web.AppKey("keyturn_rotation", Rotation)
REVOCATION: Final = web.AppKey("keyturn_revocation", Revocation)
DEVICE_COOKIE: Final = web.AppKey("keyturn_device_cookie", DeviceCookie)
VALIDATION: Final = web.AppKey("keyturn_validation", Validation)

_MAX_TOKEN_LENGTH: Final = 1_024
_MAX_SCOPE_LENGTH: Final = 8 * 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """The body of ``/auth/login``."""

    username: str = text(max_length=MAX_USERNAME_LENGTH)
    password: str = text(max_length=MAX_PASSWORD_LENGTH, secret=True)
    scope: Annotated[str | None, "Scope tokens, separated by spaces. Without it, the whole scope of the user."] = text(
        min_length=0, max_length=MAX_SCOPE_LENGTH, required=False
    )
    device_token: Annotated[
        str | None, "The value of the cookie keyturn_device, from a client that keeps no cookies."
    ] = text(min_length=0, max_length=_MAX_TOKEN_LENGTH, required=False, secret=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest:
    """The body of ``/auth/refresh``."""

    refresh_token: str = text(max_length=_MAX_TOKEN_LENGTH, secret=True)
    # The domain checks the scope, after the token: a wrong scope must not hide reuse.
    scope: Annotated[str | None, "A smaller scope for the new access token. The session keeps its scope."] = text(
        min_length=0, max_length=_MAX_SCOPE_LENGTH, required=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """The body of ``/auth/logout``. A request may have no body."""

    refresh_token: Annotated[
        str | None, "Any refresh token of the session. Without it, the access token in the header names the session."
    ] = text(max_length=_MAX_TOKEN_LENGTH, required=False, secret=True)


class TokenResponse(TypedDict):
    """The token response of RFC 6749 §5.1."""

    access_token: Annotated[str, "A JWS of RFC 9068, signed with RS256."]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, "Lifetime of the access token, in seconds."]
    refresh_token: Annotated[str, "The session's current refresh token; it replaces the one presented."]
    refresh_token_expires_in: Annotated[int, "Seconds until the session ends if there is no refresh."]
    scope: Annotated[str, "The granted scope tokens, separated by spaces."]


@public
async def login(request: web.Request) -> web.Response:
    """Sign a user in with username and password."""
    body = await read_json(request, LoginRequest)
    cookie = request.app[DEVICE_COOKIE]
    with while_connected(request):
        signed_in = await request.app[AUTHENTICATION].sign_in(
            body.username,
            body.password,
            client_id=FIRST_PARTY,
            requested=body.scope,
            requester=requester(request),
            device_token=body.device_token or cookie.read(request),
        )
    response = token_response(signed_in.tokens)
    cookie.write(response, signed_in.device_token)
    return response


@public
async def refresh(request: web.Request) -> web.Response:
    """Exchange a refresh token for its successor and a new access token (RFC 6749 §6)."""
    body = await read_json(request, RefreshRequest)
    try:
        tokens = await request.app[ROTATION].rotate(body.refresh_token, client_id=FIRST_PARTY, requested=body.scope)
    except (InvalidGrant, InvalidClient, InvalidScope) as refusal:
        request.app[TELEMETRY].tokens_refused(refusal)
        raise
    return token_response(tokens)


@public
async def logout(request: web.Request) -> web.Response:
    """End the session of the refresh token in the body. Without one, end that of the access token in the header."""
    body = await read_json(request, LogoutRequest) if request.can_read_body else LogoutRequest()
    revocation = request.app[REVOCATION]
    if body.refresh_token is not None:
        await revocation.log_out_with_refresh_token(body.refresh_token, client_id=FIRST_PARTY)
        return no_content()
    try:
        claims = request.app[VALIDATION].validate(BearerHeader().token(request))
    except InvalidToken:
        return no_content()
    await revocation.log_out_with_access_token(claims, client_id=FIRST_PARTY)
    return no_content()


def token_response(tokens: IssuedTokens) -> web.Response:
    """Return the token response of RFC 6749 §5.1."""
    response: TokenResponse = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "refresh_token_expires_in": tokens.refresh_token_expires_in,
        "scope": str(tokens.scope),
    }
    return json_response(response)


ROUTES: Final = (
    Operation(
        "POST",
        "/auth/login",
        login,
        request=RequestSpec(LoginRequest),
        responses=ResponseSpec(TokenResponse),
        errors=(InvalidCredentials, InvalidScope, TooManyAttempts, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/refresh",
        refresh,
        request=RequestSpec(RefreshRequest),
        responses=ResponseSpec(TokenResponse),
        errors=(InvalidGrant, InvalidScope, TooManyAttempts, Unavailable),
    ),
    Operation(
        "POST",
        "/auth/logout",
        logout,
        request=RequestSpec(LogoutRequest, required=False),
        responses=NO_CONTENT,
        errors=(MissingToken, InvalidToken, Unavailable),
        token_optional=True,
    ),
)

"""Signing in, refreshing and signing out: ``/auth/login``, ``/auth/refresh``, ``/auth/logout``."""

from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web

from ...domain.errors import InvalidToken
from ...domain.model.grant import TokenGrant
from ...domain.model.identifiers import FIRST_PARTY
from ...domain.model.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ...domain.model.session import Origin
from ...domain.model.user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH
from ...domain.services.authentication import Authentication
from ...domain.services.revocation import Revocation
from ...domain.services.rotation import Rotation
from ...domain.services.validation import Validation
from .answers import json_response, no_content
from .bearer import BearerHeader
from .guard import public
from .request_body import MAX_BYTES
from .request_model import read, text

AUTHENTICATION: Final = web.AppKey("keyturn_authentication", Authentication)
ROTATION: Final = web.AppKey("keyturn_rotation", Rotation)
REVOCATION: Final = web.AppKey("keyturn_revocation", Revocation)
VALIDATION: Final = web.AppKey("keyturn_validation", Validation)

_MAX_DEVICE_LENGTH: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """The body of ``/auth/login``."""

    username: str = text(most=MAX_USERNAME_LENGTH)
    password: str = text(most=MAX_PASSWORD_LENGTH, secret=True)
    scope: str | None = text(least=0, most=MAX_SCOPE_LENGTH, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest:
    """The body of ``/auth/refresh``."""

    refresh_token: str = text(most=MAX_BYTES, secret=True)
    # Whatever is wrong with the scope is said after the token was judged: a bad scope never hides reuse.
    scope: str | None = text(least=0, most=MAX_BYTES, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """The body of ``/auth/logout``; it may be missing."""

    refresh_token: str | None = text(most=MAX_BYTES, required=False, secret=True)


@public
async def login(request: web.Request) -> web.Response:
    """Username and password to a token response."""
    wanted = await read(request, LoginRequest)
    granted = await request.app[AUTHENTICATION].sign_in(
        wanted.username,
        wanted.password,
        client_id=FIRST_PARTY,
        requested=wanted.scope,
        origin=_origin(request),
    )
    return _token_response(granted)


@public
async def refresh(request: web.Request) -> web.Response:
    """A refresh token to its successor (RFC 6749 §6)."""
    wanted = await read(request, RefreshRequest)
    granted = await request.app[ROTATION].rotate(wanted.refresh_token, client_id=FIRST_PARTY, requested=wanted.scope)
    return _token_response(granted)


@public
async def logout(request: web.Request) -> web.Response:
    """Ends the session of the body's refresh token or, without one, of the access token in the header."""
    wanted = await read(request, LogoutRequest) if request.can_read_body else LogoutRequest()
    revocation = request.app[REVOCATION]
    if wanted.refresh_token is not None:
        await revocation.log_out_with_refresh_token(wanted.refresh_token, client_id=FIRST_PARTY)
        return no_content()
    try:
        claims = request.app[VALIDATION].validate(BearerHeader().token(request))
    except InvalidToken:
        return no_content()
    await revocation.log_out_with_access_token(claims, client_id=FIRST_PARTY)
    return no_content()


def _origin(request: web.Request) -> Origin:
    device = "".join(filter(str.isprintable, request.headers.get(hdrs.USER_AGENT, "")))
    return Origin(address=request.remote or "", device=device[:_MAX_DEVICE_LENGTH])


def _token_response(granted: TokenGrant) -> web.Response:
    """Return the token response of RFC 6749 §5.1."""
    return json_response(
        {
            "access_token": granted.access_token,
            "token_type": "Bearer",
            "expires_in": granted.expires_in,
            "refresh_token": granted.refresh_token,
            "refresh_token_expires_in": granted.refresh_token_expires_in,
            "scope": str(granted.scope),
        }
    )

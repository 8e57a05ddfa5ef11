"""The OAuth endpoints: ``/oauth/token``, ``/oauth/introspect``, ``/oauth/revoke``."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from aiohttp import web

from ...domain.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from ...domain.model.claims import AccessTokenClaims
from ...domain.model.client import MAX_AUDIENCES, Client, GrantType
from ...domain.model.identifiers import format_session_id
from ...domain.model.session import Session
from ...domain.services.client_credentials import ClientCredentials
from ...domain.services.introspection import Introspection
from ...domain.services.token_revocation import TokenRevocation
from .answers import NO_STORE, json_response
from .client_authentication import ClientRequest, authenticated_client
from .guard import public
from .request_form import parameter, read_form, repeatable
from .tokens import ROTATION, token_response

CLIENT_CREDENTIALS: Final = web.AppKey("keyturn_client_credentials", ClientCredentials)
INTROSPECTION: Final = web.AppKey("keyturn_introspection", Introspection)
TOKEN_REVOCATION: Final = web.AppKey("keyturn_token_revocation", TokenRevocation)

Targets = Annotated[list[str], "An audience that the token shall be for; it may stand several times."]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest(ClientRequest):
    """The form of ``/oauth/token``."""

    grant_type: Annotated[str, "`refresh_token` or `client_credentials`."] = parameter(required=True)
    refresh_token: Annotated[str, "For the grant of this name."] = parameter(secret=True)
    scope: Annotated[str, "Scope tokens parted by spaces; all that can be granted if none is given."] = parameter()
    resource: Targets = repeatable(count=MAX_AUDIENCES)
    audience: Targets = repeatable(count=MAX_AUDIENCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedTokenRequest(ClientRequest):
    """The form of ``/oauth/introspect`` and ``/oauth/revoke``."""

    token: Annotated[str, "An access token or a refresh token."] = parameter(required=True, secret=True)
    token_type_hint: Annotated[str, "Has no effect: a token's form tells its kind."] = parameter()


class OAuthTokenResponse(TypedDict):
    """A token response (RFC 6749 §5.1); a client that acts for itself gets no refresh token."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, "seconds"]
    scope: str
    refresh_token: NotRequired[str]
    refresh_token_expires_in: NotRequired[Annotated[int, "seconds"]]


class TokenIntrospection(TypedDict):
    """What a token is worth (RFC 7662 §2.2); of one that is worth nothing no more is said. Times are seconds."""

    active: bool
    scope: NotRequired[str]
    client_id: NotRequired[str]
    token_type: NotRequired[Annotated[Literal["Bearer"], "of an access token"]]
    exp: NotRequired[int]
    iat: NotRequired[int]
    sub: NotRequired[str]
    aud: NotRequired[str | list[str]]
    iss: NotRequired[str]
    jti: NotRequired[str]
    sid: NotRequired[Annotated[str, "the session"]]
    auth_time: NotRequired[Annotated[int, "when the user signed in"]]


@public
async def token(request: web.Request) -> web.Response:
    """Exchanges a grant for tokens (RFC 6749 §3.2)."""
    form = await read_form(request, TokenRequest)
    client = await authenticated_client(request, form)
    match form.grant_type:
        case GrantType.REFRESH_TOKEN:
            return await _refresh(request, form, client)
        case GrantType.CLIENT_CREDENTIALS:
            return _client_credentials(request, form, client)
        case _:
            raise UnsupportedGrantType


@public
async def introspect(request: web.Request) -> web.Response:
    """Tells what a token is worth (RFC 7662 §2)."""
    form = await read_form(request, PresentedTokenRequest)
    client = await authenticated_client(request, form)
    found = await request.app[INTROSPECTION].introspect(form.token, client=client)
    match found:
        case None:
            nothing: TokenIntrospection = {"active": False}
            return json_response(nothing)
        case Session():
            return json_response(_describe_session(found))
        case AccessTokenClaims():
            return json_response(_describe_claims(found))


@public
async def revoke(request: web.Request) -> web.Response:
    """Ends the session of a token (RFC 7009 §2)."""
    form = await read_form(request, PresentedTokenRequest)
    client = await authenticated_client(request, form)
    await request.app[TOKEN_REVOCATION].revoke(form.token, client=client)
    return web.Response(headers=NO_STORE)


async def _refresh(request: web.Request, form: TokenRequest, client: Client) -> web.Response:
    if GrantType.REFRESH_TOKEN not in client.grants:
        raise UnauthorizedClient
    if not form.refresh_token:
        raise InvalidRequest("The parameter refresh_token is missing.")
    granted = await request.app[ROTATION].rotate(
        form.refresh_token, client_id=client.client_id, requested=form.scope or None
    )
    return token_response(granted)


def _client_credentials(request: web.Request, form: TokenRequest, client: Client) -> web.Response:
    issued = request.app[CLIENT_CREDENTIALS].issue(
        client, requested=form.scope or None, targets=form.resource + form.audience
    )
    response: OAuthTokenResponse = {
        "access_token": issued.text,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": str(issued.scope),
    }
    return json_response(response)


def _describe_claims(claims: AccessTokenClaims) -> TokenIntrospection:
    """Return the members of RFC 7662 §2.2."""
    members: TokenIntrospection = {
        "active": True,
        "scope": str(claims.scope),
        "client_id": claims.client_id,
        "token_type": "Bearer",
        "exp": claims.expires_at,
        "iat": claims.issued_at,
        "sub": claims.subject,
        "aud": claims.audience[0] if len(claims.audience) == 1 else list(claims.audience),
        "iss": claims.issuer,
        "jti": claims.token_id,
    }
    if claims.session_id is not None:
        members["sid"] = format_session_id(claims.session_id)
    if claims.auth_time is not None:
        members["auth_time"] = claims.auth_time
    return members


def _describe_session(session: Session) -> TokenIntrospection:
    """A refresh token is no bearer token, and lives as long as its session."""
    return {
        "active": True,
        "scope": str(session.scope),
        "client_id": session.client_id,
        "exp": int(session.ends_at()),
        "iat": int(session.rotated_at),
        "sub": session.subject,
        "sid": format_session_id(session.session_id),
    }

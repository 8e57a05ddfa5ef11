"""The token endpoint of OAuth clients: ``/oauth/token``."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from aiohttp import web

from ....domain.audience import MAX_AUDIENCES, InvalidTarget
from ....domain.clients.client import Client, GrantType
from ....domain.clients.client_credentials import ClientCredentialsGrant
from ....domain.clients.errors import UnauthorizedClient, UnsupportedGrantType
from ....domain.clients.token_request_limit import TokenRequestLimit
from ....domain.errors import InvalidClient, InvalidRequest, TooManyAttempts, Unavailable
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import InvalidGrant
from ...guards.aiohttp_marks import public
from ..operation import Operation, RequestSpec, ResponseSpec
from ..requests.body import FORM, read_form
from ..requests.client_authentication import ClientRequest, authenticated_client
from ..requests.fields import parameter, repeatable
from ..requests.patience import REFRESH_SECONDS, RequestPatience
from ..requests.requester import requester
from ..responses import json_response
from ..server.door import TOKEN_PATH
from ..server.request_metrics import TELEMETRY
from .refresh import ROTATION, token_response

CLIENT_CREDENTIALS: Final = web.AppKey("keyturn_client_credentials", ClientCredentialsGrant)
TOKEN_REQUEST_LIMIT: Final = web.AppKey("keyturn_token_request_limit", TokenRequestLimit)

_REFUSALS: Final = (
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
)

Targets = Annotated[
    list[str],
    "An audience of the token (RFC 8707). The parameter may occur several times. Without it, the token is for all.",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest(ClientRequest):
    """The form of ``/oauth/token``."""

    grant_type: Annotated[str, "`refresh_token` or `client_credentials`."] = parameter(required=True)
    refresh_token: Annotated[str, "The token, for the grant `refresh_token`."] = parameter(secret=True)
    scope: Annotated[
        str, "Scope tokens, separated by spaces. Without it, the token gets all scope that can be granted."
    ] = parameter()
    resource: Targets = repeatable(max_items=MAX_AUDIENCES)
    audience: Targets = repeatable(max_items=MAX_AUDIENCES)


class OAuthTokenResponse(TypedDict):
    """A token response (RFC 6749 §5.1). The grant `client_credentials` gives no refresh token."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, "Seconds."]
    scope: str
    refresh_token: NotRequired[str]
    refresh_token_expires_in: NotRequired[Annotated[int, "Seconds."]]


@public
async def token(request: web.Request) -> web.Response:
    """Exchange a grant for tokens (RFC 6749 §3.2)."""
    try:
        form = await read_form(request, TokenRequest)
        client = await authenticated_client(request, form)
        request.app[TOKEN_REQUEST_LIMIT].take(client)
        if form.grant_type == GrantType.CLIENT_CREDENTIALS:
            return await _client_credentials(request, form, client)
        _check_refresh(form, client)
        async with RequestPatience(request, request.app[REFRESH_SECONDS]) as patience:
            issued = await request.app[ROTATION].rotate(
                form.refresh_token,
                client_id=client.client_id,
                requester=requester(request),
                requested_scope=form.scope or None,
                targets=form.resource + form.audience,
                patience=patience,
            )
    except _REFUSALS as refusal:
        request.app[TELEMETRY].tokens_refused(refusal)
        raise
    return token_response(issued)


def _check_refresh(form: TokenRequest, client: Client) -> None:
    if form.grant_type != GrantType.REFRESH_TOKEN:
        raise UnsupportedGrantType
    if GrantType.REFRESH_TOKEN not in client.grants:
        raise UnauthorizedClient
    if not form.refresh_token:
        raise InvalidRequest("The parameter refresh_token is missing.")


async def _client_credentials(request: web.Request, form: TokenRequest, client: Client) -> web.Response:
    async with RequestPatience(request, request.app[REFRESH_SECONDS]):
        issued = await request.app[CLIENT_CREDENTIALS].issue(
            client, requested_scope=form.scope or None, targets=form.resource + form.audience
        )
    response: OAuthTokenResponse = {
        "access_token": issued.text,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope.text,
    }
    return json_response(response)


ROUTES: Final = (
    Operation(
        "POST",
        TOKEN_PATH,
        token,
        request=RequestSpec(TokenRequest, FORM),
        responses=ResponseSpec(OAuthTokenResponse),
        errors=(
            InvalidGrant,
            InvalidScope,
            InvalidTarget,
            UnauthorizedClient,
            UnsupportedGrantType,
            TooManyAttempts,
            Unavailable,
        ),
        by_client=True,
    ),
)

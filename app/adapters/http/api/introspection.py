"""Token introspection: ``/oauth/introspect``."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, NotRequired, TypedDict

from aiohttp import web

from ....domain.audience import as_claim
from ....domain.clients.errors import UnauthorizedClient
from ....domain.clients.introspection import Introspection
from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.identifiers import format_session_id
from ....domain.sessions.session import Session
from ....domain.tokens.claims import AccessTokenClaims
from ...guards.aiohttp_marks import public
from ..operation import Operation, RequestSpec, ResponseSpec
from ..requests.body import FORM, read_form
from ..requests.client_authentication import ClientRequest, authenticated_client
from ..requests.fields import parameter
from ..responses import json_response

INTROSPECTION_PATH: Final = "/oauth/introspect"

INTROSPECTION: Final = web.AppKey("keyturn_introspection", Introspection)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedTokenRequest(ClientRequest):
    """The form of ``/oauth/introspect`` and ``/oauth/revoke``."""

    token: Annotated[str, "An access token or a refresh token."] = parameter(required=True, secret=True)
    token_type_hint: Annotated[str, "Has no effect: the prefix of the token shows its type."] = parameter()


class TokenIntrospection(TypedDict):
    """The state of a token (RFC 7662 §2.2). A token that is not active has no other member.

    Times are seconds since the epoch.
    """

    active: bool
    scope: NotRequired[str]
    client_id: NotRequired[str]
    token_type: NotRequired[Annotated[Literal["Bearer"], "Only for an access token."]]
    exp: NotRequired[int]
    iat: NotRequired[int]
    sub: NotRequired[str]
    aud: NotRequired[Annotated[str | list[str], "Of a refresh token only if the sign-in narrowed its session."]]
    iss: NotRequired[str]
    jti: NotRequired[str]
    sid: NotRequired[Annotated[str, "The session."]]
    auth_time: NotRequired[Annotated[int, "The time of the sign-in."]]


@public
async def introspect(request: web.Request) -> web.Response:
    """Show whether a token is active, and its scope, subject and lifetime (RFC 7662 §2)."""
    form = await read_form(request, PresentedTokenRequest)
    client = await authenticated_client(request, form)
    found = await request.app[INTROSPECTION].introspect(form.token, client=client)
    match found:
        case None:
            inactive: TokenIntrospection = {"active": False}
            return json_response(inactive)
        case Session():
            return json_response(_describe_session(found))
        case AccessTokenClaims():
            return json_response(_describe_claims(found))


def _describe_claims(claims: AccessTokenClaims) -> TokenIntrospection:
    """Return the members for an access token."""
    members: TokenIntrospection = {
        "active": True,
        "scope": claims.scope.text,
        "client_id": claims.client_id,
        "token_type": "Bearer",
        "exp": claims.expires_at,
        "iat": claims.issued_at,
        "sub": claims.subject,
        "aud": as_claim(claims.audience),
        "iss": claims.issuer,
        "jti": claims.token_id,
    }
    if claims.session_id is not None:
        members["sid"] = format_session_id(claims.session_id)
    if claims.auth_time is not None:
        members["auth_time"] = claims.auth_time
    return members


def _describe_session(session: Session) -> TokenIntrospection:
    """Return the members for a refresh token. It has no ``token_type``, and it expires with its session. It has ``aud``
    if the sign-in narrowed its session.
    """
    members: TokenIntrospection = {
        "active": True,
        "scope": session.scope.text,
        "client_id": session.client_id,
        "exp": int(session.ends_at()),
        "iat": int(session.rotated_at),
        "sub": session.subject,
        "sid": format_session_id(session.session_id),
    }
    if session.audience:
        members["aud"] = as_claim(session.audience)
    return members


ROUTES: Final = (
    Operation(
        "POST",
        INTROSPECTION_PATH,
        introspect,
        request=RequestSpec(PresentedTokenRequest, FORM),
        responses=ResponseSpec(TokenIntrospection),
        errors=(UnauthorizedClient, TooManyAttempts, Unavailable),
        by_client=True,
    ),
)

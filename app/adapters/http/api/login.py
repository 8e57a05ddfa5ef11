"""Sign-in: ``/auth/login``, and the cookie with the device token."""

from dataclasses import dataclass
from typing import Annotated, Final, NotRequired

from aiohttp import web

from ....domain.audience import MAX_AUDIENCES, InvalidTarget
from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.identifiers import FIRST_PARTY
from ....domain.login.authentication import Authentication, LoginResult
from ....domain.login.errors import InvalidCredentials
from ....domain.login.user import MAX_PASSWORD_LENGTH, MAX_USERNAME_LENGTH
from ....domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ....domain.scope import InvalidScope
from ...guards.aiohttp_marks import public
from ..operation import Operation, RequestSpec, ResponseSpec
from ..requests.body import read_json
from ..requests.fields import boolean, one_or_more_texts, text
from ..requests.requester import requester
from ..responses import json_response
from ..server.connection import while_connected
from .refresh import MAX_TOKEN_LENGTH, TokenResponse, targets, token_members

AUTHENTICATION: Final = web.AppKey("keyturn_authentication", Authentication)

_DEVICE_COOKIE_NAME: Final = "keyturn_device"
_DEVICE_COOKIE_FOLDER: Final = "/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """The body of ``/auth/login``."""

    username: str = text(max_length=MAX_USERNAME_LENGTH, composed=True)
    password: str = text(max_length=MAX_PASSWORD_LENGTH, secret=True, composed=True)
    scope: Annotated[
        str | None, "Scope tokens, separated by spaces. Without it, the token gets all of the user's scope."
    ] = text(min_length=0, max_length=MAX_SCOPE_LENGTH, required=False)
    resource: Annotated[
        str | list[str] | None,
        "The audience of the session and of its access tokens, or several (RFC 8707). Without it, they are for all"
        " audiences of `KEYTURN_AUDIENCE`.",
    ] = one_or_more_texts(max_items=MAX_AUDIENCES)
    device_token: Annotated[
        str | None,
        "The device token of this user's last sign-in from this device. It counts instead of the cookie.",
    ] = text(min_length=0, max_length=MAX_TOKEN_LENGTH, required=False, secret=True)
    return_device_token: Annotated[
        bool | None, "Whether the response has `device_token`, for a client that cannot use the cookie."
    ] = boolean()


class LoginResponse(TokenResponse):
    """The token response of RFC 6749 §5.1, with the device token if the request asks for it."""

    device_token: NotRequired[
        Annotated[str, "It shows at the next sign-in of this user that the device is known. It opens nothing."]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCookie:
    """How the cookie is set. ``max_age`` is in seconds. A ``secure`` cookie is sent over TLS only.

    ``issuer_path`` is the path of the issuer. Clients put it before the path of each request, and a proxy removes it.
    """

    max_age: int
    secure: bool
    issuer_path: str = ""

    @property
    def path(self) -> str:
        """Return the path of the cookie, as clients see it (RFC 6265 §5.1.4).

        The attribute cannot have a ";" (RFC 6265 §4.1.1). Of such a path it has the segments before it.
        """
        path = self.issuer_path + _DEVICE_COOKIE_FOLDER
        before, semicolon, _ = path.partition(";")
        return (before.rpartition("/")[0] or "/") if semicolon else path

    def write(self, response: web.Response, device_token: str) -> None:
        """Set the cookie. Scripts cannot read it, and requests from other sites do not carry it."""
        response.set_cookie(
            _DEVICE_COOKIE_NAME,
            device_token,
            max_age=self.max_age,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )


DEVICE_COOKIE: Final = web.AppKey("keyturn_device_cookie", DeviceCookie)


@public
async def login(request: web.Request) -> web.Response:
    """Sign a user in with username and password."""
    body = await read_json(request, LoginRequest)
    with while_connected(request):
        signed_in = await request.app[AUTHENTICATION].sign_in(
            body.username,
            body.password,
            client_id=FIRST_PARTY,
            requested_scope=body.scope,
            targets=targets(body.resource),
            requester=requester(request),
            device_token=body.device_token or request.cookies.get(_DEVICE_COOKIE_NAME),
        )
    response = json_response(_members(signed_in, with_device_token=bool(body.return_device_token)))
    request.app[DEVICE_COOKIE].write(response, signed_in.device_token)
    return response


def _members(signed_in: LoginResult, *, with_device_token: bool) -> LoginResponse | TokenResponse:
    members = token_members(signed_in.tokens)
    if not with_device_token:
        return members
    return LoginResponse(**members, device_token=signed_in.device_token)


ROUTES: Final = (
    Operation(
        "POST",
        "/auth/login",
        login,
        request=RequestSpec(LoginRequest),
        responses=ResponseSpec(LoginResponse),
        errors=(InvalidCredentials, InvalidScope, InvalidTarget, TooManyAttempts, Unavailable),
    ),
)

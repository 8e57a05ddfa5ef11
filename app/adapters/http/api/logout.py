"""Sign-out: ``/auth/logout``."""

from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import FIRST_PARTY
from ....domain.sessions.revocation import Revocation
from ....domain.tokens.errors import InvalidToken, MissingToken
from ....domain.tokens.validation import Validation
from ...guards.aiohttp_marks import public
from ...guards.token_sources import BearerHeader
from ..operation import NO_CONTENT, Operation, RequestSpec
from ..requests.body import read_json
from ..requests.fields import text
from ..responses import no_content
from .refresh import MAX_TOKEN_LENGTH

REVOCATION: Final = web.AppKey("keyturn_revocation", Revocation)
VALIDATION: Final = web.AppKey("keyturn_validation", Validation)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """The body of ``/auth/logout``. A request may have no body."""

    refresh_token: Annotated[
        str | None, "Any refresh token of the session. Without it, the access token in the header names the session."
    ] = text(max_length=MAX_TOKEN_LENGTH, required=False, secret=True)


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


ROUTES: Final = (
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

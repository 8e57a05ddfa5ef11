"""Sign-out: ``/auth/logout``."""

from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import FIRST_PARTY
from ....domain.sessions.logout import Logout
from ....domain.tokens.errors import InvalidToken, MissingToken
from ...guards.aiohttp_marks import public
from ...guards.token_sources import BearerHeader
from ..operation import NO_CONTENT, Operation, RequestSpec
from ..requests.body import FORM, JSON, PLAIN, read_optional
from ..requests.fields import any_text
from ..responses import no_content

LOGOUT: Final = web.AppKey("keyturn_logout", Logout)

_BEACON: Final = (PLAIN, FORM)
"""What ``navigator.sendBeacon`` sends for a string and for ``URLSearchParams``. A page of another origin can send it
without a preflight. That is safe, because the body must hold the token itself: no cookie signs anybody out.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """The body of ``/auth/logout``. A request may have no body. An empty token counts as missing."""

    refresh_token: Annotated[str | None, "Any refresh token of the session, also an old one."] = any_text(secret=True)
    access_token: Annotated[
        str | None, "Any access token of the session, also an expired one, for a client that cannot set a header."
    ] = any_text(secret=True)


@public
async def logout(request: web.Request) -> web.Response:
    """End the session of each token in the body and in the header. Unknown and expired tokens are no error."""
    body = await read_optional(request, LogoutRequest, media_types=(JSON, *_BEACON))
    presented = [token for token in (body.refresh_token, body.access_token) if token]
    try:
        presented.append(BearerHeader().token(request))
    except MissingToken:
        if not presented:
            raise
    except InvalidToken:
        pass
    await request.app[LOGOUT].log_out(presented, client_id=FIRST_PARTY)
    return no_content()


ROUTES: Final = (
    Operation(
        "POST",
        "/auth/logout",
        logout,
        request=RequestSpec(LogoutRequest, required=False, other_media_types=_BEACON),
        responses=NO_CONTENT,
        errors=(MissingToken, Unavailable),
        token_optional=True,
    ),
)

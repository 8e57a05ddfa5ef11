"""Token revocation: ``/oauth/revoke``."""

from typing import Final

from aiohttp import web

from ....domain.clients.errors import UnsupportedTokenType
from ....domain.clients.token_revocation import TokenRevocation
from ....domain.errors import Unavailable
from ....domain.sessions.errors import InvalidGrant
from ...guards.aiohttp_marks import public
from ..operation import Operation, RequestSpec, ResponseSpec
from ..requests.body import FORM, read_form
from ..requests.client_authentication import authenticated_client
from ..responses import NO_STORE
from .introspection import PresentedTokenRequest

REVOCATION_PATH: Final = "/oauth/revoke"

TOKEN_REVOCATION: Final = web.AppKey("keyturn_token_revocation", TokenRevocation)


@public
async def revoke(request: web.Request) -> web.Response:
    """Revoke a token, and with it its session (RFC 7009 §2)."""
    form = await read_form(request, PresentedTokenRequest)
    client = await authenticated_client(request, form)
    await request.app[TOKEN_REVOCATION].revoke(form.token, client=client)
    return web.Response(headers=NO_STORE)


ROUTES: Final = (
    Operation(
        "POST",
        REVOCATION_PATH,
        revoke,
        request=RequestSpec(PresentedTokenRequest, FORM),
        responses=ResponseSpec(),
        errors=(InvalidGrant, UnsupportedTokenType, Unavailable),
        by_client=True,
    ),
)

"""What OAuth clients call, and how they find it: ``/oauth``."""

from typing import Final

from aiohttp import web

from ....domain.clients.errors import InvalidTarget, UnauthorizedClient, UnsupportedGrantType, UnsupportedTokenType
from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import InvalidGrant
from ..api import introspection, oauth_token, server_metadata, token_revocation
from ..operation import Operation, RequestSpec, ResponseSpec, document
from ..requests import presented_token
from ..requests.body import FORM

OAUTH_ROUTES: Final = (
    Operation(
        "POST",
        server_metadata.TOKEN_PATH,
        oauth_token.token,
        takes=RequestSpec(oauth_token.TokenRequest, FORM),
        gives=ResponseSpec(oauth_token.OAuthTokenResponse),
        fails=(
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
    Operation(
        "POST",
        server_metadata.INTROSPECTION_PATH,
        introspection.introspect,
        takes=RequestSpec(presented_token.PresentedTokenRequest, FORM),
        gives=ResponseSpec(introspection.TokenIntrospection),
        fails=(UnauthorizedClient, TooManyAttempts, Unavailable),
        by_client=True,
    ),
    Operation(
        "POST",
        server_metadata.REVOCATION_PATH,
        token_revocation.revoke,
        takes=RequestSpec(presented_token.PresentedTokenRequest, FORM),
        gives=ResponseSpec(),
        fails=(InvalidGrant, UnsupportedTokenType, Unavailable),
        by_client=True,
    ),
    Operation(
        "GET",
        server_metadata.METADATA_PATH,
        server_metadata.server_metadata,
        gives=document(server_metadata.AuthorizationServerMetadata),
    ),
    Operation(
        "GET",
        server_metadata.METADATA_PATH + "/{issuer_path:.+}",
        server_metadata.server_metadata_below,
        gives=document(server_metadata.AuthorizationServerMetadata),
        fails=(web.HTTPNotFound,),
    ),
)

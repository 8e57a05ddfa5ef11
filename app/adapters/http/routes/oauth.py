"""What OAuth clients call, and how they find it: ``/oauth``."""

from typing import Final

from aiohttp import web

from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.grant_errors import (
    InvalidGrant,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedTokenType,
)
from .. import introspection, oauth_token, presented_token, server_metadata, token_revocation
from ..operation import Gives, Operation, Takes, document
from ..request_form import FORM

OAUTH_ROUTES: Final = (
    Operation(
        "POST",
        server_metadata.TOKEN_PATH,
        oauth_token.token,
        takes=Takes(oauth_token.TokenRequest, FORM),
        gives=Gives(oauth_token.OAuthTokenResponse),
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
        takes=Takes(presented_token.PresentedTokenRequest, FORM),
        gives=Gives(introspection.TokenIntrospection),
        fails=(UnauthorizedClient, TooManyAttempts, Unavailable),
        by_client=True,
    ),
    Operation(
        "POST",
        server_metadata.REVOCATION_PATH,
        token_revocation.revoke,
        takes=Takes(presented_token.PresentedTokenRequest, FORM),
        gives=Gives(),
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

"""Refresh: ``/auth/refresh``, and the token response of RFC 6749 §5.1."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypedDict

from aiohttp import web

from ....domain.audience import MAX_AUDIENCES, InvalidTarget
from ....domain.errors import InvalidClient, TooManyAttempts, Unavailable
from ....domain.identifiers import FIRST_PARTY
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import InvalidGrant
from ....domain.sessions.issuing import IssuedTokens
from ....domain.sessions.rotation import Rotation
from ...guards.aiohttp_marks import public
from ..operation import Operation, RequestSpec, ResponseSpec
from ..requests.body import read_json
from ..requests.fields import one_or_more_texts, text
from ..requests.patience import REFRESH_SECONDS, RequestPatience
from ..requests.requester import requester
from ..responses import json_response
from ..server.request_metrics import TELEMETRY

ROTATION: Final = web.AppKey("keyturn_rotation", Rotation)

MAX_TOKEN_LENGTH: Final = 1_024
"""The longest refresh or device token that is read, in characters."""

_MAX_SCOPE_LENGTH: Final = 8 * 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshRequest:
    """The body of ``/auth/refresh``."""

    refresh_token: str = text(max_length=MAX_TOKEN_LENGTH, secret=True)
    # The domain checks the scope after the token, because reuse must be detected even if the scope is wrong.
    scope: Annotated[str | None, "A smaller scope for the new access token. The session keeps its scope."] = text(
        min_length=0, max_length=_MAX_SCOPE_LENGTH, required=False
    )
    resource: Annotated[
        str | list[str] | None,
        "The audience of the new access token, or several (RFC 8707). Without it, the token is for all audiences of the"
        " session. The session keeps them.",
    ] = one_or_more_texts(max_items=MAX_AUDIENCES)


class TokenResponse(TypedDict):
    """The token response of RFC 6749 §5.1."""

    access_token: Annotated[str, "A JWS of RFC 9068, signed with RS256."]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, "Lifetime of the access token, in seconds."]
    refresh_token: Annotated[str, "The session's current refresh token. It replaces the one in the request."]
    refresh_token_expires_in: Annotated[int, "Seconds until the session ends if there is no refresh."]
    scope: Annotated[str, "The granted scope tokens, separated by spaces."]


@public
async def refresh(request: web.Request) -> web.Response:
    """Exchange a refresh token for its successor and a new access token (RFC 6749 §6)."""
    body = await read_json(request, RefreshRequest)
    try:
        async with RequestPatience(request, request.app[REFRESH_SECONDS]) as patience:
            tokens = await request.app[ROTATION].rotate(
                body.refresh_token,
                client_id=FIRST_PARTY,
                requester=requester(request),
                requested_scope=body.scope,
                targets=targets(body.resource),
                patience=patience,
            )
    except (InvalidGrant, InvalidClient, InvalidScope, InvalidTarget) as refusal:
        request.app[TELEMETRY].tokens_refused(refusal)
        raise
    return token_response(tokens)


def targets(resource: str | list[str] | None) -> Sequence[str]:
    """Return the audiences that ``resource`` names; none if it is missing."""
    return [resource] if isinstance(resource, str) else resource or ()


def token_response(tokens: IssuedTokens) -> web.Response:
    """Return the token response of RFC 6749 §5.1."""
    return json_response(token_members(tokens))


def token_members(tokens: IssuedTokens) -> TokenResponse:
    """Return the members of the token response."""
    return {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "refresh_token_expires_in": tokens.refresh_token_expires_in,
        "scope": tokens.scope.text,
    }


ROUTES: Final = (
    Operation(
        "POST",
        "/auth/refresh",
        refresh,
        request=RequestSpec(RefreshRequest),
        responses=ResponseSpec(TokenResponse),
        errors=(InvalidGrant, InvalidScope, InvalidTarget, TooManyAttempts, Unavailable),
    ),
)

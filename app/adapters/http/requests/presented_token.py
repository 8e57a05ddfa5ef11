"""The form in which OAuth clients present an access token or a refresh token."""

from dataclasses import dataclass
from typing import Annotated

from .client_authentication import ClientRequest
from .fields import parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedTokenRequest(ClientRequest):
    """The form of ``/oauth/introspect`` and ``/oauth/revoke``."""

    token: Annotated[str, "An access token or a refresh token."] = parameter(required=True, secret=True)
    token_type_hint: Annotated[str, "Has no effect: the token itself shows its kind."] = parameter()

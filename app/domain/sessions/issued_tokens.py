"""What a successful sign-in or refresh gives."""

from dataclasses import dataclass, field

from ..scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """A token response (RFC 6749 §5.1). Lifetimes are seconds from now."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_token_expires_in: int
    scope: Scope

"""What a successful sign-in or refresh gives."""

from dataclasses import dataclass, field

from .scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccessToken:
    """A signed access token, and the seconds for which it lives."""

    text: str = field(repr=False)
    expires_in: int
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """A token response (RFC 6749 §5.1). Lifetimes are seconds from now."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_token_expires_in: int
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a sign-in gives: the tokens, and what makes the device known at the next one."""

    tokens: TokenGrant
    device_token: str = field(repr=False)

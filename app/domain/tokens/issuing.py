"""Access tokens as they are issued."""

from dataclasses import dataclass, field

from ..scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccessToken:
    """A signed access token, and the seconds for which it lives."""

    text: str = field(repr=False)
    expires_in: int
    scope: Scope

"""The operator's rules for access tokens."""

from dataclasses import dataclass
from typing import Final

MAX_TOKEN_LIFETIME: Final = 86_400
"""Seconds. A token with a longer lifetime is refused, even with a valid signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenPolicy:
    """How access tokens are issued and validated. ``lifetime`` and ``leeway`` are in seconds."""

    issuer: str
    audience: str
    lifetime: int = 900
    leeway: int = 30

    def memory_of_revocations(self) -> int:
        """Return for how many seconds to remember a revoked session: until its access tokens have expired, and a minute
        more.
        """
        return self.lifetime + self.leeway + 60

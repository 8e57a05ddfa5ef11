"""The rules that the operator sets, as frozen values."""

from dataclasses import dataclass
from typing import Final

MAX_TOKEN_LIFETIME: Final = 86_400
"""Seconds. No access token lives longer, whoever signed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenPolicy:
    """How access tokens are made and accepted. ``lifetime`` and ``leeway`` are seconds."""

    issuer: str
    audience: str
    lifetime: int = 900
    leeway: int = 30

    def memory_of_revocations(self) -> int:
        """Return for how many seconds a revoked session's access tokens could still be presented, and a minute more."""
        return self.lifetime + self.leeway + 60

"""The operator's rules for access tokens."""

from dataclasses import dataclass
from typing import Final

MAX_TOKEN_LIFETIME: Final = 86_400
"""Seconds. A token with a longer lifetime is refused, even with a valid signature."""

MAX_TOKEN_LENGTH: Final = 8_168
"""Characters. With ``Authorization: Bearer `` before it, a token has 8,190 bytes: the longest line of a header that
aiohttp reads, and that most other servers and proxies read. No longer token is issued.
"""

MAX_LEEWAY: Final = 300
"""Seconds. The greatest leeway that can be set."""

_LEAST_CLOCK_MARGIN: Final = 60
"""Seconds. A revocation is remembered for so much longer than a token can be accepted, or for twice the leeway if that
is more: so much do the clocks of two instances differ, of which each agrees with the store's within the leeway.
"""

STORED_REVOCATION_SECONDS: Final = MAX_TOKEN_LIFETIME + MAX_LEEWAY + 2 * MAX_LEEWAY
"""How long a store keeps a revoked session. It does not follow the settings: after a restart with a longer lifetime or
leeway, the store still has every revocation that matters again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenPolicy:
    """How access tokens are issued and validated. ``lifetime`` and ``leeway`` are in seconds.

    A token is valid here if it is for ``audience``. A session gives tokens for ``other_audiences``, too.
    """

    issuer: str
    audience: str
    other_audiences: tuple[str, ...] = ()
    lifetime: int = 900
    leeway: int = 30

    @property
    def audiences(self) -> tuple[str, ...]:
        """Return all audiences for which a session gives tokens. The first is that of this service."""
        return (self.audience, *self.other_audiences)

    def memory_of_revocations(self) -> int:
        """Return for how many seconds an instance remembers a revoked session: until its access tokens have expired,
        and a minute or twice the leeway more.
        """
        return self.lifetime + self.leeway + max(_LEAST_CLOCK_MARGIN, 2 * self.leeway)

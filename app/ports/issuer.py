"""The issuer, as another service reaches it."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JwkSetDocument:
    """A JWK Set as it came, and for how many seconds it may be kept."""

    body: bytes = field(repr=False)
    max_age: float


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A revocation feed as it came, and the name that the issuer gave to this answer, if any."""

    text: str = field(repr=False)
    etag: str | None


class Issuer(Protocol):
    """Fetches what an issuer publishes. Each method raises ``IssuerFault`` where nothing usable comes, in bounded time
    and memory.
    """

    async def jwk_set(self) -> JwkSetDocument:
        """Return the JWK Set."""
        ...

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        """Return the revocation feed for who knows that of ``since`` (0: none), or ``None`` if it is the one that has
        this ``etag``.
        """
        ...

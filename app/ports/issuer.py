"""The issuer of the tokens that a guard in another service accepts."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class JwkSetDocument:
    """A JWK Set in JSON. It may be cached for ``max_age`` seconds."""

    body: bytes = field(repr=False)
    max_age: float


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A revocation feed as a JWT, and the ``ETag`` of the response, if it has one."""

    text: str = field(repr=False)
    etag: str | None


class Issuer(Protocol):
    """Fetches the documents that an issuer publishes, in bounded time and memory.

    Each method raises ``IssuerFault`` if the issuer does not answer, or if its answer cannot be used.
    """

    async def jwk_set(self) -> JwkSetDocument:
        """Return the JWK Set."""
        ...

    async def feed(self, *, since: int, etag: str | None) -> FeedDocument | None:
        """Return the first page of the revocation feed with all changes since a feed whose ``as_of`` is ``since``; 0
        means no feed yet. An issuer of an earlier version has no pages: its answer is one document.

        Return ``None`` if the feed still has this ``etag``.
        """
        ...

    async def feed_page(self, *, after: str) -> FeedDocument:
        """Return the page of the revocation feed after the position ``after``, which is the ``next`` of a page."""
        ...

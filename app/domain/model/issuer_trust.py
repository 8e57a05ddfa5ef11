"""Which of an issuer's keys to trust: what the JWK Set has, and the revocation feed does not take away."""

from collections.abc import Collection


class IssuerTrust:
    """A dropped key is out for good, whatever a JWK Set from some cache says.

    A key that the feed does not name is out while feeds come; without them, a JWK Set that is younger than the last one
    counts. Times are seconds since the epoch.
    """

    def __init__(self) -> None:
        self.dropped: frozenset[str] = frozenset()
        self.feed_is_fresh = False
        self._held: frozenset[str] = frozenset()
        self._held_since = 0.0
        self._published: frozenset[str] | None = None
        self._published_at = 0.0

    def hold(self, kids: Collection[str], *, now: float) -> None:
        """Take note of the keys of a JWK Set."""
        self._held, self._held_since = frozenset(kids), now

    def heed(self, published: Collection[str], dropped: Collection[str], *, now: float) -> None:
        """Take note of what a feed says of the keys."""
        self.dropped |= frozenset(dropped)
        self._published, self._published_at, self.feed_is_fresh = frozenset(published), now, True

    def kids(self) -> frozenset[str]:
        """Return the names of the keys to trust."""
        trusted = self._held - self.dropped
        if self._published is None or (not self.feed_is_fresh and self._held_since > self._published_at):
            return trusted
        return trusted & self._published

    def lacks(self, kids: Collection[str]) -> bool:
        """Tell whether one of ``kids`` is neither held nor dropped."""
        return bool(frozenset(kids) - self._held - self.dropped)

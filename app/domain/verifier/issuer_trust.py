"""Which of an issuer's keys to trust: what the JWK Set has, and the revocation feed does not take away."""

from collections.abc import Collection


class IssuerTrust:
    """A dropped key is out for good, whatever a JWK Set from some cache says.

    A feed judges the keys that were known when it came: one that it does not name is out. A key that became known later
    is in until the next feed; and where no feed comes any more, so is every key of a younger JWK Set.
    """

    def __init__(self) -> None:
        self.dropped: frozenset[str] = frozenset()
        self.feed_is_fresh = False
        self._held: frozenset[str] = frozenset()
        self._published: frozenset[str] = frozenset()
        self._judged: frozenset[str] = frozenset()
        self._held_after_feed = False

    def set_keys(self, kids: Collection[str]) -> None:
        """Take note of the keys of a JWK Set."""
        self._held, self._held_after_feed = frozenset(kids), True

    def apply_feed(self, published: Collection[str], dropped: Collection[str]) -> None:
        """Take note of what a feed says of the keys."""
        self.dropped |= frozenset(dropped)
        self._judged |= self._held
        self._published = frozenset(published)
        self._held_after_feed, self.feed_is_fresh = False, True

    def kids(self) -> frozenset[str]:
        """Return the names of the keys to trust."""
        trusted = self._held - self.dropped
        if self._held_after_feed and not self.feed_is_fresh:
            return trusted
        return trusted - (self._judged - self._published)

    def lacks(self, kids: Collection[str]) -> bool:
        """Tell whether one of ``kids`` is neither held nor dropped."""
        return bool(frozenset(kids) - self._held - self.dropped)

"""Which keys of an issuer to trust: those of its JWK Set, unless the revocation feed excludes them."""

from collections.abc import Collection


class IssuerTrust:
    """The trusted keys of one issuer, by ``kid``.

    A key that a feed drops is never trusted again, even if a cached JWK Set still has it. When a feed arrives, the
    known keys that it does not name are not trusted any more. A key that becomes known later is trusted until the next
    feed. While no fresh feed arrives, all keys of a JWK Set that is newer than the last feed are trusted.
    """

    def __init__(self) -> None:
        self.dropped: frozenset[str] = frozenset()
        self.feed_is_fresh = False
        self._known: frozenset[str] = frozenset()
        self._published: frozenset[str] = frozenset()
        self._checked: frozenset[str] = frozenset()
        self._jwk_set_is_newer = False

    def set_keys(self, kids: Collection[str]) -> None:
        """Replace the known keys with the keys of a JWK Set."""
        self._known, self._jwk_set_is_newer = frozenset(kids), True

    def apply_feed(self, published: Collection[str], dropped: Collection[str]) -> None:
        """Apply the published and the dropped keys of a feed."""
        self.dropped |= frozenset(dropped)
        self._checked |= self._known
        self._published = frozenset(published)
        self._jwk_set_is_newer, self.feed_is_fresh = False, True

    def kids(self) -> frozenset[str]:
        """Return the ``kid`` of the trusted keys."""
        trusted = self._known - self.dropped
        if self._jwk_set_is_newer and not self.feed_is_fresh:
            return trusted
        return trusted - (self._checked - self._published)

    def lacks(self, kids: Collection[str]) -> bool:
        """Return whether one of ``kids`` is neither known nor dropped."""
        return bool(frozenset(kids) - self._known - self.dropped)

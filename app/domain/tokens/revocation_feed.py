"""The revocation feed: telling other services what to refuse."""

from typing import Final

from ...ports.clock import Clock
from ...ports.token_codec import TokenCodec
from ..keys.lifecycle import KeyLifecycle
from .feed import LIFETIME_SECONDS, TOLD_AGAIN_SECONDS, Feed
from .policy import AccessTokenPolicy
from .revocation_list import RevocationList

_RECENT_SECONDS: Final = 180


class RevocationFeed:
    """Says what this instance knows: of all sessions revoked within its memory, or of those of the last minutes."""

    def __init__(
        self,
        *,
        revoked: RevocationList,
        keys: KeyLifecycle,
        codec: TokenCodec,
        clock: Clock,
        policy: AccessTokenPolicy,
    ) -> None:
        self._revoked = revoked
        self._keys = keys
        self._codec = codec
        self._clock = clock
        self._policy = policy

    def whole(self) -> Feed:
        """Return the feed of all sessions whose tokens may be alive."""
        return self._feed(since=0)

    def recent(self) -> Feed:
        """Return the feed of the sessions revoked within the last three minutes; without the store, within those before
        it was last reached and since: who has followed need not be told everything.
        """
        return self._feed(since=max(0, self._as_of() - _RECENT_SECONDS))

    def follows(self, feed: Feed, as_of: int) -> bool:
        """Tell whether ``feed`` has all that is new to who knows a feed of ``as_of``: the minute before that is told
        again, and what the clocks of two instances may differ by.
        """
        return feed.since <= as_of - TOLD_AGAIN_SECONDS - self._policy.leeway

    def signed(self, feed: Feed) -> str:
        """Return ``feed`` as a JWT, signed by the active key; raises ``ConfigurationError`` if there is none."""
        return self._codec.encode_feed(feed, kid=self._keys.signing_kid())

    def _feed(self, *, since: int) -> Feed:
        now, window = int(self._clock.now()), self._policy.memory_of_revocations()
        published = self._codec.keys()
        return Feed(
            issuer=self._policy.issuer,
            issued_at=now,
            expires_at=now + LIFETIME_SECONDS,
            as_of=self._as_of(),
            since=since,
            window=window,
            keys=tuple(key.kid for key in published),
            dropped=self._keys.dropped(),
            revoked=self._revoked.since(max(since, now - window)),
        )

    def _as_of(self) -> int:
        return int(min(self._clock.now(), self._revoked.synced_until))

"""Build and sign the revocation feed for other services."""

from typing import Final

from ...ports.clock import Clock
from ...ports.token_codec import TokenCodec
from ..keys.lifecycle import KeyLifecycle
from .feed import LIFETIME_SECONDS, OVERLAP_SECONDS, Feed
from .policy import AccessTokenPolicy
from .revocation_list import RevocationList
from .signing import TokenSigning

_RECENT_SECONDS: Final = 180
"""The window of the recent feed."""


class RevocationFeed:
    """Builds the feed from the revocation list of this instance."""

    def __init__(
        self,
        *,
        revoked: RevocationList,
        keys: KeyLifecycle,
        codec: TokenCodec,
        signing: TokenSigning,
        clock: Clock,
        policy: AccessTokenPolicy,
    ) -> None:
        self._revoked = revoked
        self._keys = keys
        self._codec = codec
        self._signing = signing
        self._clock = clock
        self._policy = policy

    def full(self) -> Feed:
        """Return the feed of all revoked sessions whose access tokens may not have expired."""
        return self._feed(since=0)

    def recent(self) -> Feed:
        """Return the feed of the sessions revoked in the last three minutes. It is enough for a follower that polls.

        While the store is down, the window starts three minutes before the store was last reached.
        """
        return self._feed(since=max(0, self._as_of() - _RECENT_SECONDS))

    def covers(self, feed: Feed, as_of: int) -> bool:
        """Return whether ``feed`` has all changes since a feed whose ``as_of`` is ``as_of``.

        The two feeds must overlap by a minute, because commits become visible out of order, and by twice the leeway,
        because each clock may differ from the right time by the leeway.
        """
        return feed.since <= as_of - OVERLAP_SECONDS - 2 * self._policy.leeway

    async def signed(self, feed: Feed) -> str:
        """Return ``feed`` as a JWT.

        Raises ``SignerUnavailable``, also if there is no active key to sign it.
        """
        return await self._signing.sign(lambda kid: self._codec.feed_signing_input(feed, kid=kid))

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
            revoked=list(self._revoked.since(max(since, now - window))),
            token_lifetime=self._policy.lifetime,
            cut_off=self._revoked.cut_off,
        )

    def _as_of(self) -> int:
        return int(min(self._clock.now(), self._revoked.synced_until))

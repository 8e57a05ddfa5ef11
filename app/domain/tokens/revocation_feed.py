"""Build and sign the revocation feed for other services."""

import asyncio
from collections.abc import Iterable
from typing import Final

from ...ports.clock import Clock
from ...ports.token_codec import TokenCodec
from ..errors import Unavailable
from ..keys.lifecycle import KeyLifecycle
from .feed import FIRST_PAGE, LIFETIME_SECONDS, OVERLAP_SECONDS, Feed, FeedPage
from .policy import AccessTokenPolicy
from .revocation_list import RevocationList
from .revocation_order import RevocationPosition
from .revoked_session import RevokedSession
from .signing import TokenSigning

_RECENT_SECONDS: Final = 180
"""The window of the recent feed."""

_WINDOWS: Final = (180, 900, 3_600, 14_400)
"""The windows of first pages, in seconds. They are few, so that strangers who ask for any can cause few signatures."""

_MAX_IN_ONE_DOCUMENT: Final = 600_000
"""The sessions in one document. A follower that asks for no pages reads at most 32 MiB."""


class RevocationFeed:
    """Builds the feed from the revocation list of this instance.

    A follower asks for pages. Followers of earlier versions ask for one document, which is as long as it must be.
    """

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
        """Return the feed of all revoked sessions whose access tokens may not have expired, in one document."""
        return self._feed(since=0, revoked=self._revoked.since(self._earliest()))

    def recent(self) -> Feed:
        """Return the feed of the sessions revoked in the last three minutes, in one document. It is enough for a
        follower that polls.

        While the store is down, the window starts three minutes before the store was last reached.
        """
        since = max(0, self._as_of() - _RECENT_SECONDS)
        return self._feed(since=since, revoked=self._revoked.since(max(since, self._earliest())))

    def covers(self, feed: Feed, as_of: int) -> bool:
        """Return whether ``feed`` has all changes since a feed whose ``as_of`` is ``as_of``.

        The two feeds must overlap by a minute, because commits become visible out of order, and by twice the leeway,
        because each clock may differ from the right time by the leeway.
        """
        return feed.since <= as_of - OVERLAP_SECONDS - 2 * self._policy.leeway

    def window_for(self, as_of: int) -> int:
        """Return the window of the first page that a follower needs whose last feed has this ``as_of``, in seconds: one
        of a few, 0 for everything.
        """
        lacks = self._as_of() - as_of + OVERLAP_SECONDS + 2 * self._policy.leeway
        fitting = (each for each in _WINDOWS if lacks <= each < self._policy.memory_of_revocations())
        return next(fitting, 0)

    def first_page(self, window: int) -> Feed:
        """Return the first page of the sessions revoked in the last ``window`` seconds, and 0 for everything.

        While the store is down, the window ends when the store was last reached.
        """
        since = max(0, self._as_of() - window) if window else 0
        block = self._revoked.block_after(RevocationPosition(max(since, self._earliest())))
        return self._feed(since=since, revoked=block, page=FeedPage(FIRST_PAGE, _text(block.next)))

    def later_page(self, after: RevocationPosition) -> Feed:
        """Return the page that has the sessions after the position ``after``, and maybe some before it."""
        block = self._revoked.block_after(after, whole=True)
        page = FeedPage(block.after.text(), _text(block.next))
        return self._feed(since=int(block.after.moment), revoked=block, page=page, version=block.entries)

    def beginning(self, after: RevocationPosition) -> RevocationPosition:
        """Return where the page with the sessions after ``after`` begins: one of as many places as there are pages."""
        return self._revoked.block_after(after, whole=True).after

    async def signed(self, feed: Feed) -> bytes:
        """Return ``feed`` as a JWT. A long one is built in steps, between which the event loop serves requests.

        Raises ``SignerUnavailable``, also if there is no active key to sign it, and ``Unavailable`` for one document of
        too many sessions.
        """
        if feed.page is None and len(self._revoked) > _MAX_IN_ONE_DOCUMENT:
            raise Unavailable("Too many sessions were revoked for one document; ask for pages, with after=0.")
        payload: list[bytes] = []
        for part in self._codec.feed_payload(feed):
            payload.append(part)
            await asyncio.sleep(0)
        signed = await self._signing.signature(lambda kid: self._codec.feed_signing_input(payload, kid=kid))
        return self._codec.assemble_feed(*signed)

    def _feed(
        self,
        *,
        since: int,
        revoked: Iterable[RevokedSession],
        page: FeedPage | None = None,
        version: bytes | None = None,
    ) -> Feed:
        now, published = int(self._clock.now()), self._codec.keys()
        return Feed(
            issuer=self._policy.issuer,
            issued_at=now,
            expires_at=now + LIFETIME_SECONDS,
            as_of=self._as_of(),
            since=since,
            window=self._policy.memory_of_revocations(),
            keys=(*(key.kid for key in published), *self._keys.unreadable()),
            dropped=self._keys.dropped(),
            revoked=revoked,
            token_lifetime=self._policy.lifetime,
            cut_off=self._revoked.cut_off,
            page=page,
            version=self._revoked.version if version is None else version,
        )

    def _as_of(self) -> int:
        return int(min(self._clock.now(), self._revoked.synced_until))

    def _earliest(self) -> int:
        """Return the time of the earliest revocations that matter to access tokens still alive."""
        return int(self._clock.now()) - self._policy.memory_of_revocations()


def _text(position: RevocationPosition | None) -> str | None:
    return None if position is None else position.text()

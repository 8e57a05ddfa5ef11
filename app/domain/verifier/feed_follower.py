"""Follow the revocation feed of an issuer."""

import asyncio
from math import inf
from typing import Final

from ...ports.clock import Clock
from ...ports.issuer import FeedDocument, Issuer
from ...ports.issuer_verifier import IssuerVerifier
from ..tokens.errors import InvalidToken, UnknownSigner
from ..tokens.feed import OVERLAP_SECONDS, Feed
from ..tokens.policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from .errors import IssuerFault
from .issuer_keys import IssuerKeys

_MAX_CHARACTERS_ON_LOOP: Final = 65_536
"""A longer feed is parsed in a thread, so that the event loop can serve requests."""


class FeedFollower:
    """Polls the feed, and applies it to the keys and to the list of revoked sessions.

    A faulty feed changes nothing. ``stale_after`` is in seconds. ``fault`` says why the last poll failed; it is ``""``
    if it succeeded.
    """

    def __init__(
        self,
        *,
        issuer: Issuer,
        keys: IssuerKeys,
        verifier: IssuerVerifier,
        revoked: RevocationList,
        clock: Clock,
        policy: AccessTokenPolicy,
        stale_after: float,
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._verifier = verifier
        self._revoked = revoked
        self._clock = clock
        self._policy = policy
        self._stale_after = stale_after
        self._last: Feed | None = None
        self._received_at = 0.0
        self._as_of = 0
        self._etag: str | None = None
        self._needs_everything = False
        self.fault = ""

    async def poll(self) -> None:
        """Fetch and apply the changes since the last feed. If that fails, set ``fault`` and change nothing else."""
        try:
            document = await self._fetch()
            if document is not None:
                self._apply(*await self._read(document.text))
                self._etag = document.etag
        except IssuerFault as error:
            self.fault = error.description
        else:
            self.fault = ""
        if self.is_stale():
            self._keys.mark_feed_stale()

    def age(self) -> float:
        """Return for how many seconds new revocations may be missing here; infinite before the first feed.

        This is the greater of two times: the time since the newest feed arrived, by the clock of this guard, and the
        age of that feed by its own times minus the leeway. The second is greater if the feed was delayed on the way.
        """
        if self._last is None:
            return inf
        now = self._clock.now()
        measured = abs(now - self._received_at) + self._last.issued_at - min(self._as_of, self._last.issued_at)
        return max(measured, now - self._as_of - self._policy.leeway)

    def is_stale(self) -> bool:
        """Return whether the last valid feed is too old."""
        return self.age() > self._stale_after

    async def _fetch(self) -> FeedDocument | None:
        if self._needs_everything:
            return await self._issuer.feed(since=0, etag=None)
        return await self._issuer.feed(since=self._as_of, etag=self._etag)

    async def _read(self, text: str) -> tuple[Feed, str]:
        try:
            if len(text) > _MAX_CHARACTERS_ON_LOOP:
                return await asyncio.to_thread(self._verifier.decode_feed, text)
            return self._verifier.decode_feed(text)
        except UnknownSigner as error:
            self._keys.request_fetch()
            raise IssuerFault("The feed is signed by a key that is not published, or was dropped.") from error
        except InvalidToken as error:
            raise IssuerFault("The feed is not a signed JWT of its type, or its signature is wrong.") from error

    def _apply(self, feed: Feed, signer: str) -> None:
        self._check(feed, signer)
        now = self._clock.now()
        if self._last is None or feed.issued_at > self._last.issued_at:
            self._received_at = now
        self._last = feed
        self._as_of = max(self._as_of, feed.as_of)
        self._keys.apply_feed(feed.keys, feed.dropped)
        for each in feed.revoked:
            self._revoked.add(each)
        if feed.cut_off is not None:
            self._revoked.revoke_until(feed.cut_off)
        self._apply_lifetime(feed)
        self._revoked.mark_synced(until=self._as_of)
        self._revoked.forget(revoked_before=now - feed.window - self._policy.leeway)

    def _apply_lifetime(self, feed: Feed) -> None:
        """Accept tokens for the lifetime of the feed; for a longer one than before only if the feed is complete.

        Revocations that mattered only to a longer lifetime may be forgotten here, so a complete feed is asked for.
        A token ends within the window after its ``iat``, whatever the leeway of this guard: the issuer has forgotten
        earlier revocations.
        """
        lifetime = MAX_TOKEN_LIFETIME
        if feed.token_lifetime is not None:
            lifetime = min(feed.token_lifetime, feed.window - self._policy.leeway)
        self._needs_everything = lifetime > self._revoked.token_lifetime and feed.since > 0
        if not self._needs_everything:
            self._revoked.token_lifetime = lifetime

    def _check(self, feed: Feed, signer: str) -> None:
        """Raise ``IssuerFault`` for a feed that is foreign, outdated or contradictory, or that leaves a gap."""
        now, leeway = self._clock.now(), self._policy.leeway
        if feed.issuer != self._policy.issuer:
            raise IssuerFault("The feed is another issuer's.")
        if now >= feed.expires_at + leeway:
            raise IssuerFault("The feed has expired.")
        if feed.issued_at > now + leeway or not feed.as_of <= feed.issued_at <= feed.expires_at:
            raise IssuerFault("The feed is from the future, or its times contradict one another.")
        if self._last is not None and feed.issued_at < self._last.issued_at:
            raise IssuerFault("The feed is older than one seen before.")
        if signer not in feed.keys or signer in feed.dropped:
            raise IssuerFault("The feed is signed by a key that it does not trust itself.")
        if feed.since > max(0, self._as_of - OVERLAP_SECONDS):
            raise IssuerFault("The feed leaves out earlier revocations.")
        if feed.cut_off is not None and self._revoked.cut_off is not None and feed.cut_off < self._revoked.cut_off:
            raise IssuerFault("The cut-off of the feed is earlier than one seen before.")

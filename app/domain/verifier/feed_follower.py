"""Follow the revocation feed of an issuer."""

import asyncio
from dataclasses import dataclass, replace
from itertools import islice
from math import inf
from typing import Final

from ...ports.issuer import FeedDocument, Issuer
from ...ports.issuer_verifier import IssuerVerifier
from ..clocks.trusted_clock import TrustedClock
from ..issuer_spelling import differ_by_slash
from ..tokens.errors import InvalidToken, UnknownSigner
from ..tokens.feed import FIRST_PAGE, OVERLAP_SECONDS, Feed
from ..tokens.policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from ..tokens.revocation_order import RevocationPosition
from .errors import IssuerFault
from .issuer_keys import IssuerKeys

_SESSIONS_IN_STEP: Final = 1_000

_MAX_CHARACTERS_ON_LOOP: Final = 65_536
"""A longer feed is parsed in a thread, so that the event loop can serve requests."""


class FeedFollower:
    """Polls the feed, and applies it to the keys and to the list of revoked sessions.

    A good feed shows that the clock is right, because its signed times agree with it.
    Nothing is forgotten by the clock of this guard. ``stale_after`` is in seconds. ``fault`` says why the last poll
    failed; it is ``""`` if it succeeded.
    """

    def __init__(
        self,
        *,
        issuer: Issuer,
        keys: IssuerKeys,
        verifier: IssuerVerifier,
        revoked: RevocationList,
        clock: TrustedClock,
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
        self._answer: _Answer | None = None
        self._keys_at = 0
        self._needs_everything = False
        self.fault = ""

    async def poll(self) -> None:
        """Fetch and apply the changes since the last feed. If that fails, set ``fault``.

        A faulty page changes nothing. Of an answer whose later pages could not be fetched, the sessions of the first
        ones are refused, and the next poll goes on.
        """
        try:
            if self._answer is None:
                await self._begin()
            while self._answer is not None:
                await self._go_on(self._answer)
        except IssuerFault as error:
            self.fault = error.description
        else:
            self.fault = ""
        self._clock.reconsider()
        if self.is_stale():
            self._keys.mark_feed_stale()

    def age(self) -> float:
        """Return for how many seconds new revocations may be missing here; infinite before the first feed.

        This is the greater of two times: the time since the newest feed arrived, by the steady clock, and the age of
        that feed by its own times minus the leeway. The second is greater if the feed was delayed on the way.
        """
        if self._last is None:
            return inf
        now = self._clock.best_guess()
        measured = (
            self._clock.steady() - self._received_at + self._last.issued_at - min(self._as_of, self._last.issued_at)
        )
        return max(measured, now - self._as_of - self._policy.leeway)

    def is_stale(self) -> bool:
        """Return whether the last valid feed is too old."""
        return self.age() > self._stale_after

    async def _begin(self) -> None:
        """Fetch the first page. If it is the last one too, finish."""
        document = await self._fetch()
        if document is None:
            return
        feed, signer = await self._read(document.text)
        self._check(feed, signer)
        if feed.page is not None and feed.page.after != FIRST_PAGE:
            raise IssuerFault("The feed is another page than the first one.")
        answer = _Answer(
            feed, document.etag, self._clock.steady(), feed.as_of, None if feed.page is None else feed.page.next
        )
        await self._apply(feed)
        self._answer = answer
        if answer.next is None:
            self._finish(answer)

    async def _go_on(self, answer: "_Answer") -> None:
        """Fetch the next page. If it is the last one, finish."""
        if answer.next is None:
            self._finish(answer)
            return
        document = await self._issuer.feed_page(after=answer.next)
        self._answer = None  # if the page is faulty, the next poll begins again
        feed, signer = await self._read(document.text)
        self._check_origin(feed, signer)
        following = _following_page(feed, answer.next)
        self._answer = answer  # from here on, an interrupted poll goes on with this page
        await self._apply(feed)
        self._answer = replace(answer, as_of=min(answer.as_of, feed.as_of), next=following)

    def _finish(self, answer: "_Answer") -> None:
        """Say that everything up to the ``as_of`` of the answer is known."""
        first = answer.first
        self._clock.trust(self._clock.offset())
        if self._last is None or first.issued_at > self._last.issued_at:
            self._received_at = answer.received_at
        self._last, self._etag, self._answer = first, answer.etag, None
        self._as_of = max(self._as_of, answer.as_of)
        self._apply_lifetime(first)
        self._revoked.mark_synced(until=self._as_of)
        self._revoked.forget(revoked_before=first.issued_at - first.window - self._policy.leeway)

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

    async def _apply(self, feed: Feed) -> None:
        """Add the sessions in steps, between which the event loop serves requests. The keys are those of the newest
        page.
        """
        if feed.issued_at >= self._keys_at:
            self._keys_at = feed.issued_at
            self._keys.apply_feed(feed.keys, feed.dropped)
        if feed.cut_off is not None:
            self._revoked.revoke_until(feed.cut_off)
        sessions = iter(feed.revoked)
        while some := [*islice(sessions, _SESSIONS_IN_STEP)]:
            self._revoked.add_each(some)
            if len(some) == _SESSIONS_IN_STEP:
                await asyncio.sleep(0)

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
        self._check_origin(feed, signer)
        if self._last is not None and feed.issued_at < self._last.issued_at:
            raise IssuerFault("The feed is older than one seen before.")
        if feed.since > max(0, self._as_of - OVERLAP_SECONDS):
            raise IssuerFault("The feed leaves out earlier revocations.")
        if feed.cut_off is not None and self._revoked.cut_off is not None and feed.cut_off < self._revoked.cut_off:
            raise IssuerFault("The cut-off of the feed is earlier than one seen before.")

    def _check_origin(self, feed: Feed, signer: str) -> None:
        """Raise ``IssuerFault`` for a page that is foreign, has expired, or contradicts itself."""
        now, leeway = self._clock.wall(), self._policy.leeway
        if feed.issuer != self._policy.issuer:
            slash = " They differ by the slash at the end." if differ_by_slash(feed.issuer, self._policy.issuer) else ""
            raise IssuerFault(
                f"The feed is another issuer's: {feed.issuer:.200}. This guard follows {self._policy.issuer}.{slash}"
            )
        if now >= feed.expires_at + leeway:
            raise IssuerFault("The feed has expired.")
        if feed.issued_at > now + leeway or not feed.as_of <= feed.issued_at <= feed.expires_at:
            raise IssuerFault("The feed is from the future, or its times contradict one another.")
        if signer not in feed.keys or signer in feed.dropped:
            raise IssuerFault("The feed is signed by a key that it does not trust itself.")


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer of several pages, of which the first ones were applied. ``as_of`` is that of the page that knows least,
    ``next`` the position of the next page, ``None`` after the last one.
    """

    first: Feed
    etag: str | None
    received_at: float
    as_of: int
    next: str | None


def _following_page(feed: Feed, asked: str) -> str | None:
    """Return the ``next`` of a page; raises ``IssuerFault`` unless the page follows the position ``asked``."""
    page = feed.page
    try:
        if page is not None and page.after != FIRST_PAGE:
            position = RevocationPosition.parse(asked)
            begins_in_time = RevocationPosition.parse(page.after) <= position
            if begins_in_time and (page.next is None or RevocationPosition.parse(page.next) > position):
                return page.next
    except ValueError as error:
        raise IssuerFault("A position in the feed is malformed.") from error
    raise IssuerFault("The page of the feed is not the one that follows.")

"""Follow an issuer in the background: its keys and its revocation feed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from math import inf
from typing import Final

from ..adapters.guards.open_requests import OpenRequests
from ..adapters.issuer.http_issuer import HttpIssuer
from ..domain.clocks.trusted_clock import TrustedClock
from ..domain.keys.reload import KeyReload
from ..domain.tokens.revocation_list import RevocationList
from ..domain.verifier.feed_follower import FeedFollower
from ..domain.verifier.guard_state import GuardState
from ..domain.verifier.issuer_keys import IssuerKeys
from ..ports.guard_telemetry import GuardTelemetry

_LOG: Final = logging.getLogger("keyturn.guard")

_START_SECONDS: Final = 5.0
_STALE: Final = "nothing good has come for too long: sessions may be revoked unheard"
_NOTHING_YET: Final = "nothing good has come yet: sessions may be revoked unheard"


class IssuerFollower:
    """Fetches the issuer's keys when it is time or on request, and polls its feed every ``poll_seconds``."""

    def __init__(
        self,
        *,
        issuer: HttpIssuer,
        keys: IssuerKeys,
        feed: FeedFollower,
        reload: KeyReload,
        revoked: RevocationList,
        open_requests: OpenRequests,
        clock: TrustedClock,
        telemetry: GuardTelemetry,
        poll_seconds: float,
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._feed = feed
        self._reload = reload
        self._revoked = revoked
        self._open_requests = open_requests
        self._clock = clock
        self._telemetry = telemetry
        self._poll_seconds = poll_seconds
        self._logged_faults: dict[str, str] = {}
        self._logged_doubt = False
        self._rechecked_with = self._what_ends_tokens()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the issuer inside the block. It begins after the first fetches, or after 5 seconds without them."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._issuer.connected())
            with suppress(TimeoutError):
                async with asyncio.timeout(_START_SECONDS):
                    await _log_bugs(self.fetch_keys)
                    await _log_bugs(self.poll_feed)
            for task in (self._fetch_keys_when_due(), self._poll_feed_regularly()):
                stack.push_async_callback(_cancel, asyncio.create_task(task))
            yield

    async def fetch_keys(self) -> None:
        """Fetch the keys. Count the outcome, and log a new fault."""
        await self._keys.fetch()
        self._recheck_open_requests()
        self._telemetry.keys_fetched(self.state())
        self._log_change("keys", self._keys.fault)

    async def poll_feed(self) -> None:
        """Poll the feed. Count the outcome, and log a new fault and the beginning of staleness."""
        await self._feed.poll()
        self._recheck_open_requests()
        self._telemetry.feed_polled(self.state())
        self._log_doubt()
        self._log_change("revocation feed", self._feed.fault)
        self._log_change("revocations", self._staleness())

    def state(self) -> GuardState:
        """Return the state of the keys and the feed of the issuer, with their ages."""
        fetched_at, feed_age = self._keys.fetched_at, self._feed.age()
        return GuardState(
            keys_age=None if fetched_at is None else self._clock.steady() - fetched_at,
            keys_fault=self._keys.fault,
            kids=tuple(sorted(self._keys.kids())),
            dropped_kids=tuple(sorted(self._keys.dropped())),
            feed_age=None if feed_age == inf else feed_age,
            feed_is_stale=self._feed.is_stale(),
            feed_fault=self._feed.fault,
            revoked_sessions=len(self._revoked),
        )

    async def _fetch_keys_when_due(self) -> None:
        while True:
            await self._reload.wait(seconds=self._keys.seconds_until_fetch())
            await _log_bugs(self.fetch_keys)

    async def _poll_feed_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            await _log_bugs(self.poll_feed)

    def _recheck_open_requests(self) -> None:
        """Let the open requests be looked at, if something changed that can end a token."""
        known = self._what_ends_tokens()
        if known != self._rechecked_with:
            keys_changed, self._rechecked_with = known[2] != self._rechecked_with[2], known
            self._open_requests.recheck(keys_changed=keys_changed)

    def _what_ends_tokens(self) -> tuple[int, int, frozenset[str]]:
        return self._revoked.version, self._revoked.token_lifetime, frozenset(self._keys.kids())

    def _staleness(self) -> str:
        if not self._feed.is_stale():
            return ""
        return _NOTHING_YET if self._feed.age() == inf else _STALE

    def _log_doubt(self) -> None:
        """Log the beginning and the end of a doubt about the clock, each once."""
        if self._clock.is_in_doubt is self._logged_doubt:
            return
        self._logged_doubt = self._clock.is_in_doubt
        if self._logged_doubt:
            _LOG.error(
                "the clock of this machine has stepped: guarded requests get 503 until the issuer confirms the time"
            )
        else:
            _LOG.warning("the clock of this machine is right again")

    def _log_change(self, part: str, fault: str) -> None:
        """Log the beginning and the end of a fault, each once."""
        if fault == self._logged_faults.get(part, ""):
            return
        self._logged_faults[part] = fault
        if fault:
            _LOG.warning("the issuer's %s: %s", part, fault)
        else:
            _LOG.info("the issuer's %s: good again", part)


async def _log_bugs(action: Callable[[], Awaitable[None]]) -> None:
    try:
        await action()
    except Exception:  # noqa: BLE001  # a bug in one round must not end the task
        _LOG.exception("following the issuer failed")


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

"""What a guard does beside guarding: it keeps up with its issuer."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from math import inf
from typing import Final

from ..adapters.issuer.http_issuer import HttpIssuer
from ..domain.keys.reload import KeyReload
from ..domain.tokens.revocation_list import RevocationList
from ..domain.verifier.feed_follower import FeedFollower
from ..domain.verifier.guard_state import GuardState
from ..domain.verifier.issuer_keys import IssuerKeys
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry

_LOG: Final = logging.getLogger("keyturn.guard")

_START_SECONDS: Final = 5.0
_STALE: Final = "nothing good has come for too long: sessions may be revoked unheard"


class IssuerFollower:
    """Follows an issuer: its keys when they are due or asked for, its feed every ``poll_seconds``."""

    def __init__(
        self,
        *,
        issuer: HttpIssuer,
        keys: IssuerKeys,
        feed: FeedFollower,
        reload: KeyReload,
        revoked: RevocationList,
        clock: Clock,
        telemetry: GuardTelemetry,
        poll_seconds: float,
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._feed = feed
        self._reload = reload
        self._revoked = revoked
        self._clock = clock
        self._telemetry = telemetry
        self._poll_seconds = poll_seconds
        self._reported: dict[str, str] = {}

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Follow until the end. The first fetches have 5 seconds; after that it begins without."""
        async with AsyncExitStack() as life:
            await life.enter_async_context(self._issuer.connected())
            with suppress(TimeoutError):
                async with asyncio.timeout(_START_SECONDS):
                    await _surviving(self.fetch_keys)
                    await _surviving(self.poll_feed)
            for task in (self._keep_keys(), self._keep_feed()):
                life.push_async_callback(_end, asyncio.create_task(task))
            yield

    async def fetch_keys(self) -> None:
        """Fetch the keys, and report what came of it: to the log a fault that is new."""
        await self._keys.fetch()
        self._telemetry.keys_fetched(self.state())
        self._report("keys", self._keys.fault)

    async def poll_feed(self) -> None:
        """Poll the feed, and report what came of it: to the log a fault that is new, and staleness."""
        await self._feed.poll()
        self._telemetry.feed_polled(self.state())
        self._report("revocation feed", self._feed.fault)
        self._report("revocations", _STALE if self._feed.is_stale() else "")

    def state(self) -> GuardState:
        """Return what is known now."""
        fetched_at, feed_age = self._keys.fetched_at, self._feed.age()
        return GuardState(
            keys_age=None if fetched_at is None else self._clock.now() - fetched_at,
            keys_fault=self._keys.fault,
            kids=tuple(sorted(self._keys.kids())),
            dropped_kids=tuple(sorted(self._keys.dropped())),
            feed_age=None if feed_age == inf else feed_age,
            feed_is_stale=self._feed.is_stale(),
            feed_fault=self._feed.fault,
            revoked_sessions=len(self._revoked),
        )

    async def _keep_keys(self) -> None:
        while True:
            await self._reload.wait(seconds=self._keys.seconds_until_fetch())
            await _surviving(self.fetch_keys)

    async def _keep_feed(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            await _surviving(self.poll_feed)

    def _report(self, part: str, fault: str) -> None:
        """Log a fault once, and its end."""
        if fault == self._reported.get(part, ""):
            return
        self._reported[part] = fault
        if fault:
            _LOG.warning("the issuer's %s: %s", part, fault)
        else:
            _LOG.info("the issuer's %s: good again", part)


async def _surviving(act: Callable[[], Awaitable[None]]) -> None:
    try:
        await act()
    except Exception:  # noqa: BLE001  # a bug in one round must not end all of them
        _LOG.exception("following the issuer failed")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

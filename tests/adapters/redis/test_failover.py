"""A primary that dies and whose replica takes its place."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.sessions import LATER, NOW, advance, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.domain.sessions.session import RevocationReason, Session
from app.ports.session_store import StoreOptions
from tests.conftest import Proof
from tests.servers.relay import relaying
from tests.servers.valkey import Cluster, Watched, running_cluster, running_watched

LAG_SECONDS: Final = 0.02
CONFIRMED: Final = StoreOptions(timeout=2.0, connections=20, replicas=1)
PATIENCE_SECONDS: Final = 30.0


@contextmanager
def failing(form: str, folder: Path) -> Iterator[Watched | Cluster]:
    """Start a primary that a sentinel watches, or a cluster, whose replicas have everything a little later."""
    with ExitStack() as running:

        def link(port: int) -> int:
            return running.enter_context(relaying(port, lag=LAG_SECONDS)).port

        if form == "sentinel":
            yield running.enter_context(running_watched(folder, link=link))
        else:
            yield running.enter_context(running_cluster(folder, replicas=True, link=link))


@asynccontextmanager
async def opened(url: str, options: StoreOptions) -> AsyncIterator[RedisStore]:
    """Open a store, and close it."""
    store = RedisStore(url, options)
    try:
        await store.open()
        yield store
    finally:
        await store.close()


@dataclass
class Client:
    """One that goes on with its session, and knows what was acknowledged, now and before, and what may have been done
    besides.
    """

    acknowledged: Session
    before: list[Session] = field(default_factory=list)
    attempted: list[Session] = field(default_factory=list)

    async def go_on(self, store: RedisStore, over: asyncio.Event) -> None:
        """Rotate until it is over, or until the outcome is unknown."""
        while not over.is_set():
            successor = rotated(self.acknowledged, now=NOW + 1)
            self.attempted = [successor]
            if not await advance(store.sessions, self.acknowledged, now=NOW + 1):
                raise AssertionError("nobody else rotates this session")
            self._note(successor)

    async def leave(self, store: RedisStore) -> None:
        """End the session."""
        revoked = replace(self.acknowledged, revoked_at=LATER, revoked_because=RevocationReason.LOGOUT, salt=None)
        self.attempted = [revoked]
        await store.sessions.revoke(self.acknowledged.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        self._note(revoked)

    def _note(self, acknowledged: Session) -> None:
        self.before.append(self.acknowledged)
        self.acknowledged, self.attempted = acknowledged, []


@pytest.mark.proof("stores")
@pytest.mark.parametrize("form", ["sentinel", "cluster"])
async def test_nothing_that_was_confirmed_is_lost(form: str, tmp_path: Path, proof: Proof) -> None:
    """Some changes wait for the replica, behind a link with a lag of 20 ms: when that takes over, their sessions are
    as they were acknowledged, or as an attempt of unknown outcome left them, and every sign-out stands. Sessions whose
    changes waited for nothing may have lost the last of these, and are as they once were. A store that was open before
    goes on.
    """
    choose = random.Random(proof.seed())  # noqa: S311  # it only chooses moments
    lost = 0
    for failover in range(proof.count("failovers", small=1, full=10)):
        confirmed, hasty = ([Client(new_session(number + some)) for number in range(20)] for some in (0, 20))
        with failing(form, tmp_path / str(failover)) as servers:
            unconfirmed = replace(CONFIRMED, replicas=0)
            async with opened(servers.url, CONFIRMED) as store, opened(servers.url, unconfirmed) as beside:
                await asyncio.gather(*(store.sessions.add(each.acknowledged) for each in confirmed + hasty))
                over = asyncio.Event()
                pairs = [(client, store) for client in confirmed] + [(client, beside) for client in hasty]
                going_on = [asyncio.create_task(client.go_on(place, over)) for client, place in pairs[5:-5]]
                await asyncio.sleep(choose.uniform(0.1, 0.5))
                leaving = [asyncio.create_task(client.leave(place)) for client, place in pairs[:5] + pairs[-5:]]
                await asyncio.sleep(choose.uniform(0.0, 2 * LAG_SECONDS))
                await asyncio.to_thread(servers.fail_over)
                over.set()
                for result in await asyncio.gather(*going_on, *leaving, return_exceptions=True):
                    assert result is None or isinstance(result, StoreUnavailable), result
                kept = await asyncio.gather(*(keeps_all(beside, client) for client in confirmed + hasty))
                assert all(kept[: len(confirmed)]), "an acknowledged change is lost"
                lost += kept.count(False)
    proof.measured("sessions that lost changes that waited for nothing", lost)


async def keeps_all(store: RedisStore, client: Client) -> bool:
    """Tell whether the session has all that was acknowledged; see that it is as it was at some time, and goes on."""
    found = await found_after_failover(store, client)
    assert found in [*client.before, client.acknowledged, *client.attempted]
    assert await advance(store.sessions, found) is (found.revoked_at is None)
    return found in [client.acknowledged, *client.attempted]


async def found_after_failover(store: RedisStore, client: Client) -> Session:
    """Return the session once its new primary answers."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(StoreUnavailable):
                found = await store.sessions.find(client.acknowledged.session_id)
                assert found is not None, "an acknowledged sign-in is lost"
                return found
            await asyncio.sleep(0.05)

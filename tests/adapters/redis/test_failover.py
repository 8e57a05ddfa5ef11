"""Failovers: a primary dies and its replica takes its place."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.sessions import NOW, advance, new_session, revoke, revoked, rotated
from app.domain.errors import StoreUnavailable
from app.domain.sessions.session import Session
from app.ports.session_store import StoreOptions
from tests.conftest import Proof
from tests.servers.relay import relaying
from tests.servers.valkey import Cluster, SentinelGroup, running_cluster, running_sentinel_group

LAG_SECONDS: Final = 0.02
CONFIRMED: Final = StoreOptions(timeout=2.0, connections=20, replicas=1)
UNCONFIRMED: Final = replace(CONFIRMED, replicas=0)
PATIENCE_SECONDS: Final = 30.0


@contextmanager
def failing(form: str, folder: Path) -> Iterator[SentinelGroup | Cluster]:
    """Run a primary with a sentinel, or a cluster. The replicas receive everything a little later."""
    with ExitStack() as running:

        def link(port: int) -> int:
            return running.enter_context(relaying(port, lag=LAG_SECONDS)).port

        if form == "sentinel":
            yield running.enter_context(running_sentinel_group(folder, link=link))
        else:
            yield running.enter_context(running_cluster(folder, replicas=True, link=link))


@asynccontextmanager
async def open_store(url: str, options: StoreOptions) -> AsyncIterator[RedisStore]:
    """Open a store, and close it afterwards."""
    store = RedisStore(url, options)
    try:
        await store.open()
        yield store
    finally:
        await store.close()


@dataclass
class Client:
    """A client that rotates its session. It knows the acknowledged state, earlier states, and the states that an
    attempt of unknown outcome may have left.
    """

    acknowledged: Session
    before: list[Session] = field(default_factory=list)
    attempted: list[Session] = field(default_factory=list)

    async def rotate_until(self, store: RedisStore, over: asyncio.Event) -> None:
        """Rotate until ``over`` is set, or until the outcome of a rotation is unknown."""
        while not over.is_set():
            successor = rotated(self.acknowledged, now=NOW + 1)
            self.attempted = [successor]
            if not await advance(store.sessions, self.acknowledged, now=NOW + 1):
                raise AssertionError("nobody else rotates this session")
            self._acknowledge(successor)

    async def sign_out(self, store: RedisStore) -> None:
        """Revoke the session."""
        signed_out = revoked(self.acknowledged)
        self.attempted = [signed_out]
        await revoke(store.sessions, self.acknowledged)
        self._acknowledge(signed_out)

    def _acknowledge(self, acknowledged: Session) -> None:
        self.before.append(self.acknowledged)
        self.acknowledged, self.attempted = acknowledged, []


@pytest.mark.proof("stores")
@pytest.mark.parametrize("form", ["sentinel", "cluster"])
async def test_no_confirmed_change_is_lost(form: str, tmp_path: Path, proof: Proof) -> None:
    """After a failover, behind a link with a lag of 20 ms, no change that a replica had confirmed is lost, and every
    sign-out stands. Sessions whose changes did not wait for a replica are as they were at some time. A store that was
    open before can be used.
    """
    choose = random.Random(proof.seed())  # noqa: S311  # it only chooses times
    lost = 0
    for failover in range(proof.count("failovers", small=1, full=10)):
        with failing(form, tmp_path / str(failover)) as servers:
            async with (
                open_store(servers.url, CONFIRMED) as confirming,
                open_store(servers.url, UNCONFIRMED) as unconfirming,
            ):
                confirmed = [(Client(new_session(number)), confirming) for number in range(20)]
                unconfirmed = [(Client(new_session(20 + number)), unconfirming) for number in range(20)]
                await fail_over_under_load(servers, confirmed + unconfirmed, choose)
                assert all([await keeps_all(unconfirming, client) for client, _ in confirmed]), "a change is lost"
                lost += [await keeps_all(unconfirming, client) for client, _ in unconfirmed].count(False)
    proof.measured("sessions that lost changes that waited for nothing", lost)


async def fail_over_under_load(
    servers: SentinelGroup | Cluster, clients: list[tuple[Client, RedisStore]], choose: random.Random
) -> None:
    """Kill the primary while most clients rotate their sessions and some sign out."""
    await asyncio.gather(*(store.sessions.add(client.acknowledged) for client, store in clients))
    over = asyncio.Event()
    rotating = [asyncio.create_task(client.rotate_until(store, over)) for client, store in clients[5:-5]]
    await asyncio.sleep(choose.uniform(0.1, 0.5))
    signing_out = [asyncio.create_task(client.sign_out(store)) for client, store in clients[:5] + clients[-5:]]
    await asyncio.sleep(choose.uniform(0.0, 2 * LAG_SECONDS))
    await asyncio.to_thread(servers.fail_over)
    over.set()
    for result in await asyncio.gather(*rotating, *signing_out, return_exceptions=True):
        assert result is None or isinstance(result, StoreUnavailable), result


async def keeps_all(store: RedisStore, client: Client) -> bool:
    """Tell whether the session has every acknowledged change. Check that it is in a state it had at some time, and can
    go on.
    """
    found = await found_after_failover(store, client)
    assert found in [*client.before, client.acknowledged, *client.attempted]
    assert await advance(store.sessions, found) is (found.revoked_at is None)
    return found in [client.acknowledged, *client.attempted]


async def found_after_failover(store: RedisStore, client: Client) -> Session:
    """Return the session when the new primary answers."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(StoreUnavailable):
                found = await store.sessions.find(client.acknowledged.session_id)
                assert found is not None, "an acknowledged sign-in is lost"
                return found
            await asyncio.sleep(0.05)

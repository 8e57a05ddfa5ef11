"""The cut-off is in every shard, because a script can read only keys of one slot."""

from pathlib import Path
from typing import Final

import pytest

from app.adapters.redis.redis_keys import SHARDS, cut_off
from app.adapters.redis.store import RedisStore
from app.contracts.sessions import NOW, SUBJECT, advance, new_session, revoke, stored
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import SessionId
from app.domain.sessions.session import RevocationReason, Session
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Valkey, running_valkey

from .conftest import OpenStore

CUT_OFF: Final = int(NOW)
CONFIRMED: Final = StoreOptions(timeout=0.5, replicas=1)


async def test_every_shard_has_the_cut_off(valkey: Valkey, open_store: OpenStore) -> None:
    """Sessions of all shards end. The cut-off never expires, although sessions and revocations do."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    sessions = [session_of(shard) for shard in range(SHARDS)]
    for session in sessions:
        await store.sessions.add(session)
    await store.sessions.set_cut_off(CUT_OFF)
    for shard, session in enumerate(sessions):
        assert await stored(store.sessions, session) == session.ended_by(CUT_OFF)
        assert await advance(store.sessions, session) is False
        assert valkey.execute("PTTL", cut_off(shard)) == -1


async def test_half_a_cut_off_is_found_and_can_be_repeated(valkey: Valkey, open_store: OpenStore) -> None:
    """If a call failed after some shards, the cut-off is found, so that instances refuse tokens early. The same call
    ends the sessions of the other shards.
    """
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    for shard in (3, 4):
        await store.sessions.add(session_of(shard))
    valkey.execute("SET", cut_off(3), CUT_OFF)
    assert await store.sessions.find_cut_off() == CUT_OFF
    assert await advance(store.sessions, session_of(3)) is False
    assert await stored(store.sessions, session_of(4)) == session_of(4)
    await store.sessions.set_cut_off(CUT_OFF)
    assert await advance(store.sessions, session_of(4)) is False


async def test_no_shard_moves_back(valkey: Valkey, open_store: OpenStore) -> None:
    """An older cut-off changes only the shards that have none, or one that is older still."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    for shard, moment in ((5, CUT_OFF + 9), (6, CUT_OFF - 9)):
        valkey.execute("SET", cut_off(shard), moment)
    await store.sessions.set_cut_off(CUT_OFF)
    found = {shard: int(valkey.execute("GET", cut_off(shard))) for shard in range(SHARDS)}
    assert found == dict.fromkeys(range(SHARDS), CUT_OFF) | {5: CUT_OFF + 9}
    assert await store.sessions.find_cut_off() == CUT_OFF + 9


async def test_an_unconfirmed_cut_off_is_not_acknowledged(tmp_path: Path) -> None:
    """A cut-off that no replica has is not acknowledged, and neither is anything that rests on it."""
    with running_valkey(tmp_path) as server:
        alone, confirming = RedisStore(server.url, StoreOptions(timeout=20.0)), RedisStore(server.url, CONFIRMED)
        session = session_of(1)
        await alone.sessions.add(session)
        await alone.sessions.set_cut_off(CUT_OFF)
        for call in (
            confirming.sessions.set_cut_off(CUT_OFF - 1),
            confirming.sessions.find(session.session_id),
            revoke(confirming.sessions, session),
            confirming.sessions.revoke_subject(SUBJECT, reason=RevocationReason.LOGOUT, now=NOW, keep=None),
            confirming.sessions.list_live_sessions(SUBJECT, now=NOW, limit=10),
        ):
            with pytest.raises(StoreUnavailable):
                await call
        assert await stored(alone.sessions, session) == session.ended_by(CUT_OFF)
        await alone.close()
        await confirming.close()


def session_of(shard: int) -> Session:
    """Return a session of a shard."""
    return new_session(session_id=SessionId(bytes([shard]) + bytes(15)))

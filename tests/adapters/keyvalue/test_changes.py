"""What the base for stores of keys and values does that the kit cannot see."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.keyvalue.client import Entry, KeyValueClient
from app.adapters.keyvalue.session_keys import SessionKeys, time_key, time_of
from app.adapters.keyvalue.store import KeyValueStore
from app.contracts.sessions import LATER, NOW, add_all, advance, end_all, limit_to, new_session, rotated
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.identifiers import Subject
from app.ports.session_store import StoreOptions

from .sqlite_client import SqliteClient


class Overtaken(SqliteClient):
    """A client whose commits of more than ``most`` expected keys are always overtaken."""

    most = 0

    async def commit(
        self, expected: Mapping[bytes, int], puts: Mapping[bytes, bytes], deletes: Collection[bytes]
    ) -> bool:
        overtaken = len(expected) > self.most and b"keyturn/cut-off" in expected
        return not overtaken and await super().commit(expected, puts, deletes)


class Failing(SqliteClient):
    """A client whose driver has failed."""

    failures = (ConnectionError,)

    async def get(self, keys: Sequence[bytes]) -> Sequence[Entry]:
        raise ConnectionResetError("the secret of the driver")


def store_of(client: KeyValueClient) -> KeyValueStore:
    """Return a store over this client, with a minute for each act."""
    return KeyValueStore(lambda: client, StoreOptions(timeout=60.0))


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Return the path of an empty store."""
    return str(tmp_path / "entries")


async def test_change_that_is_always_overtaken_ends(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 100 attempts a change raises ``StoreUnavailable`` with the fault ``locked``. Nothing was changed."""
    monkeypatch.setattr("app.adapters.keyvalue.acts._FIRST_PAUSE_SECONDS", 0.0)
    client = Overtaken(path)
    store = store_of(client)
    await store.sessions.add(new_session())
    for act in (advance(store.sessions, new_session()), end_all(store.sessions), store.sessions.set_cut_off(5)):
        with pytest.raises(StoreUnavailable, match="overtook this one 100 times") as raised:
            await act
        assert raised.value.fault == "locked"
    assert await store.sessions.find(new_session().session_id) == new_session()
    await store.close()


async def test_commits_get_smaller_while_others_overtake_them(path: str) -> None:
    """Sessions that cannot be changed together are changed one by one."""
    client = Overtaken(path)
    client.most = 2  # the cut-off and one session
    store = store_of(client)
    await add_all(store.sessions, [new_session(number) for number in range(40)])
    assert len(await end_all(store.sessions)) == 40
    await store.close()


async def test_failure_of_the_driver_is_no_answer(path: str) -> None:
    """An exception of ``failures`` becomes ``StoreUnavailable``, which repeats nothing of its text."""
    store = store_of(Failing(path))
    with pytest.raises(StoreUnavailable) as raised:
        await store.sessions.find(new_session().session_id)
    assert raised.value.fault == "no_answer"
    assert "secret" not in str(raised.value)


async def test_record_that_cannot_be_read_counts_as_absent(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged without its value, and the other sessions of its subject are found and ended."""
    client = SqliteClient(path)
    store = store_of(client)
    await add_all(store.sessions, [new_session(1), new_session(2)])
    key = SessionKeys(b"keyturn/").session(new_session(1).session_id)
    await client.commit({}, {key: b'{"format": 2, "subject": "mallory"}'}, ())
    assert await store.sessions.find(new_session(1).session_id) is None
    assert not await advance(store.sessions, new_session(1))
    assert [each.session_id for each in await end_all(store.sessions)] == [new_session(2).session_id]
    assert "a stored value cannot be read" in caplog.text
    assert "mallory" not in caplog.text
    await store.close()


async def test_no_key_is_left_of_deleted_sessions(path: str) -> None:
    """After every session was rotated, revoked or left to expire, and deleted, only the shared keys are left."""
    client = SqliteClient(path)
    store = store_of(client)
    opened = [new_session(number, subject=Subject("s" * 100_000)) for number in range(60)]
    await add_all(store.sessions, opened)
    for session in opened[:20]:
        await advance(store.sessions, session)
        await advance(store.sessions, rotated(session), now=LATER + 1)
    assert len(await limit_to(store.sessions, 20, opened[0].subject)) == 40
    await store.sessions.set_cut_off(int(NOW) - 1)
    assert store.sweeper is not None
    assert await store.sweeper.delete_ended(expired_before=2 * NOW, revoked_before=2 * NOW, limit=1_000) == 60
    left = [each.key for each in await client.range(b"", b"\xff", limit=1_000)]
    assert len(left) == 2
    assert left[0] == b"keyturn/cut-off"
    assert left[1].startswith(b"keyturn/g/")
    await store.close()


async def test_prefixes_are_stores_of_their_own(path: str) -> None:
    """Two stores with different prefixes in one place share no session and no cut-off."""
    client = SqliteClient(path)
    one, other = (KeyValueStore(lambda: client, StoreOptions(), prefix=each) for each in (b"test/a/", b"test/a"))
    await one.sessions.add(new_session())
    await one.sessions.set_cut_off(int(NOW))
    assert await other.sessions.find(new_session().session_id) is None
    assert await other.sessions.find_cut_off() is None
    await one.close()


async def test_rehearsal_leaves_nothing_behind(path: str) -> None:
    """``rehearse`` writes as ``prepare`` does, and deletes it again. Replicas are refused by both."""
    client = SqliteClient(path)
    store = store_of(client)
    await store.rehearse()
    assert await client.range(b"", b"\xff", limit=10) == []
    refusing = KeyValueStore(lambda: client, StoreOptions(replicas=1))
    for act in (refusing.prepare, refusing.rehearse):
        with pytest.raises(ConfigurationError, match="set it to 0"):
            await act()
    await client.close()


async def test_racing_limits_choose_in_turn(path: str) -> None:
    """Calls that keep different sessions, and need several commits each, leave exactly the limit."""
    stores = [store_of(SqliteClient(path)) for _ in range(4)]
    opened = [new_session(number, rotated_at=NOW + number) for number in range(80)]
    await add_all(stores[0].sessions, opened)
    kept = [opened[number].session_id for number in (0, 1, 2, 79)]
    ended: Any = await asyncio.gather(
        *(limit_to(store.sessions, 5, keep=keep) for store, keep in zip(stores, kept, strict=True))
    )
    live = await stores[0].sessions.list_live_sessions(opened[0].subject, now=LATER, limit=100)
    assert len(live) >= 5
    assert sum(map(len, ended)) == 80 - len(live)
    for store in stores:
        await store.close()


@given(st.lists(st.floats(allow_nan=False)))
def test_keys_of_times_are_ordered_as_the_times(times: list[float]) -> None:
    """The bytes of a time have its order, and give the same time back."""
    assert sorted(times) == [time_of(key) for key in sorted(map(time_key, times))]


async def test_unreadable_records_hold_up_no_sweep(path: str) -> None:
    """Expired sessions of a later format stay, and those behind them are deleted by the next sweep."""
    client = SqliteClient(path)
    store = store_of(client)
    await store.open()
    keys = SessionKeys(b"keyturn/")
    for session in (new_session(number, expires_at=NOW - 20) for number in (1, 2, 3)):
        entries = dict(keys.entries(session))
        record = keys.session(session.session_id)
        later = json.dumps({**json.loads(entries[record]), "format": 2}).encode()
        assert await client.commit({}, {**entries, record: later}, ())
    await store.sessions.add(new_session(4, expires_at=NOW - 10))
    sweeper = store.sweeper
    assert sweeper
    assert [await sweeper.delete_ended(expired_before=NOW, revoked_before=NOW, limit=3) for _ in range(2)] == [0, 1]
    await store.close()

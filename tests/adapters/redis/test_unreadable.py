"""A key of another type, or a value that cannot be read, stops nothing else."""

import pytest

from app.adapters.redis import redis_keys
from app.contracts.rate_limit_repository import NOW as FULL_AT
from app.contracts.rate_limit_repository import THREE, key
from app.contracts.sessions import (
    LATER,
    NOW,
    SUBJECT,
    advance,
    end_all,
    live_sessions,
    new_session,
    revocations,
    revoke,
)
from app.domain.keys.stored_key import EncryptedKey
from tests.servers.valkey import Valkey

from .conftest import OpenStore

SESSION = new_session(1)
SHARD = redis_keys.shard_of(SESSION.session_id)
SESSION_KEY, SALT_KEY, REPLACED_KEY = redis_keys.of_session(SESSION.session_id)
KEYS = {
    "list of the subject": redis_keys.sessions_of_subject(SUBJECT),
    "sessions about to end": redis_keys.ending_of_subject(SUBJECT),
    "revocations": redis_keys.revocations(SHARD),
    "cut-off": redis_keys.cut_off(SHARD),
    "salt": SALT_KEY,
    "replaced secrets": REPLACED_KEY,
    "session": SESSION_KEY,
    "rate limit": redis_keys.rate_limit(key("a")),
    "signing keys": redis_keys.SIGNING_KEYS,
}


@pytest.mark.parametrize("name", KEYS)
async def test_key_of_another_type_counts_as_absent(
    valkey: Valkey, open_store: OpenStore, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever key it is, every act on a session, its subject and the revocations goes on. The value is moved aside,
    and the log names the key.
    """
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    await store.sessions.add(SESSION)
    for redis_key in (KEYS[name],):
        valkey.execute("DEL", redis_key)
        valkey.execute(*(("LPUSH", redis_key, "x")))
    found = await store.sessions.find(SESSION.session_id)
    assert (found is None) == (name == "session")
    await live_sessions(store.sessions)
    await store.rate_limits.take({key("a"): THREE}, now=FULL_AT)
    await store.signing_keys.list_keys()
    if name != "session":
        await advance(store.sessions, SESSION)
        await revoke(store.sessions, SESSION)
        assert [each.session_id for each in await revocations(store.sessions, NOW)] == [SESSION.session_id]
    await store.sessions.add(new_session(2))
    assert len(await end_all(store.sessions)) == 1
    await store.sessions.find_cut_off()
    if valkey.execute("EXISTS", f"{KEYS[name]}:unreadable"):
        assert KEYS[name] in str([record.__dict__ for record in caplog.records])
    assert valkey.execute("TYPE", KEYS[name]) != "list" or name == "sessions about to end"


async def test_cut_off_of_another_type_is_written_again(valkey: Valkey, open_store: OpenStore) -> None:
    """No session that it ended lives again: the other shards have it."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    await store.sessions.add(SESSION)
    await store.sessions.set_cut_off(int(NOW))
    valkey.execute("DEL", KEYS["cut-off"])
    valkey.execute("LPUSH", KEYS["cut-off"], "x")
    assert not await advance(store.sessions, SESSION)
    assert valkey.execute("GET", KEYS["cut-off"]) == str(int(NOW))
    assert await store.sessions.find_cut_off() == int(NOW)


@pytest.mark.parametrize("field", ["expires_at", "scope", "created_at", "credential_version", "rotated_at"])
async def test_session_that_cannot_be_read_counts_as_absent(
    valkey: Valkey, open_store: OpenStore, field: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The subject's other sessions are listed and end, and the log names the session."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    other = new_session(2)
    for each in (SESSION, other):
        await store.sessions.add(each)
    valkey.execute("HSET", SESSION_KEY, field, '"')
    assert await store.sessions.find(SESSION.session_id) is None
    assert [each.session_id for each in await live_sessions(store.sessions)] == [other.session_id]
    assert other.session_id in [each.session_id for each in await end_all(store.sessions)]
    assert "cannot be read" in caplog.text


async def test_member_that_is_no_session_id_is_left_out(valkey: Valkey, open_store: OpenStore) -> None:
    """The revocations and the lists of subjects go on."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    await store.sessions.add(SESSION)
    for redis_key in (KEYS["list of the subject"], KEYS["revocations"]):
        valkey.execute("ZADD", redis_key, repr(LATER), "")
        valkey.execute("ZADD", redis_key, repr(LATER), "short")
    assert [each.session_id for each in await live_sessions(store.sessions)] == [SESSION.session_id]
    assert await revocations(store.sessions) == []
    assert [each.session_id for each in await end_all(store.sessions)] == [SESSION.session_id]


@pytest.mark.parametrize("value", ["{", "[]", "{}", '{"kid": "a", "follows": "", "published_at": "x"}'])
async def test_signing_key_that_cannot_be_read_counts_as_absent(
    valkey: Valkey, open_store: OpenStore, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The other keys are listed, the key can be removed, and the log names it."""
    valkey.execute("FLUSHALL")
    keys = (await open_store(valkey.url)).signing_keys
    good = EncryptedKey("good", "", 1.0, 2.0, "encrypted")
    assert await keys.add(good)
    valkey.execute("HSET", redis_keys.SIGNING_KEYS, "bad", value)
    assert await keys.list_keys() == [good]
    assert not await keys.reschedule("bad", expected=1.0, activates_at=2.0)
    assert not await keys.replace_encryption("bad", expected="a", encrypted="b")
    assert {each.fields["name"] for each in caplog.records} == {"bad"}  # type: ignore[attr-defined]  # our own
    assert await keys.remove("bad")

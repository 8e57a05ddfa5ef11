"""The sessions of one subject: read and ended page by page, with few messages."""

import random
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from app.adapters.redis import sessions as sessions_module
from app.adapters.redis.commands import RedisCommands, Run
from app.adapters.redis.script import REVOKE_LISTED, Script
from app.adapters.redis.store import RedisStore
from app.contracts.rate_limit_repository import NOW as FULL_AT
from app.contracts.rate_limit_repository import THREE, key
from app.contracts.sessions import LATER, NOW, SUBJECT, advance, live_sessions, new_session, revocations, revoke
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.ports.session_store import StoreOptions
from tests.servers.valkey import DURABLE, Cluster, Valkey, running_valkey

from .conftest import OpenStore

MANY: Final = 1_000
PAGE: Final = 256
LIMIT: Final = 3


async def test_many_sessions_end_with_few_messages(valkey: Valkey, open_store: OpenStore) -> None:
    """1,000 sessions of one subject end with some 300 scripts and messages to other instances, not with 1,000."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    opened = await add_many(store, MANY)
    valkey.execute("CONFIG", "RESETSTAT")
    revoked = await revoke_subject(store)
    assert [each.session_id for each in revoked] == [each.session_id for each in reversed(opened)]
    pages = MANY // PAGE + 1
    assert calls(valkey, "evalsha") + calls(valkey, "eval") <= pages * (64 + 1) + 64 + 2
    assert calls(valkey, "publish") <= pages * 64
    assert await live_sessions(store.sessions) == []
    assert len(await revocations(store.sessions, LATER)) == MANY


async def test_a_call_that_failed_has_ended_the_newest_sessions(
    valkey: Valkey, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the store fails halfway, the newest sessions have ended. The same call ends the others."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    opened = await add_many(store, 2 * PAGE + 1)
    with monkeypatch.context() as patch:
        fail_after(patch, pages=1)
        with pytest.raises(StoreUnavailable):
            await revoke_subject(store)
    assert await live_sessions(store.sessions) == opened[:-PAGE]
    assert len(await revoke_subject(store)) == PAGE + 1
    assert await live_sessions(store.sessions) == []


async def test_a_sign_in_within_the_limit_costs_one_command(valkey: Valkey, open_store: OpenStore) -> None:
    """As long as the list is not longer than the limit, only its length is read."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    await add_many(store, LIMIT)
    valkey.execute("CONFIG", "RESETSTAT")
    assert await revoke_excess(store) == []
    assert calls(valkey, "zcard") == 1
    assert calls(valkey, "evalsha") == calls(valkey, "eval") == 0


async def test_sessions_that_a_failed_call_chose_end_next(
    valkey: Valkey, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a call fails between choosing sessions and ending them, the next call ends these and no more."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    opened = await add_many(store, LIMIT + 2)
    with monkeypatch.context() as patch:
        fail_after(patch, pages=0)
        with pytest.raises(StoreUnavailable):
            await revoke_excess(store)
    assert await live_sessions(store.sessions) == opened
    assert {each.session_id for each in await revoke_excess(store)} == {each.session_id for each in opened[:2]}
    assert await live_sessions(store.sessions) == opened[2:]
    assert valkey.execute("ZCARD", f"keyturn:{{{SUBJECT}}}:sessions") == LIMIT
    assert valkey.execute("EXISTS", f"keyturn:{{{SUBJECT}}}:ending") == 0


async def test_a_page_reads_a_page(valkey: Valkey, open_store: OpenStore) -> None:
    """A page of a long list is read without the rest. Sessions of one moment are in the order of their bytes."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    choose = random.Random(1)  # noqa: S311  # it only chooses ids
    opened = [new_session(session_id=SessionId(choose.randbytes(16))) for _ in range(PAGE)]
    for session in opened:
        await store.sessions.add(session)
    listed: list[Session] = []
    valkey.execute("CONFIG", "RESETSTAT")
    while page := await store.sessions.list_live_sessions(
        SUBJECT, now=LATER, limit=20, after=listed[-1].position() if listed else None
    ):
        listed += page
    assert listed == sorted(opened, key=Session.position)
    assert calls(valkey, "hgetall") == PAGE


async def test_the_cursor_leads_to_every_subject_of_a_cluster(
    cluster: Cluster, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pages have the subjects of every primary, with their exact names, and end."""
    cluster.flush()
    monkeypatch.setattr(sessions_module, "_SCAN_COUNT", 10)
    store = await open_store(cluster.url)
    subjects = {Subject(f"{number}-_sessions") for number in range(60)}
    for number, subject in enumerate(sorted(subjects)):
        for copy in range(2):
            await store.sessions.add(new_session(2 * number + copy, subject=subject))
    assert await crowded(store, more_than=1) == subjects
    assert await crowded(store, more_than=2) == set()


async def test_a_restart_between_two_pages_hides_no_subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that starts again gives its cursors another meaning, so it is scanned from the beginning."""
    monkeypatch.setattr(sessions_module, "_SCAN_COUNT", 10)
    with running_valkey(tmp_path, *DURABLE) as server:
        store, later = (RedisStore(server.url, StoreOptions(timeout=20.0)) for _ in range(2))
        subjects = {Subject(f"subject-{number}") for number in range(100)}
        for number, subject in enumerate(sorted(subjects)):
            await store.sessions.add(new_session(number, subject=subject))
        first = await store.sessions.list_crowded_subjects(more_than=0, after="")
        assert first.next is not None
        server.restart()
        assert set(first.subjects) | await crowded(later, more_than=0, after=first.next) == subjects
        await store.close()
        await later.close()


async def test_only_lists_of_subjects_are_taken_for_lists(valkey: Valkey, open_store: OpenStore) -> None:
    """No key of another kind is taken for the list of a subject."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    for number in (1, 2):
        await store.sessions.add(new_session(number))
    await advance(store.sessions, new_session(1))
    await revoke(store.sessions, new_session(2))
    await revoke_excess(store)
    await store.sessions.set_cut_off(1)
    await store.rate_limits.take({key(1): THREE}, now=FULL_AT)
    assert len(valkey.execute("KEYS", "keyturn:*")) > 64 + 5
    assert await crowded(store, more_than=0) == {SUBJECT}


async def add_many(store: RedisStore, many: int) -> list[Session]:
    """Add sessions of the subject, the oldest first, and return them."""
    sessions = []
    for number in range(many):
        moment = NOW - many + number
        sessions.append(
            new_session(
                session_id=SessionId(number.to_bytes(2, "little") + bytes(14)), created_at=moment, rotated_at=moment
            )
        )
        await store.sessions.add(sessions[-1])
    return sessions


async def revoke_subject(store: RedisStore) -> Sequence[Session]:
    """End all sessions of the subject."""
    return await store.sessions.revoke_subject(SUBJECT, reason=RevocationReason.USER_DISABLED, now=LATER, keep=None)


async def revoke_excess(store: RedisStore) -> Sequence[Session]:
    """End sessions of the subject until the limit is kept."""
    reason = RevocationReason.TOO_MANY_SESSIONS
    return await store.sessions.revoke_excess(SUBJECT, limit=LIMIT, keep=None, reason=reason, now=LATER)


async def crowded(store: RedisStore, *, more_than: int, after: str | None = "") -> set[Subject]:
    """Return the subjects of all pages."""
    found: set[Subject] = set()
    while after is not None:
        page = await store.sessions.list_crowded_subjects(more_than=more_than, after=after)
        found.update(page.subjects)
        after = page.next
    return found


def fail_after(patch: pytest.MonkeyPatch, *, pages: int) -> None:
    """Let the store fail when more than ``pages`` pages of sessions are to end."""
    run_each, revoking = RedisCommands.run_each, count()

    async def run_or_fail(self: RedisCommands, script: Script, runs: Sequence[Run]) -> list[Any]:
        if script is REVOKE_LISTED and next(revoking) >= pages:
            raise StoreUnavailable
        return await run_each(self, script, runs)

    patch.setattr(RedisCommands, "run_each", run_or_fail)


def calls(valkey: Valkey, command: str) -> int:
    """Return how often the server has run a command since its statistics were reset."""
    statistics = valkey.execute("INFO", "commandstats").get(f"cmdstat_{command}", {"calls": 0})
    return int(statistics["calls"])

"""Stores with as many sessions and users as a large service has."""

import sqlite3
import time
from contextlib import closing
from secrets import token_bytes
from typing import Final

from redis import Redis

from app.adapters.redis import redis_keys
from app.adapters.redis.session_hash import to_fields
from app.contracts.sessions import began_at
from app.domain.identifiers import SessionId
from tests.servers.postgres import Postgres

from .backends import Backend

_LIFETIME: Final = 86_400
_AT_ONCE: Final = 5_000

_COLUMNS: Final = (
    "session_id, subject, client_id, scope, credential_version, created_at, expires_at, ends_at, lineage_digest,"
    " secret_digest, generation, rotated_at, address, device, revoked_at, revoked_because"
)
_NUMBERS: Final = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)",
    "postgresql": "generate_series(1, {count}) AS n(i)",
}
_RANDOM: Final = {"sqlite": "randomblob(16)", "postgresql": "uuid_send(gen_random_uuid())"}


def add_revoked(store: Backend, count: int) -> None:
    """Add sessions that began a while ago and were revoked in the last ten minutes, half of them at once."""
    if store.kind == "valkey":
        _add_to_valkey(store, count, is_revoked=True)
    else:
        now = time.time()
        revoked_at = f"CASE WHEN i % 2 = 0 THEN {now - 300} ELSE {now - 600} + 590.0 * i / {count} END"
        _execute(store, _sessions(store, count, f"{revoked_at}, 'logout'", began=now - 3_000))


def add_live(store: Backend, count: int) -> None:
    """Add sessions that are alive, each of another user."""
    if store.kind == "valkey":
        _add_to_valkey(store, count, is_revoked=False)
    else:
        _execute(store, _sessions(store, count, "NULL, NULL", began=time.time() - 3_000))


def add_users(store: Backend, count: int) -> None:
    """Add users whose names begin with ``user-``. None of them can sign in."""
    kind = "sqlite" if store.kind == "valkey" else store.kind
    names = "printf('user-%07d', i)" if kind == "sqlite" else "'user-' || lpad(CAST(i AS text), 7, '0')"
    _execute(
        store,
        "INSERT INTO users (subject, username, password_hash, scope, credential_version, disabled)"  # noqa: S608  # ours
        f" SELECT 'subject-' || i, {names}, 'none', 'account', 1, false FROM {_NUMBERS[kind].format(count=count)}",
    )


def _sessions(store: Backend, count: int, revocation: str, *, began: float) -> str:
    random = _RANDOM[store.kind]
    times = f"{began}, {began + _LIFETIME}, {began + _LIFETIME}"
    return (
        f"INSERT INTO sessions ({_COLUMNS}) SELECT {random}, 'subject-' || i, 'first-party', 'account', 1, {times},"  # noqa: S608
        f" {random}, {random}, 1, {began}, '192.0.2.1', 'a browser', {revocation}"
        f" FROM {_NUMBERS[store.kind].format(count=count)}"
    )


def _execute(store: Backend, statement: str) -> None:
    if isinstance(store.server, Postgres):
        store.server.execute(statement)
        return
    with closing(sqlite3.connect(store.files / "keyturn.db", timeout=60)) as database:
        database.execute(statement)
        database.commit()


def _add_to_valkey(store: Backend, count: int, *, is_revoked: bool) -> None:
    """Add sessions to their shards."""
    now = time.time()
    with Redis.from_url(store.settings["SESSION_URL"]) as server, server.pipeline(transaction=False) as pipeline:
        for number in range(count):
            session_id = SessionId(token_bytes(16))
            fields = [*to_fields(began_at(number, now - 3_000))]
            pipeline.execute_command("HSET", redis_keys.session(session_id), *fields)
            if is_revoked:
                at = now - 300 if number % 2 else now - 600 + 590 * number / count
                pipeline.zadd(redis_keys.revocations(redis_keys.shard_of(session_id)), {session_id: at})
            if len(pipeline.command_stack) >= _AT_ONCE:
                pipeline.execute()
        pipeline.execute()

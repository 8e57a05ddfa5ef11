"""Reads and revokes several sessions at once, with few messages."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session
from ...ports.session_store import StoreOptions
from . import redis_keys
from .commands import RedisCommands, Run
from .milliseconds import milliseconds
from .script import FIND_SESSION, REVOKE_LISTED
from .session_hash import from_reply


class Revoked(NamedTuple):
    """The sessions that a call revoked, and the ids of those that do not exist."""

    sessions: Sequence[Session]
    missing: Sequence[SessionId]


class StoredSessions:
    """The stored form of sessions, in their shards."""

    def __init__(self, commands: RedisCommands, options: StoreOptions) -> None:
        self._commands = commands
        self._write_again = "1" if options.replicas else "0"
        self._memory = options.memory_of_revocations

    def find(self, session_id: SessionId) -> Run:
        """Return the run of ``FIND_SESSION`` that finds a session."""
        cut_off = redis_keys.cut_off(redis_keys.shard_of(session_id))
        return [*redis_keys.of_session(session_id), cut_off], (self._write_again,)

    async def find_each(self, session_ids: Sequence[SessionId]) -> Sequence[Session | None]:
        """Return sessions in the order of their ids, ``None`` for one that does not exist."""
        replies = await self._commands.run_each(FIND_SESSION, [self.find(each) for each in session_ids])
        return [from_reply(session_id, reply) for session_id, reply in zip(session_ids, replies, strict=True)]

    async def revoke_live(
        self, session_ids: Sequence[SessionId], subject: Subject, *, reason: RevocationReason, now: float
    ) -> Revoked:
        """Revoke those sessions that are live and belong to ``subject``, with one script for each shard."""
        shards = list(_by_shard(session_ids))
        acts = (subject, reason.value, *self.revocation(now))
        runs = [(_keys_of(shard, own_ids), (*acts, *own_ids)) for shard, own_ids in shards]
        results: dict[SessionId, Any] = {}
        for (_, own_ids), replies in zip(shards, await self._commands.run_each(REVOKE_LISTED, runs), strict=True):
            results.update(zip(own_ids, replies, strict=True))
        return Revoked(
            [*_readable((each, results[each]) for each in session_ids if isinstance(results[each], list))],
            [each for each in session_ids if results[each] is None],
        )

    def revocation(self, now: float) -> tuple[str | int, ...]:
        """Return the arguments of every script that revokes: the time, the time before which revocations are deleted,
        the retention and the channel.
        """
        return repr(now), repr(now - self._memory), milliseconds(self._memory), redis_keys.REVOCATION_CHANNEL


def _readable(found: Iterable[tuple[SessionId, Any]]) -> Iterator[Session]:
    for session_id, fields in found:
        session = from_reply(session_id, (fields, None, None, None))
        if session is not None:
            yield session


def _by_shard(session_ids: Sequence[SessionId]) -> Iterator[tuple[int, list[SessionId]]]:
    """Yield each shard with those of the sessions that it has."""
    for shard, own_ids in groupby(sorted(session_ids, key=redis_keys.shard_of), key=redis_keys.shard_of):
        yield shard, list(own_ids)


def _keys_of(shard: int, session_ids: Sequence[SessionId]) -> list[str]:
    of_sessions = [each for session_id in session_ids for each in redis_keys.of_session(session_id)]
    return [redis_keys.revocations(shard), redis_keys.cut_off(shard), *of_sessions]

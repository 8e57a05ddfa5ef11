"""Sessions in Redis or Valkey. Each change of a session is one script. The server deletes expired entries."""

import asyncio
import math
from collections.abc import Iterator, Sequence
from typing import Final

from ...domain.errors import AlreadyExists
from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import SessionRepository
from ...ports.session_store import StoreOptions
from . import redis_keys
from .commands import RedisCommands
from .script import (
    ADD_SESSION,
    ADD_TO_SUBJECT,
    ADVANCE_SESSION,
    FIND_SESSION,
    REVOKE_SESSION,
    SET_CREDENTIAL_VERSION,
)
from .session_hash import from_fields, to_fields, to_time

_MAX_SIGN_IN_SECONDS: Final = 60
"""The longest time between the two steps of ``add``. A listed session that is missing after it was deleted."""


class RedisSessionRepository(SessionRepository):
    """Keeps each session in a hash and its salt in a string. Sorted sets hold the revocations and each subject's
    sessions.
    """

    def __init__(self, commands: RedisCommands, options: StoreOptions) -> None:
        self._commands = commands
        self._write_again = "1" if options.replicas else "0"
        self._salt_ms = _milliseconds(options.salt_lifetime)
        self._memory = options.memory_of_revocations
        self._memory_ms = _milliseconds(options.memory_of_revocations)

    async def add(self, session: Session) -> None:
        """Add the session to its subject's list first: revoking all sessions of the subject reads that list."""
        lifetime = session.expires_at - session.created_at
        await self._commands.run_script(
            ADD_TO_SUBJECT,
            [redis_keys.sessions_of_subject(session.subject)],
            session.session_id,
            repr(session.created_at),
            repr(session.created_at - lifetime),
            _milliseconds(lifetime) + self._memory_ms,
        )
        added = await self._commands.run_script(
            ADD_SESSION,
            [redis_keys.session(session.session_id), redis_keys.salt(session.session_id)],
            _milliseconds(session.ends_at() - session.created_at) + self._memory_ms,
            session.salt or b"",
            max(self._salt_ms, 1),
            *to_fields(session),
        )
        if not added:
            raise AlreadyExists

    async def find(self, session_id: SessionId) -> Session | None:
        session_and_salt = [redis_keys.session(session_id), redis_keys.salt(session_id)]
        fields, salt = await self._commands.run_script(FIND_SESSION, session_and_salt, self._write_again)
        return from_fields(session_id, fields, salt) if fields else None

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        salt: bytes,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        advanced = await self._commands.run_script(
            ADVANCE_SESSION,
            [redis_keys.session(session_id), redis_keys.salt(session_id)],
            expected_digest,
            new_digest,
            salt,
            self._salt_ms,
            repr(now),
            to_time(idle_expires_at),
            self._memory_ms,
        )
        return bool(advanced)

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        revoked = await self._commands.run_script(
            REVOKE_SESSION,
            [redis_keys.session(session_id), redis_keys.salt(session_id), redis_keys.revocations(session_id)],
            session_id,
            reason.value,
            repr(now),
            repr(now - self._memory),
            self._memory_ms,
            redis_keys.REVOCATION_CHANNEL,
        )
        return bool(revoked)

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        changed = await self._commands.run_script(
            SET_CREDENTIAL_VERSION,
            [redis_keys.session(session_id)],
            str(expected_version),
            str(credential_version),
            repr(now),
        )
        return bool(changed)

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        """Revoke while scanning. A scan returns each key that exists from its start to its end at least once."""
        revoked = 0
        async for redis_key in self._commands.scan(redis_keys.SESSION_PATTERN):
            revoked += await self.revoke(redis_keys.parse_session(redis_key), reason=reason, now=now)
        return revoked

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        """Find each session of the subject's list, and remove from the list those that are gone."""
        list_key = redis_keys.sessions_of_subject(subject)
        [listed] = await self._commands.run_command("ZRANGE", [list_key], 0, -1, "WITHSCORES")
        found = await asyncio.gather(*(self.find(SessionId(member)) for member, _ in _pairs(listed)))
        gone = [
            member
            for (member, signed_in_at), session in zip(_pairs(listed), found, strict=True)
            if session is None and float(signed_in_at) < now - _MAX_SIGN_IN_SECONDS
        ]
        if gone:
            await self._commands.run_command("ZREM", [list_key], *gone)
        live = [each for each in found if each is not None and each.subject == subject and each.is_live(now)]
        return sorted(live, key=lambda each: each.created_at)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        shards = await self._commands.run_command(
            "ZRANGEBYSCORE", redis_keys.all_revocations(), repr(moment), "+inf", "WITHSCORES"
        )
        return [RevokedSession(SessionId(member), float(at)) for shard in shards for member, at in _pairs(shard)]


def _pairs(reply: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each member with its score."""
    return zip(reply[::2], reply[1::2], strict=True)


def _milliseconds(seconds: float) -> int:
    return max(0, math.ceil(seconds * 1000))

"""Sessions in Redis or Valkey. Every act is one script, and everything expires by itself."""

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
from .exchange import Exchange
from .key_names import (
    CHANNEL,
    SESSION_KEYS,
    all_revocations_keys,
    revocations_key,
    salt_key,
    session_key,
    session_of,
    subject_key,
)
from .scripts import ADD, ADOPT, ADVANCE, FIND, INDEX, REVOKE
from .session_hash import from_fields, to_fields, to_time

_SIGN_IN_SECONDS: Final = 60
"""After which a session that is noted for its subject, and not there, is no sign-in under way any more."""


class RedisSessionRepository(SessionRepository):
    """A hash for each session, its salt beside it; sorted sets of the revocations, and of each subject's sessions."""

    def __init__(self, exchange: Exchange, options: StoreOptions) -> None:
        self._exchange = exchange
        self._confirm = "1" if options.replicas else "0"
        self._salt_ms = _milliseconds(options.salt_lifetime)
        self._memory = options.memory_of_revocations
        self._memory_ms = _milliseconds(options.memory_of_revocations)

    async def add(self, session: Session) -> None:
        """The subject's list comes first: a session that it lacks would outlive the end of all sessions."""
        lifetime = session.expires_at - session.created_at
        await self._exchange.run(
            INDEX,
            [subject_key(session.subject)],
            session.session_id,
            repr(session.created_at),
            repr(session.created_at - lifetime),
            _milliseconds(lifetime) + self._memory_ms,
        )
        added = await self._exchange.run(
            ADD,
            [session_key(session.session_id), salt_key(session.session_id)],
            _milliseconds(session.ends_at() - session.created_at) + self._memory_ms,
            session.salt or b"",
            max(self._salt_ms, 1),
            *to_fields(session),
        )
        if not added:
            raise AlreadyExists

    async def find(self, session_id: SessionId) -> Session | None:
        keys = [session_key(session_id), salt_key(session_id)]
        fields, salt = await self._exchange.run(FIND, keys, self._confirm)
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
        advanced = await self._exchange.run(
            ADVANCE,
            [session_key(session_id), salt_key(session_id)],
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
        revoked, _ = await self._exchange.run(
            REVOKE,
            [session_key(session_id), salt_key(session_id), revocations_key(session_id)],
            session_id,
            reason.value,
            repr(now),
            repr(now - self._memory),
            self._memory_ms,
            CHANNEL,
        )
        return bool(revoked)

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        adopted = await self._exchange.run(
            ADOPT, [session_key(session_id)], str(expected_version), str(credential_version), repr(now)
        )
        return bool(adopted)

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        """A server that is scanned tells each key that stays, at least once."""
        revoked = 0
        async for key in self._exchange.scan(SESSION_KEYS):
            revoked += await self.revoke(session_of(key), reason=reason, now=now)
        return revoked

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        """The list only says where to look: what it names may be gone, and is then taken off it."""
        [noted] = await self._exchange.read([subject_key(subject)], "ZRANGE", 0, -1, "WITHSCORES")
        found = await asyncio.gather(*(self.find(SessionId(member)) for member, _ in _pairs(noted)))
        gone = [
            member
            for (member, signed_in_at), session in zip(_pairs(noted), found, strict=True)
            if session is None and float(signed_in_at) < now - _SIGN_IN_SECONDS
        ]
        if gone:
            await self._exchange.read([subject_key(subject)], "ZREM", *gone)
        live = [each for each in found if each is not None and each.subject == subject and each.is_live(now)]
        return sorted(live, key=lambda each: each.created_at)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        shards = await self._exchange.read(all_revocations_keys(), "ZRANGEBYSCORE", repr(moment), "+inf", "WITHSCORES")
        return [RevokedSession(SessionId(member), float(at)) for shard in shards for member, at in _pairs(shard)]


def _pairs(answer: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield members and their scores."""
    return zip(answer[::2], answer[1::2], strict=True)


def _milliseconds(seconds: float) -> int:
    return max(0, math.ceil(seconds * 1000))

"""Sessions in Redis or Valkey. Each change of a session is one script. The server deletes expired entries."""

from collections.abc import Sequence
from typing import Final

from ...domain.errors import AlreadyExists
from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from ...ports.session_repository import CrowdedSubjects, RevocationPage, SessionRepository
from ...ports.session_store import StoreOptions
from . import redis_keys
from .commands import RedisCommands
from .milliseconds import milliseconds
from .revocations import Revocations
from .script import ADD_SESSION, ADVANCE_SESSION, FIND_SESSION, REVOKE_SESSION, SET_CREDENTIAL_VERSION
from .session_hash import from_reply, to_fields, to_time
from .stored_sessions import StoredSessions
from .subject_list import SubjectList
from .subject_sessions import SubjectSessions

_SCAN_COUNT: Final = 5_000
"""The number of Redis keys that one call of ``list_crowded_subjects`` looks at."""


class RedisSessionRepository(SessionRepository):
    """Keeps each session in a hash, and what its rotations replaced in strings. Sorted sets hold the revocations and
    each subject's sessions. Each shard has the cut-off.
    """

    def __init__(self, commands: RedisCommands, options: StoreOptions) -> None:
        self._commands = commands
        self._replaced_ms = milliseconds(options.replaced_lifetime)
        self._memory_ms = milliseconds(options.memory_of_revocations)
        self._list = SubjectList(commands)
        self._stored = StoredSessions(commands, options)
        self._of_subject = SubjectSessions(self._list, self._stored)
        self._revocations = Revocations(commands)

    async def add(self, session: Session) -> None:
        """Add the session to its subject's list first: revoking all sessions of the subject reads that list."""
        lifetime_ms = milliseconds(session.expires_at - session.created_at) + self._memory_ms
        await self._list.add(session.subject, session.session_id, session.created_at, lifetime_ms=lifetime_ms)
        added = await self._commands.run_script(
            ADD_SESSION,
            redis_keys.of_session(session.session_id),
            milliseconds(session.ends_at() - session.created_at) + self._memory_ms,
            self._packed(session.replaced),
            self._replaced_ms,
            *to_fields(session),
        )
        if not added:
            raise AlreadyExists

    async def find(self, session_id: SessionId) -> Session | None:
        keys, arguments = self._stored.find(session_id)
        return from_reply(session_id, await self._commands.run_script(FIND_SESSION, keys, *arguments))

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        replaced: ReplacedSecrets,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        advanced = await self._commands.run_script(
            ADVANCE_SESSION,
            [*redis_keys.of_session(session_id), redis_keys.cut_off(redis_keys.shard_of(session_id))],
            expected_digest,
            new_digest,
            self._packed(replaced),
            self._replaced_ms,
            repr(now),
            to_time(idle_expires_at),
            self._memory_ms,
        )
        return bool(advanced)

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        shard = redis_keys.shard_of(session_id)
        revoked = await self._commands.run_script(
            REVOKE_SESSION,
            [*redis_keys.of_session(session_id), redis_keys.cut_off(shard), redis_keys.revocations(shard)],
            session_id,
            reason.value,
            *self._stored.revocation(now),
        )
        return bool(revoked)

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        changed = await self._commands.run_script(
            SET_CREDENTIAL_VERSION,
            [redis_keys.session(session_id), redis_keys.cut_off(redis_keys.shard_of(session_id))],
            str(expected_version),
            str(credential_version),
            repr(now),
        )
        return bool(changed)

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        return await self._of_subject.revoke(subject, reason=reason, now=now, keep=keep)

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        async with self._commands.one_act():
            return await self._of_subject.revoke_excess(subject, limit=limit, keep=keep, reason=reason, now=now)

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Scan the lists of the subjects. A list may also name sessions that ended."""
        async with self._commands.one_act():
            lists, following = await self._commands.scan(redis_keys.SUBJECT_PATTERN, after=after, count=_SCAN_COUNT)
            list_keys = [each.decode() for each in dict.fromkeys(lists)]
            sizes = await self._commands.run_command("ZCARD", list_keys)
        crowded = [each for each, size in zip(list_keys, sizes, strict=True) if int(size) > more_than]
        return CrowdedSubjects([redis_keys.parse_sessions_of_subject(each) for each in crowded], following)

    async def set_cut_off(self, cut_off: int) -> None:
        await self._revocations.set_cut_off(cut_off)

    async def find_cut_off(self) -> int | None:
        return await self._revocations.find_cut_off()

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        async with self._commands.one_act():
            return await self._of_subject.list_live(subject, now=now, limit=limit, after=after)

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        async with self._commands.one_act():
            return await self._revocations.list_since(moment, after)

    def _packed(self, replaced: ReplacedSecrets) -> bytes:
        """Return the replaced secrets as they are stored; nothing if they are not to be kept."""
        return replaced.packed if self._replaced_ms else b""

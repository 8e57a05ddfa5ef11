"""Sessions in files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from keyturn.domain.errors import AlreadyExists
from keyturn.domain.identifiers import SessionId, Subject
from keyturn.domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecrets
from keyturn.domain.sessions.session import RevocationReason, Session, SessionPosition
from keyturn.domain.tokens.revoked_session import RevokedSession
from keyturn.ports.session_repository import CrowdedSubjects, RevocationPage, SessionRepository
from keyturn.ports.session_sweeper import SessionSweeper

from .directory import Directory
from .session_folder import SessionFolder

_MAX_REVOKED: Final = 1_000


class FileSessionRepository(SessionRepository, SessionSweeper):
    """Every act holds the lock of the directory from its first read to its last write."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._folder = SessionFolder(directory)

    async def add(self, session: Session) -> None:
        def add() -> None:
            if self._folder.is_stored(session.session_id):
                raise AlreadyExists
            self._folder.write(session)

        await self._directory.act(add)

    async def find(self, session_id: SessionId) -> Session | None:
        return await self._directory.act(lambda: self._folder.read(session_id))

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
        def swap() -> bool:
            session = self._folder.read(session_id)
            return session is not None and self._folder.write(
                session.advanced(
                    expected_digest=expected_digest,
                    new_digest=new_digest,
                    replaced=replaced,
                    now=now,
                    idle_expires_at=idle_expires_at,
                )
            )

        return await self._directory.act(swap)

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        def end() -> bool:
            session = self._folder.read(session_id)
            return session is not None and self._folder.write(session.revoked(reason=reason, now=now))

        return await self._directory.act(end)

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        def renew() -> bool:
            session = self._folder.read(session_id)
            return session is not None and self._folder.write(
                session.with_credential_version(
                    expected_version=expected_version, credential_version=credential_version, now=now
                )
            )

        return await self._directory.act(renew)

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        def end() -> Sequence[Session]:
            newest_first = reversed(self._folder.live(subject, now))
            return self._folder.write_all(
                each.revoked(reason=reason, now=now) for each in newest_first if each.session_id != keep
            )

        return await self._directory.act(end)

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        def end() -> Sequence[Session]:
            live = sorted(self._folder.live(subject, now), key=lambda each: each.rotated_at)
            too_many = min(max(len(live) - limit, 0), _MAX_REVOKED)
            longest_unused = [each for each in live if each.session_id != keep][:too_many]
            return self._folder.write_all(each.revoked(reason=reason, now=now) for each in longest_unused)

        return await self._directory.act(end)

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Return all in one page: each list of this store reads every file."""
        numbers = await self._directory.act(lambda: Counter(each.subject for each in self._folder.read_all()))
        return CrowdedSubjects([subject for subject, number in numbers.items() if number > more_than], None)

    async def set_cut_off(self, cut_off: int) -> None:
        def move() -> None:
            stored = self._folder.cut_off()
            if stored is None or cut_off > stored:
                self._folder.write_cut_off(cut_off)

        await self._directory.act(move)

    async def find_cut_off(self) -> int | None:
        return await self._directory.act(self._folder.cut_off)

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        live = await self._directory.act(lambda: self._folder.live(subject, now))
        return [each for each in live if after is None or each.position() > after][:limit]

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:  # one page
        """Return all in one page: each list of this store reads every file."""

        def revocations() -> Sequence[RevokedSession]:
            cut_off = self._folder.cut_off()
            return [
                RevokedSession(each.session_id, each.revoked_at)
                for each in self._folder.read_all()
                if each.revoked_at is not None and each.revoked_at >= moment and not each.began_by(cut_off)
            ]

        return RevocationPage(await self._directory.act(revocations), None)

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        def erase() -> int:
            old = [each for each in self._folder.read_all() if each.replaced and each.rotated_at < rotated_before]
            return len(self._folder.write_all(replace(each, replaced=NOTHING_REPLACED) for each in old[:limit]))

        return await self._directory.act(erase)

    async def revoke_cut_off(self, *, limit: int) -> int:
        def end() -> int:
            cut_off = self._folder.cut_off()
            live = (each for each in self._folder.read_all() if each.revoked_at is None and each.began_by(cut_off))
            return len(self._folder.write_all(each.ended_by(cut_off) for each in islice(live, limit)))

        return await self._directory.act(end)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        def delete() -> int:
            ended = [each for each in self._folder.read_all() if _has_ended(each, expired_before, revoked_before)]
            for session in ended[:limit]:
                self._folder.delete(session)
            return len(ended[:limit])

        return await self._directory.act(delete)


def _has_ended(session: Session, expired_before: float, revoked_before: float) -> bool:
    revoked = session.revoked_at is not None and session.revoked_at < revoked_before
    return revoked or session.ends_at() < expired_before

"""Sessions in files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from keyturn.domain.errors import AlreadyExists
from keyturn.domain.identifiers import SessionId, Subject
from keyturn.domain.sessions.session import RevocationReason, Session
from keyturn.domain.tokens.revoked_session import RevokedSession
from keyturn.ports.session_repository import SessionRepository
from keyturn.ports.session_sweeper import SessionSweeper

from .directory import Directory
from .session_file import dump, load


class FileSessionRepository(SessionRepository, SessionSweeper):
    """One file for each session, named after its id. Every act holds the lock of the directory until it has written."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def add(self, session: Session) -> None:
        def add() -> None:
            if self._file(session.session_id).exists():
                raise AlreadyExists
            self._write(session)

        await self._directory.act(add)

    async def find(self, session_id: SessionId) -> Session | None:
        return await self._directory.act(lambda: self._read(session_id))

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
        def swap(session: Session) -> Session | None:
            if session.secret_digest != expected_digest or not session.is_live(now):
                return None
            return replace(
                session,
                secret_digest=new_digest,
                generation=session.generation + 1,
                rotated_at=now,
                salt=salt,
                idle_expires_at=idle_expires_at,
            )

        return await self._directory.act(lambda: self._change(session_id, swap))

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        def end(session: Session) -> Session | None:
            if session.revoked_at is not None:
                return None
            return replace(session, revoked_at=now, revoked_because=reason, salt=None)

        return await self._directory.act(lambda: self._change(session_id, end))

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        def renew(session: Session) -> Session | None:
            if session.credential_version != expected_version or not session.is_live(now):
                return None
            return replace(session, credential_version=credential_version)

        return await self._directory.act(lambda: self._change(session_id, renew))

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        session_ids = await self._directory.act(lambda: [each.session_id for each in self._all()])
        return sum([await self.revoke(session_id, reason=reason, now=now) for session_id in session_ids])

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        live = await self._directory.act(
            lambda: [each for each in self._all() if each.subject == subject and each.is_live(now)]
        )
        return sorted(live, key=lambda each: each.created_at)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        return await self._directory.act(
            lambda: [
                RevokedSession(each.session_id, each.revoked_at)
                for each in self._all()
                if each.revoked_at is not None and each.revoked_at >= moment
            ]
        )

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        def erase() -> int:
            old = [each for each in self._all() if each.salt is not None and each.rotated_at < rotated_before][:limit]
            for session in old:
                self._write(replace(session, salt=None))
            return len(old)

        return await self._directory.act(erase)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        def delete() -> int:
            ended = [each for each in self._all() if _has_ended(each, expired_before, revoked_before)][:limit]
            for session in ended:
                self._file(session.session_id).unlink()
            return len(ended)

        return await self._directory.act(delete)

    def _change(self, session_id: SessionId, change: Callable[[Session], Session | None]) -> bool:
        """Write the session that ``change`` returns. Return ``False`` if that is ``None`` or the session is unknown."""
        session = self._read(session_id)
        changed = None if session is None else change(session)
        if changed is not None:
            self._write(changed)
        return changed is not None

    def _read(self, session_id: SessionId) -> Session | None:
        file = self._file(session_id)
        return load(file.read_bytes()) if file.exists() else None

    def _write(self, session: Session) -> None:
        self._directory.write(self._file(session.session_id).name, dump(session))

    def _all(self) -> Iterator[Session]:
        return (load(file.read_bytes()) for file in self._directory.path.glob("[!.]*.json"))

    def _file(self, session_id: SessionId) -> Path:
        return self._directory.path / f"{session_id.hex()}.json"


def _has_ended(session: Session, expired_before: float, revoked_before: float) -> bool:
    revoked = session.revoked_at is not None and session.revoked_at < revoked_before
    return revoked or session.ends_at() < expired_before

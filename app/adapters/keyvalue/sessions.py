"""Sessions in a store of keys and values."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from ...domain.errors import AlreadyExists
from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import CrowdedSubjects, RevocationPage, SessionRepository
from .acts import attempts
from .client import ABSENT
from .session_changes import SessionChanges, ids_of
from .session_excess import SessionExcess
from .session_keys import HASH_BYTES, after_all, place_of, position_key, time_key, time_of

_PAGE: Final = 1_000
_ALL: Final = 10_000_000


class KeyValueSessionRepository(SessionRepository):
    """Decides by the rules of ``Session`` what a change is, and makes it by a compare-and-swap."""

    def __init__(self, changes: SessionChanges) -> None:
        self._changes = changes
        self._keys = changes.keys
        self._in_time = changes.acts.in_time
        self._excess = SessionExcess(changes)

    async def add(self, session: Session) -> None:
        async with self._in_time():
            expected = {self._keys.session(session.session_id): ABSENT}
            if not await self._changes.client.commit(expected, self._keys.entries(session), ()):
                raise AlreadyExists

    async def find(self, session_id: SessionId) -> Session | None:
        async with self._in_time():
            return next(iter((await self._changes.read([session_id])).found()), None)

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
        def rule(stored: Session, cut_off: int | None) -> Session | None:
            return stored.ended_by(cut_off).advanced(
                expected_digest=expected_digest,
                new_digest=new_digest,
                replaced=replaced,
                now=now,
                idle_expires_at=idle_expires_at,
            )

        async with self._in_time():
            return await self._changes.change(session_id, rule) is not None

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        def rule(stored: Session, cut_off: int | None) -> Session | None:
            return stored.ended_by(cut_off).revoked(reason=reason, now=now)

        async with self._in_time():
            return await self._changes.change(session_id, rule) is not None

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        def rule(stored: Session, cut_off: int | None) -> Session | None:
            return stored.ended_by(cut_off).with_credential_version(
                expected_version=expected_version, credential_version=credential_version, now=now
            )

        async with self._in_time():
            return await self._changes.change(session_id, rule) is not None

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        def rule(stored: Session, cut_off: int | None) -> Session | None:
            session = stored.ended_by(cut_off)
            return session.revoked(reason=reason, now=now) if session.is_live(now) else None

        async with self._in_time():
            oldest_first = await self._excess.unrevoked(subject)
        return await self._changes.change_each([each for each in reversed(oldest_first) if each != keep], rule)

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        async with self._in_time():
            return await self._excess.revoke(subject, limit=limit, keep=keep, reason=reason, now=now)

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Count the unrevoked sessions on a page of 1,000. The last subject may have more, so it is always named."""
        start = after_all(self._keys.by_subject + bytes.fromhex(after)) if after else self._keys.by_subject
        async with self._in_time():
            page = await self._changes.client.range(start, after_all(self._keys.by_subject), limit=_PAGE)
        end = len(self._keys.by_subject) + HASH_BYTES
        groups = [(key, [*group]) for key, group in groupby(page, key=lambda entry: entry.key[:end])]
        last = groups[-1][0] if len(page) == _PAGE else None
        crowded = [group[0].value for key, group in groups if len(group) > more_than or key == last]
        subjects = [Subject(each.decode("utf-8", "surrogatepass")) for each in crowded]
        return CrowdedSubjects(subjects, None if last is None else last[-HASH_BYTES:].hex())

    async def set_cut_off(self, cut_off: int) -> None:
        """Change the key that each change of a session expects, so none goes on that has read the earlier cut-off."""
        async with self._in_time():
            async for _ in attempts():
                read = await self._changes.read([])
                if read.cut_off is not None and read.cut_off >= cut_off:
                    return
                if await self._changes.client.commit(read.revisions, {self._keys.cut_off: str(cut_off).encode()}, ()):
                    return

    async def find_cut_off(self) -> int | None:
        async with self._in_time():
            return (await self._changes.read([])).cut_off

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        of_subject = self._keys.of_subject(subject)
        start = of_subject if after is None else of_subject + position_key(after) + b"\0"
        live: list[Session] = []
        async with self._in_time():
            async for page in self._changes.pages(start, after_all(of_subject), limit=_ALL):
                async for session in self._changes.read_each(ids_of(page)):
                    if session.is_live(now):
                        live.append(session)
                    if len(live) == limit:
                        return live
        return live

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        """Return a page of 1,000. The value of an entry is when the session began, so no session is read."""
        revoked = self._keys.revoked
        start = revoked + (bytes.fromhex(after) + b"\0" if after else time_key(moment))
        async with self._in_time():
            page = await self._changes.client.range(start, after_all(revoked), limit=_PAGE)
            cut_off = (await self._changes.read([])).cut_off
        listed = [
            RevokedSession(place.session_id, place.at)
            for place, began_at in ((place_of(each.key), time_of(each.value)) for each in page)
            if cut_off is None or int(began_at) > cut_off
        ]
        return RevocationPage(listed, page[-1].key[len(revoked) :].hex() if len(page) == _PAGE else None)

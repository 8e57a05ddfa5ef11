"""What a session repository reads after another connection, or another process, has changed it: no read is kept."""

from collections.abc import Mapping
from typing import Final

from ..domain.identifiers import Subject
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sessions import LATER, NOW, advance, end_all, live_sessions, new_session, revocations, revoke, revoked, rotated

_ROTATED: Final = new_session(1)
_REVOKED: Final = new_session(2)
_ADDED: Final = new_session(3)
_OF_SUBJECT: Final = new_session(4, subject=Subject("subject-2"))
_CUT_OFF: Final = int(NOW) - 1_000

BEFORE: Final[Mapping[str, object]] = {
    "find of a session that rotates": _ROTATED,
    "find of a session that is revoked": _REVOKED,
    "find of a session that is added": None,
    "find of a session whose subject is revoked": _OF_SUBJECT,
    "list_live_sessions": [_ROTATED, _REVOKED],
    "list_live_sessions of a subject that is revoked": [_OF_SUBJECT],
    "list_revocations": [],
    "find_cut_off": None,
}
"""What each read returns before ``change``."""

AFTER: Final[Mapping[str, object]] = {
    "find of a session that rotates": rotated(_ROTATED),
    "find of a session that is revoked": revoked(_REVOKED),
    "find of a session that is added": _ADDED,
    "find of a session whose subject is revoked": revoked(_OF_SUBJECT),
    "list_live_sessions": [rotated(_ROTATED), _ADDED],
    "list_live_sessions of a subject that is revoked": [],
    "list_revocations": [RevokedSession(each.session_id, LATER) for each in (_REVOKED, _OF_SUBJECT)],
    "find_cut_off": _CUT_OFF,
}
"""What each read returns after ``change``."""


async def begin(sessions: SessionRepository) -> None:
    """Add the sessions that are there before."""
    for session in (_ROTATED, _REVOKED, _OF_SUBJECT):
        await sessions.add(session)


async def change(sessions: SessionRepository) -> None:
    """Make a change for each read."""
    await advance(sessions, _ROTATED)
    await revoke(sessions, _REVOKED)
    await sessions.add(_ADDED)
    await end_all(sessions, _OF_SUBJECT.subject)
    await sessions.set_cut_off(_CUT_OFF)


async def assert_reads(sessions: SessionRepository, expected: Mapping[str, object], *, other: str) -> None:
    """Check what each read returns. ``other`` names who changed the store, such as "another process"."""
    read = await _reads(sessions)
    stale = [name for name, value in expected.items() if read[name] == BEFORE[name] != value]
    assert stale == [], f"{', '.join(stale)} returned what was read before {other} changed it: a cache keeps it"
    wrong = [name for name, value in expected.items() if read[name] != value]
    assert wrong == [], f"{', '.join(wrong)} did not return what {other} has stored"


async def _reads(sessions: SessionRepository) -> Mapping[str, object]:
    of_subject = _OF_SUBJECT.subject
    return {
        "find of a session that rotates": await sessions.find(_ROTATED.session_id),
        "find of a session that is revoked": await sessions.find(_REVOKED.session_id),
        "find of a session that is added": await sessions.find(_ADDED.session_id),
        "find of a session whose subject is revoked": await sessions.find(_OF_SUBJECT.session_id),
        "list_live_sessions": await live_sessions(sessions),
        "list_live_sessions of a subject that is revoked": await live_sessions(sessions, of_subject),
        "list_revocations": sorted(await revocations(sessions), key=lambda each: each.session_id),
        "find_cut_off": await sessions.find_cut_off(),
    }


class SessionReads(RepositoryContract[SessionRepository]):
    """Every read sees the changes that other connections have made since the read before."""

    async def test_no_read_is_kept_from_before_another_connection_changed_it(self) -> None:
        """Each read is made, another connection changes what it returned, and the read is made again."""
        one, other = await self.connections(2)
        await begin(other)
        await assert_reads(one, BEFORE, other="another connection")
        await change(other)
        await assert_reads(one, AFTER, other="another connection")

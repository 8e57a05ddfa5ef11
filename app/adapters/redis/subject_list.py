"""The list of a subject's sessions: a sorted set of their ids, ordered by the times of the sign-ins.

It is in another slot than the sessions. So it may name sessions that ended or do not exist.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, NamedTuple

from ...domain.identifiers import SESSION_ID_BYTES, SessionId, Subject
from ...domain.sessions.session import SessionPosition
from . import redis_keys
from .commands import RedisCommands
from .milliseconds import milliseconds
from .script import ADD_TO_SUBJECT, CHOOSE_EXCESS, LIST_SUBJECT, REMOVE_FROM_SUBJECT

_FIRST: Final = SessionPosition(float("-inf"), SessionId(b""))
_LAST: Final = SessionPosition(float("inf"), SessionId(b""))

_MAX_SIGN_IN_SECONDS: Final = 60
"""The longest time between the two steps of a sign-in. A listed session that is missing after it was deleted."""

_CHOICE_SECONDS: Final = 60
"""How long a choice stands. A call that ends the chosen sessions takes less."""


class Listed(NamedTuple):
    """A listed session. A ``session`` that does not exist may be one whose sign-in is in progress."""

    created_at: float
    session_id: SessionId

    def is_old(self, now: float) -> bool:
        """Return whether its sign-in is over at ``now``."""
        return self.created_at < now - _MAX_SIGN_IN_SECONDS


class SubjectList:
    """Reads and changes the lists."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def add(self, subject: Subject, session_id: SessionId, created_at: float, *, lifetime_ms: int) -> None:
        """Add a session to the list. The server keeps the list for ``lifetime_ms`` at least."""
        arguments = (session_id, repr(created_at), lifetime_ms)
        await self._commands.run_script(ADD_TO_SUBJECT, [redis_keys.sessions_of_subject(subject)], *arguments)

    async def size(self, subject: Subject) -> int:
        """Return the number of listed sessions."""
        [size] = await self._commands.run_command("ZCARD", [redis_keys.sessions_of_subject(subject)])
        return int(size)

    async def remove(self, subject: Subject, session_ids: Sequence[SessionId]) -> None:
        """Remove sessions from the list."""
        if session_ids:
            await self._commands.run_script(REMOVE_FROM_SUBJECT, _keys(subject), *session_ids)

    async def choose_excess(
        self, subject: Subject, candidates: Sequence[SessionId], *, limit: int, not_live: int
    ) -> Sequence[SessionId]:
        """Choose sessions that shall end, the first of ``candidates`` first, so that ``limit`` listed sessions are left
        beside the ``not_live`` ones. Concurrent calls choose together as one would.

        Return the chosen sessions, also those of earlier calls that are still listed.
        """
        lifetime_ms = milliseconds(_CHOICE_SECONDS)
        return list(
            await self._commands.run_script(CHOOSE_EXCESS, _keys(subject), limit, not_live, lifetime_ms, *candidates)
        )

    def oldest_first(
        self, subject: Subject, page: int, after: SessionPosition | None = None
    ) -> AsyncIterator[Sequence[Listed]]:
        """Yield pages of the list after the position ``after``."""
        return self._pages(subject, page, after or _FIRST, "after")

    def newest_first(self, subject: Subject, page: int) -> AsyncIterator[Sequence[Listed]]:
        """Yield pages of the list."""
        return self._pages(subject, page, _LAST, "before")

    async def _pages(
        self, subject: Subject, page: int, place: SessionPosition, direction: str
    ) -> AsyncIterator[Sequence[Listed]]:
        """Yield pages by the position of the last session, so that a removal between two pages hides no session."""
        list_key = redis_keys.sessions_of_subject(subject)
        moment, session_id = place
        while True:
            arguments = (repr(moment), session_id, page, direction)
            listed = list(_pairs(await self._commands.run_script(LIST_SUBJECT, [list_key], *arguments)))
            if listed:
                yield [each for each in listed if len(each.session_id) == SESSION_ID_BYTES]
            if len(listed) < page:
                return
            moment, session_id = listed[-1]


def _keys(subject: Subject) -> list[str]:
    return [redis_keys.sessions_of_subject(subject), redis_keys.ending_of_subject(subject)]


def _pairs(reply: Sequence[bytes]) -> Iterator[Listed]:
    """Yield each session with the time of its sign-in."""
    for member, created_at in zip(reply[::2], reply[1::2], strict=True):
        yield Listed(float(created_at), SessionId(member))

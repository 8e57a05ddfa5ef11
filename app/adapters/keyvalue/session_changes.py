"""Read sessions, and change them under the condition that nothing else has changed them or the cut-off."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from ...domain.identifiers import SessionId, format_session_id
from ...domain.sessions.session import Session
from ..unreadable import readable
from .acts import Acts, attempts
from .client import ABSENT, Entry, KeyValueClient
from .session_keys import SessionKeys, place_of, stored_session

Rule = Callable[[Session, int | None], Session | None]
"""Return a stored session after a change, given the cut-off; ``None`` if the change is refused."""

_PAGE: Final = 1_000
_READ_AT_ONCE: Final = 99
"""Sessions of one ``get``, beside the cut-off."""

_OPERATIONS: Final = 6
"""The most operations on one session: two puts, three deletes and its revision."""

_OTHER_OPERATIONS: Final = 3
"""The revision of the cut-off, and the revision and the value of a guard."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Sessions as they are stored, the cut-off, and the revisions of all that was read."""

    sessions: Mapping[SessionId, Session]
    cut_off: int | None
    revisions: Mapping[bytes, int]

    def found(self) -> Iterable[Session]:
        """Return the sessions as the cut-off leaves them."""
        return (each.ended_by(self.cut_off) for each in self.sessions.values())


class Guard(NamedTuple):
    """A key that a commit changes, if it still has the revision that was read."""

    key: bytes
    revision: int
    value: bytes


class SessionChanges:
    """Reads and changes sessions. The entries of the lists move in the same commit as the session."""

    def __init__(self, client: KeyValueClient, keys: SessionKeys, acts: Acts) -> None:
        self.client = client
        self.keys = keys
        self.acts = acts
        self.most_at_once = min(_READ_AT_ONCE, max(1, (client.most_changes - _OTHER_OPERATIONS) // _OPERATIONS))

    async def read(self, session_ids: Sequence[SessionId]) -> Snapshot:
        """Return at most 99 sessions and the cut-off. A session that cannot be read counts as absent."""
        names = {self.keys.session(each): each for each in session_ids}
        entries = {each.key: each for each in await self.client.get([self.keys.cut_off, *names])}
        cut_off = entries.get(self.keys.cut_off)
        found = {names[key]: _readable(names[key], entry) for key, entry in entries.items() if key in names}
        return Snapshot(
            {session_id: session for session_id, session in found.items() if session is not None},
            None if cut_off is None else int(cut_off.value),
            {key: entries[key].revision if key in entries else ABSENT for key in (self.keys.cut_off, *names)},
        )

    async def read_each(self, session_ids: Sequence[SessionId]) -> AsyncIterator[Session]:
        """Yield any number of sessions as the cut-off leaves them, in their order."""
        for first in range(0, len(session_ids), _READ_AT_ONCE):
            ids = session_ids[first : first + _READ_AT_ONCE]
            found = {each.session_id: each for each in (await self.read(ids)).found()}
            for session_id in ids:
                if session_id in found:
                    yield found[session_id]

    async def pages(self, start: bytes, end: bytes, *, limit: int) -> AsyncIterator[Sequence[Entry]]:
        """Yield the entries from ``start`` to before ``end``, in pages of at most 1,000, and ``limit`` altogether."""
        while limit > 0:
            page = await self.client.range(start, end, limit=(asked := min(limit, _PAGE)))
            if page:
                yield page
            if len(page) < asked:
                return
            limit -= len(page)
            start = page[-1].key + b"\0"

    async def change(self, session_id: SessionId, rule: Rule) -> Session | None:
        """Change one session; return it after the change, or ``None`` if it is absent or the change is refused."""
        changed = await self.change_each([session_id], rule)
        return changed[0] if changed else None

    async def change_each(
        self, session_ids: Sequence[SessionId], rule: Rule, *, delete: bool = False
    ) -> Sequence[Session]:
        """Change sessions in their order, several in one commit; return those that were changed. ``delete`` deletes
        those for which the rule returns a session.

        Commits get smaller while others overtake them, down to one session. Each has the time of one act.
        """
        changed: list[Session] = []
        remaining, size = list(session_ids), self.most_at_once
        while remaining:
            async for _ in attempts():
                async with self.acts.in_time():
                    batch = remaining[:size]
                    done = await self.commit(await self.read(batch), rule, delete=delete)
                if done is not None:
                    break
                size = max(1, size // 2)
            changed += done or ()
            del remaining[: len(batch)]
        return changed

    async def commit(
        self, read: Snapshot, rule: Rule, *, delete: bool = False, guard: Guard | None = None
    ) -> Sequence[Session] | None:
        """Change the sessions of a snapshot in one commit. Return those that were changed; ``None``, and change
        nothing, if something has changed since they were read.
        """
        changed: list[Session] = []
        expected = {self.keys.cut_off: read.revisions[self.keys.cut_off]}
        puts: dict[bytes, bytes] = {}
        deletes: set[bytes] = set()
        for stored in read.sessions.values():
            session = rule(stored, read.cut_off)
            if session is None:
                continue
            changed.append(session)
            key = self.keys.session(stored.session_id)
            expected[key] = read.revisions[key]
            before, after = self.keys.entries(stored), self.keys.entries(None if delete else session)
            puts |= {key: value for key, value in after.items() if before.get(key) != value}
            deletes |= before.keys() - after.keys()
        if not changed:
            return []
        if guard is not None:
            expected[guard.key] = guard.revision
            puts[guard.key] = guard.value
        return changed if await self.client.commit(expected, puts, deletes) else None


def ids_of(entries: Sequence[Entry]) -> list[SessionId]:
    """Return the ids of the sessions of index entries."""
    return [place_of(each.key).session_id for each in entries]


def _readable(session_id: SessionId, entry: Entry) -> Session | None:
    return readable("session", format_session_id(session_id), partial(stored_session, entry.value))

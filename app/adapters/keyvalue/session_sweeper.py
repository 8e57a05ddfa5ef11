"""Delete old sessions and replaced secrets from a store of keys and values."""

from dataclasses import replace

from ...domain.sessions.replaced import NOTHING_REPLACED
from ...domain.sessions.session import Session
from ...ports.session_sweeper import SessionSweeper
from .session_changes import Rule, SessionChanges, ids_of
from .session_keys import time_key


class KeyValueSessionSweeper(SessionSweeper):
    """Finds sessions by the entries of their times. Each rule looks at the session again, which may have changed.

    Entries whose sessions stay, such as records that only a later version can read, hold up nothing: the next sweep of
    this process begins behind them, until it has reached the end.
    """

    def __init__(self, changes: SessionChanges) -> None:
        self._changes = changes
        self._keys = changes.keys
        self._places: dict[bytes, bytes] = {}  # where the next sweep of an index begins, unless at its front

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        def rule(stored: Session, _: int | None) -> Session | None:
            is_old = stored.replaced and stored.rotated_at < rotated_before
            return replace(stored, replaced=NOTHING_REPLACED) if is_old else None

        async with self._changes.acts.in_time():
            return await self._sweep(self._keys.with_replaced, rotated_before, limit, rule)

    async def revoke_cut_off(self, *, limit: int) -> int:
        def rule(stored: Session, cut_off: int | None) -> Session | None:
            session = stored.ended_by(cut_off)
            return None if session is stored or stored.revoked_at is not None else session

        async with self._changes.acts.in_time():
            cut_off = (await self._changes.read([])).cut_off
            if cut_off is None:
                return 0
            return await self._sweep(self._keys.unrevoked, float(cut_off + 1), limit, rule)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        def rule(stored: Session, _: int | None) -> Session | None:
            is_revoked = stored.revoked_at is not None and stored.revoked_at < revoked_before
            return stored if is_revoked or stored.ends_at() < expired_before else None

        async with self._changes.acts.in_time():
            expired = await self._sweep(self._keys.by_end, expired_before, limit, rule, delete=True)
            revoked = await self._sweep(self._keys.revoked, revoked_before, limit - expired, rule, delete=True)
            return expired + revoked

    async def _sweep(self, entries: bytes, before: float, limit: int, rule: Rule, *, delete: bool = False) -> int:
        """Apply a rule to the sessions of at most ``limit`` entries from before a time. Return how many it changed."""
        checked = changed = 0
        end = entries + time_key(before)
        place = self._places.pop(entries, entries)
        async for page in self._changes.pages(place, end, limit=limit):
            checked += len(page)
            changed += len(await self._changes.change_each(ids_of(page), rule, delete=delete))
            place = page[-1].key + b"\0"
        if checked >= limit > changed:
            self._places[entries] = place
        return changed

"""The place of a scan of the keys on several servers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class ScanPlace:
    """The server that is scanned, the cursor that it returned, and the servers that were scanned to their end.

    A server is known by its run id, which changes when it starts again: its cursors mean nothing on another server.
    """

    run_id: str = ""
    cursor: int = 0
    done: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "ScanPlace":
        """Return the place that ``text`` returned; the beginning for ""."""
        run_id, cursor, *done = text.split() or ("", "0")
        return cls(run_id, int(cursor), tuple(done))

    def text(self) -> str:
        """Return the place as text."""
        return " ".join((self.run_id, str(self.cursor), *self.done))

    def among(self, run_ids: Sequence[str]) -> "ScanPlace | None":
        """Return where to continue on these servers; ``None`` if all of them were scanned."""
        if self.run_id in run_ids and self.run_id not in self.done:
            return self
        following = next((each for each in run_ids if each not in self.done), None)
        return None if following is None else replace(self, run_id=following, cursor=0)

    def moved_to(self, cursor: int) -> "ScanPlace":
        """Return the place after a page, whose cursor is 0 if it was the last one of its server."""
        if cursor:
            return replace(self, cursor=cursor)
        return replace(self, done=(*self.done, self.run_id))

"""The lines of the log that are not written yet."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from ..log_lines import json_text

MAX_WRITE: Final = 4_096
"""The most bytes of one write and of one line. It is ``PIPE_BUF`` on Linux: a pipe takes so many bytes whole or not at
all (POSIX, ``write``), so the lines of several processes do not mix.
"""

MAX_WAITING: Final = 1_048_576
"""The most bytes that wait. Further lines are dropped until half of them are written."""

_LENGTHS: Final = (1_024, 256, 64, 16)
_CUT: Final = " ...\x1b[0m\n"
"""The end of a line of text that was cut, perhaps in a colour."""

_STANDARD: Final = ("time", "level", "logger", "message")


class LineQueue:
    """Lines in their order, joined to blocks of at most ``MAX_WRITE`` bytes.

    ``report`` returns the line that takes the place of dropped lines; its argument is their number. ``fit`` returns a
    line of at most ``MAX_WRITE`` bytes for a longer one. ``dropped`` is the number of all lines that were dropped.
    """

    def __init__(self, report: Callable[[int], str], fit: Callable[[str], str]) -> None:
        self._report = report
        self._fit = fit
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._unreported = 0
        self.dropped = 0

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def add(self, lines: Sequence[str]) -> None:
        """Add lines, each with its line feed, or drop them."""
        text = "".join(lines)
        if len(text) <= MAX_WRITE:
            self._add(text)
        else:
            for block in self._blocks_of(lines):
                self._add(block)

    def write(self, write: Callable[[bytes], int]) -> None:
        """Write the blocks until none is left; raises ``OSError`` if ``write`` does."""
        while self._blocks:
            block = self._blocks[0]
            written = write(block)
            if written < len(block):
                self._blocks[0] = block[written:]
            else:
                self._blocks.popleft()
            self._bytes -= written
            if self._unreported and self._bytes <= MAX_WAITING // 2:
                self._append(self._report(self._unreported))
                self._unreported = 0

    def clear(self) -> None:
        """Forget the lines, because another process has them."""
        self._blocks.clear()
        self._bytes = self._unreported = self.dropped = 0

    def _blocks_of(self, lines: Sequence[str]) -> Iterator[str]:
        """Yield the lines in blocks of whole lines."""
        block = ""
        for line in lines:
            fitting = line if len(line) <= MAX_WRITE else self._fit(line)
            if len(block) + len(fitting) > MAX_WRITE:
                yield block
                block = ""
            block += fitting
        yield block

    def _add(self, block: str) -> None:
        if self._unreported or self._bytes + len(block) > MAX_WAITING:
            lines = block.count("\n")
            self._unreported += lines
            self.dropped += lines
        else:
            self._append(block)

    def _append(self, block: str) -> None:
        self._blocks.append(block.encode("ascii"))
        self._bytes += len(block)


def fitting_text(line: str) -> str:
    """Return the beginning of a line of text."""
    return f"{line[: MAX_WRITE - len(_CUT)]}{_CUT}"


def fitting_json(line: str) -> str:
    """Return a line of JSON of at most ``MAX_WRITE`` bytes: of a longer line, the long values are cut."""
    entry: dict[str, Any] = json.loads(line)
    for length in _LENGTHS:
        cut = _cut(entry, length)
        if len(cut) <= MAX_WRITE:
            return cut
    return _cut({name: entry[name] for name in _STANDARD}, _LENGTHS[-1])


def _cut(entry: dict[str, Any], length: int) -> str:
    """Return the line with at most ``length`` characters of each value."""
    texts = {name: value if isinstance(value, str) else json_text(value) for name, value in entry.items()}
    members = {name: texts[name][:length] if len(texts[name]) > length else value for name, value in entry.items()}
    return json_text({**members, "shortened": True}) + "\n"

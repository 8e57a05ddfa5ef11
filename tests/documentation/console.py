"""Reads the console examples of the documentation."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command and the output that the page shows."""

    command: str
    output: str

    def prints(self, actual: str) -> bool:
        """Return whether ``actual`` matches the output. … stands for any text within a line."""
        pattern = ".*".join(map(re.escape, self.output.split("…")))
        return re.fullmatch(pattern, actual) is not None


def examples(page: str) -> list[Example]:
    """Return the examples of a page in their order. A backslash at the end of a line continues the command."""
    text = "".join(_BLOCK.findall((ROOT / page).read_text()))
    found = []
    for chunk in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", chunk)
        assert command is not None
        found.append(Example(command[0].rstrip("\n"), chunk[command.end() :]))
    return found

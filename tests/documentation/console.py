"""Reading the documentation's console examples."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A command, as it is typed, and what the page says it prints."""

    command: str
    output: str

    def prints(self, actual: str) -> bool:
        """Tell whether ``actual`` is the output, where … stands for anything within a line."""
        pattern = ".*".join(map(re.escape, self.output.split("…")))
        return re.fullmatch(pattern, actual) is not None


def examples(page: str) -> list[Example]:
    """Return the examples of a page in their order; a line that ends in a backslash goes on in the next."""
    text = "".join(_BLOCK.findall((ROOT / page).read_text()))
    found = []
    for chunk in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", chunk)
        assert command is not None
        found.append(Example(command[0].rstrip("\n"), chunk[command.end() :]))
    return found

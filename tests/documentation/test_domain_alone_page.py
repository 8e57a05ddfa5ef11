"""The page on the domain alone. ``tests/system/test_domain_isolation.py`` runs its program."""

import ast
import re
from typing import Any, Final

from app.testing.world import World

from .console import ROOT

_PAGE: Final = (ROOT / "docs/domain-alone.md").read_text("utf-8")
_PROGRAM: Final = re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)[0]
_MAX_LINES: Final = 25
"""The longest rule, with its test and without imports and empty lines, that is still short."""


def test_the_rule_is_short() -> None:
    """The rule and its test are about twenty lines."""
    body = [each for each in ast.parse(_PROGRAM).body if not isinstance(each, ast.Import | ast.ImportFrom)]
    lines = [line for each in body for line in ast.unparse(each).splitlines() if line.strip()]
    assert len(lines) <= _MAX_LINES


async def test_what_the_page_names_is_there() -> None:
    """Each member of the world that the page names exists."""
    world = await World.create()
    for path in re.findall(r"world\.([a-z_.]+)", _PAGE):
        found: Any = world
        for name in path.split("."):
            found = getattr(found, name)

"""The page on persistence adapters: its code is that of the example package."""

import re
from typing import Final

import pytest

from .console import ROOT

_EXAMPLE: Final = ROOT / "examples" / "keyturn-files"
_BLOCKS: Final = re.findall(
    r"^```(?:python|toml)\n(.*?)^```$", (ROOT / "docs/persistence-adapters.md").read_text(), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("block", _BLOCKS, ids=lambda block: block.strip().splitlines()[0])
def test_code_block_is_in_the_package(block: str) -> None:
    """Each code block is in a file of the package, apart from indentation."""
    files = [each for each in _EXAMPLE.rglob("*") if each.suffix in (".py", ".toml")]
    assert [each for each in files if _lines(block) in _lines(each.read_text("utf-8"))]


@pytest.mark.parametrize(
    "contract", re.findall(r"`(\w+)\.([A-Z]\w+)`", (ROOT / "docs/persistence-adapters.md").read_text())
)
def test_named_contract_exists(contract: tuple[str, str]) -> None:
    """Each contract that the page names is in the module that it names."""
    module, name = contract
    source = (ROOT / "app" / "contracts" / f"{module}.py").read_text("utf-8")
    assert re.search(rf"^class {name}\b", source, re.MULTILINE)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

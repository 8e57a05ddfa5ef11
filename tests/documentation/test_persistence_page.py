"""The page on persistence adapters: its code is that of the examples, and its limits are those of the records."""

import re
from typing import Final

import pytest

from app.adapters.keyvalue.client import KeyValueClient
from app.adapters.records.limits import LIMITS
from app.domain.sessions.session import Session

from .console import ROOT

_EXAMPLES: Final = [ROOT / "examples" / name for name in ("keyturn-files", "keyturn-etcd")]
_PAGE: Final = (ROOT / "docs/persistence-adapters.md").read_text("utf-8")
_BLOCKS: Final = re.findall(r"^```(?:python|toml)\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", _BLOCKS, ids=lambda block: block.strip().splitlines()[0])
def test_code_block_is_in_the_package(block: str) -> None:
    """Each code block is in a file of one of the packages, apart from indentation."""
    files = [each for example in _EXAMPLES for each in example.rglob("*") if each.suffix in (".py", ".toml")]
    assert [each for each in files if _lines(block) in _lines(each.read_text("utf-8"))]


@pytest.mark.parametrize("kind", LIMITS)
def test_limits_are_those_of_the_records(kind: str) -> None:
    """The table has each field of text or bytes with its greatest length. All other fields are numbers."""
    lengths = {name: limit.bytes for name, limit in LIMITS[kind].items() if limit.bytes is not None}
    row = ", ".join(f"`{name}`: {length:,}" for name, length in lengths.items())
    assert f"| {kind} | {row} |" in _PAGE
    assert {limit.kind for name, limit in LIMITS[kind].items() if name not in lengths} <= {"whole number", "time"}


def test_every_conversion_is_on_the_page() -> None:
    """The table has each function of the modules of records that another module may use."""
    for file in (ROOT / "app" / "adapters" / "records").glob("*s.py"):
        for name in re.findall(r"^def ([a-z]\w+_(?:record|of))\(", file.read_text("utf-8"), re.MULTILINE):
            assert f"`{name}`" in _PAGE


@pytest.mark.parametrize("transition", re.findall(r"^\| `(\w+)\(", _PAGE, re.MULTILINE))
def test_named_transition_or_operation_exists(transition: str) -> None:
    """Each transition is a method of ``Session``, and each operation one of ``KeyValueClient``."""
    assert hasattr(Session, transition) or hasattr(KeyValueClient, transition)


@pytest.mark.parametrize("contract", re.findall(r"`(\w+)\.([A-Z]\w+)`", _PAGE))
def test_named_contract_exists(contract: tuple[str, str]) -> None:
    """Each contract that the page names is in the module that it names."""
    module, name = contract
    source = (ROOT / "app" / "contracts" / f"{module}.py").read_text("utf-8")
    assert re.search(rf"^class {name}\b", source, re.MULTILINE)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

"""The page on persistence adapters: its code is that of the examples, and its limits are those of the records."""

import re
from importlib import import_module
from inspect import getmembers, iscoroutinefunction
from typing import Any, Final, get_type_hints

import pytest

from app.adapters.keyvalue.client import KeyValueClient
from app.adapters.records.limits import LIMITS
from app.adapters.store_urls.known import PARSERS
from app.domain.sessions.session import Session
from app.ports.client_repository import ClientRepository
from app.ports.database import Database
from app.ports.session_repository import SessionRepository
from app.ports.user_repository import UserRepository
from app.ports.version import PORTS_VERSION
from app.service.foreign_store import METHODS_WITH_A_DEFAULT

from .console import ROOT

_EXAMPLES: Final = [ROOT / "examples" / name for name in ("keyturn-files", "keyturn-etcd")]
_PAGE: Final = (ROOT / "docs/persistence-adapters.md").read_text("utf-8")
_BLOCKS: Final = re.findall(r"^```(?:python|toml)\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
_PORTS: Final = re.findall(
    r"^\| (?:`(\w+)`|[^|]+) \| \[`(\w+)`\]\(\.\./(app/ports/\w+)\.py\)[^|]*\| (\d+) \| `(\w+)\.(\w+)` \| (.*) \|$",
    _PAGE,
    re.MULTILINE,
)
"""The rows: member, port, its module, number of methods, module and name of the contract, and what is without it."""


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


@pytest.mark.parametrize("row", _PORTS, ids=lambda row: row[0] or row[1])
def test_row_of_a_port(row: tuple[str, ...]) -> None:
    """The row has the number of methods that an adapter writes, the contract, and whether the member has a default."""
    member, port, module, number, contract_module, contract = row[:6]
    declared = getattr(import_module(module.replace("/", ".")), port)
    assert int(number) == len(_methods(declared))
    assert hasattr(import_module(f"app.contracts.{contract_module}"), contract)
    assert row[6].startswith("required") == (not member or not hasattr(Database, member))


def test_every_port_of_a_store_is_in_the_table() -> None:
    """The table has each member whose type is a port."""
    ports = {
        name for name, hint in get_type_hints(Database).items() if "Repository" in str(hint) or "Session" in str(hint)
    }
    assert {row[0] for row in _PORTS} - {""} >= ports | {"clock"}


def test_numbers_of_methods_in_the_text() -> None:
    """The numbers of methods that sentences name are those of the ports."""
    assert re.findall(r"protocol of (\w+) methods", _PAGE) == ["twelve"]
    assert len(_methods(SessionRepository)) == 12
    assert re.findall(r"have (\w+) and (\w+) methods", " ".join(_PAGE.split())) == [("nine", "five")]
    assert (len(_methods(UserRepository)), len(_methods(ClientRepository))) == (9, 5)


def test_named_schemes_are_taken() -> None:
    """The schemes that the page calls taken are those of Keyturn's stores."""
    taken = re.findall(r"`(\w+)`", re.findall(r"stores are taken: (.*?)\.\n", _PAGE, re.DOTALL)[0])
    assert {each for each in PARSERS if not each.startswith("redis")} == {*taken} - {"redis"}


def test_version_of_the_ports() -> None:
    """The page and the example name the present version."""
    assert re.findall(r"ports_version = (\d+)", _PAGE) == [str(PORTS_VERSION)]


def _methods(port: type[Any]) -> list[str]:
    """Return the methods of a port, and those of its base, without the one that has a default."""
    return [name for name, each in getmembers(port, iscoroutinefunction) if name not in METHODS_WITH_A_DEFAULT]


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

"""``keyturn.guard`` loads what is used, and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import app.guard
from app.guard.loading import PLACE_OF, load

_HEAVY = ("aiohttp.web", "dependency_injector", "sqlalchemy", "app.service")


@pytest.mark.parametrize("module", ["app.guard", "app.guard.asgi", "app.guard.fastapi", "app.guard.token_checks"])
def test_an_import_loads_no_server(module: str) -> None:
    """The import loads neither aiohttp's server nor dependency_injector, SQLAlchemy or the service."""
    program = f"import sys, {module}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not [name for name in _HEAVY if name in printed.stdout.split()]


def test_all_names_are_those_that_type_checkers_see() -> None:
    """Each public name is loaded from the module from which a type checker reads it."""
    tree = ast.parse(Path(app.guard.__file__).read_text("utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {each.name: "." * node.level + str(node.module) for node in imports for each in node.names}
    assert seen == dict(PLACE_OF)
    assert sorted(seen) == sorted(app.guard.__all__)
    assert all(load(name) is getattr(app.guard, name) for name in seen)


def test_another_name_is_an_attribute_error() -> None:
    """A name that does not exist is reported as in every other module."""
    with pytest.raises(AttributeError, match=r"'app\.guard' has no attribute 'nothing'"):
        app.guard.nothing  # type: ignore[attr-defined]  # noqa: B018  # the fault

"""``keyturn.guard`` loads what is used, and nothing else."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import app.guard
from app.guard.loading import PLACE_OF, load

from .drivers import ROOT

_HEAVY = ("aiohttp.web", "dependency_injector", "sqlalchemy", "app.service")
_FRAMEWORKS = {
    "aiohttp.web",
    "django",
    "fastapi",
    "flask",
    "grpc",
    "litestar",
    "prometheus_client",
    "quart",
    "starlette",
}


@pytest.mark.parametrize(
    "module",
    [
        "app.guard",
        "app.guard.asgi",
        "app.guard.fastapi",
        "app.guard.grpc",
        "app.guard.mcp",
        "app.guard.token_checks",
        "app.guard.wsgi",
    ],
)
def test_an_import_loads_no_server(module: str) -> None:
    """The import loads neither aiohttp's server nor dependency_injector, SQLAlchemy or the service."""
    program = f"import sys, {module}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert not [name for name in _HEAVY if name in printed.stdout.split()]


@pytest.mark.parametrize(
    ("module", "own"),
    [("asgi", set()), ("wsgi", set()), ("fastapi", {"fastapi", "starlette"}), ("grpc", {"grpc"})],
)
def test_a_guard_loads_its_own_framework_alone(module: str, own: set[str]) -> None:
    """The guard for ASGI loads no framework at all."""
    program = f"import sys, app.guard.{module}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert _FRAMEWORKS & set(printed.stdout.split()) == own


def test_extras_name_their_framework_alone() -> None:
    """The extra ``asgi`` adds no package, ``fastapi`` adds FastAPI, ``grpc`` gRPC, and so on."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert extras["asgi"] == []
    assert [Requirement(each).name for each in extras["fastapi"]] == ["fastapi"]
    assert [Requirement(each).name for each in extras["grpc"]] == ["grpcio"]
    assert [Requirement(each).name for each in (*extras["mcp"], *extras["fastmcp"])] == ["mcp", "fastmcp"]


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

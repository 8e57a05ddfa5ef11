"""The ``__init__.py`` of each package: a docstring of at most three lines, and re-exports."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [path for path in sorted((ROOT / "app").rglob("__init__.py")) if path.read_text("utf-8")]
WITH_CODE = {"app", "app/contracts", "app/guard", "app/testing"}
"""The version, the registration that pytest needs before it imports the kit, and names that are loaded when used."""


def name(path: Path) -> str:
    """Return the path of a package, such as ``app/domain``."""
    return path.parent.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PACKAGES, ids=name)
def test_package_docstring_is_short(path: Path) -> None:
    """The docstring says in at most three lines what the package owns and what it may import."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    assert len(docstring.splitlines()) <= 3
    assert name(path) in {"app", "app/adapters/redis/scripts"} or "May import: " in docstring


@pytest.mark.parametrize("path", [each for each in PACKAGES if name(each) not in WITH_CODE], ids=name)
def test_package_file_only_reexports(path: Path) -> None:
    """After the docstring there are only imports, and ``__all__`` with the imported names."""
    _, *body = ast.parse(path.read_text("utf-8")).body
    imported = {each.asname or each.name for node in body if isinstance(node, ast.ImportFrom) for each in node.names}
    others = [node for node in body if not isinstance(node, ast.ImportFrom)]
    assert [ast.unparse(node).partition(" = ")[0] for node in others] == (["__all__"] if imported else [])
    assert {each for node in others for each in ast.literal_eval(ast.unparse(node).partition(" = ")[2])} == imported

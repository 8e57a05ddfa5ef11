"""The folders of programs that wheels install."""

from importlib.util import find_spec
from pathlib import Path


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None, f"{package} is not installed"
    return Path(spec.origin).parent

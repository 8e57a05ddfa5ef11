"""The files of ``deploy``."""

from typing import Final

from tests.system.processes import ROOT

DEPLOY: Final = ROOT / "deploy"


def changed(name: str, *changes: tuple[str, str]) -> str:
    """Return the text of a file of ``deploy`` with ``changes``, pairs of an old text, which must be there, and a new
    one.
    """
    text = (DEPLOY / name).read_text("utf-8")
    for old, new in changes:
        assert old in text, f"{name} does not contain {old}"
        text = text.replace(old, new)
    return text

"""The page on the command line: its table is that of the parser, and its examples print what it shows."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from app.cli import main
from scripts.command_table import table

from .console import ROOT, examples

PAGE: Final = "docs/commands.md"


def test_the_table_is_that_of_the_parser() -> None:
    """The page has the table that the script prints."""
    assert table() in (ROOT / PAGE).read_text(), (
        "run .venv/bin/python -m scripts.command_table, and put the table there"
    )


def test_every_command_of_the_documentation_exists() -> None:
    """No page names a command that the parser does not have, and none runs the module without the script."""
    known = table()
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        text = page.read_text()
        assert "python -m app" not in text, page
        for words in re.findall(r"\./scripts/keyturn ((?:[a-z]+(?:-[a-z]+)* ?){1,2})", text):
            assert f"`keyturn {words.strip()}" in known, f"{page}: {words}"


def test_example_output_is_right(tmp_path: Path) -> None:
    """Each command prints what the page shows, on standard output or standard error."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/k.db",
    }
    assert main(["database", "upgrade"], variables) == 0
    found = examples(PAGE)
    assert len(found) == 2
    for each in found:
        command = each.command.replace("./scripts/keyturn", f"{sys.executable} -m app")
        printed = subprocess.run(
            ["/bin/bash", "-c", f"{command} 2>&1"],
            env=variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert each.prints(printed.stdout)

"""The page on the doctor: its examples print what it shows, and its tables list all checks."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from app.service.doctor import CHECKS, CHECKS_OF_URL, Level

from .console import ROOT, examples

PAGE: Final = "docs/doctor.md"


def test_tables_list_all_checks_and_levels() -> None:
    """The tables list each check and each level, in the order of the code, and nothing else."""
    text = (ROOT / PAGE).read_text()
    names = re.findall(r"^\| `([^`]+)` \| ", text, re.MULTILINE)
    assert names == [*Level, *(each.name for each in (*CHECKS, *CHECKS_OF_URL))]


def test_example_output_is_right(tmp_path: Path) -> None:
    """Each command prints what the page shows, in one shell."""
    found = examples(PAGE)
    assert len(found) == 5
    mark = "----- next"
    script = f"\necho '{mark}'\n".join(f"{{ {example.command}\n}} 2>&1" for example in found)
    shell = subprocess.run(
        ["/bin/bash"],
        input=script.replace("./scripts/keyturn", f"{sys.executable} -m app"),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "KEYTURN_PORT": "0"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    for example, output in zip(found, shell.stdout.split(f"{mark}\n"), strict=True):
        lines = sorted(output.splitlines(keepends=True)) if "Faults: " in output else output.splitlines(keepends=True)
        assert example.prints("".join(lines)), f"{example.command}\nprinted\n{output}"

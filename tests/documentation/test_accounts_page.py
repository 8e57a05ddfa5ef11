"""The page on accounts: its example imports a user."""

import os
import subprocess
import sys
from pathlib import Path

from .console import ROOT, examples


def test_example_output_is_right(tmp_path: Path) -> None:
    """Each command prints what the page shows."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
    }
    found = examples("docs/accounts.md")
    assert len(found) == 2
    for each in found:
        command = each.command.replace("./scripts/keyturn", f"{sys.executable} -m app")
        printed = subprocess.run(
            ["/bin/bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert each.prints(printed.stdout)

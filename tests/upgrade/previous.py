"""The previous version of the program: the one before the last release of changes."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.system.processes import ROOT

COMMIT: Final = "69b52e8"
"""The last commit of the previous version."""


def unpack(folder: Path) -> bool:
    """Unpack the previous version into ``folder``, so that ``python -m app`` runs it there. Return false if the history
    of this clone does not have it: it may be shallow, or there is no Git.
    """
    if shutil.which("git") is None:
        return False
    archive = subprocess.run(
        ["git", "archive", COMMIT, "app"],  # noqa: S607  # the machine's git
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if archive.returncode != 0:
        return False
    folder.mkdir()
    subprocess.run(["tar", "--extract"], input=archive.stdout, cwd=folder, check=True)  # noqa: S607  # the machine's tar
    return True

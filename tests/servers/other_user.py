"""The user who runs servers that refuse to run as root, and the folders that this user can enter."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

NOBODY: Final = 65_534

OTHER_USER: Final[dict[str, Any]] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
"""The options of ``Popen`` for such a server. They are empty if the tests do not run as root."""

_FOLDERS: Final = ("/tmp", "/var/tmp")  # noqa: S108  # new folders are made there
_OTHERS_ENTER: Final = 0o001


def is_open(path: Path) -> bool:
    """Return whether the user of the servers can enter a folder or read a program there."""
    path = path.resolve()
    return not OTHER_USER or all(each.stat().st_mode & _OTHERS_ENTER for each in (path, *path.parents))


def make_folder(prefix: str) -> Path:
    """Return a new folder that belongs to the user of the servers. It is a temporary one, outside of ``TMPDIR`` if that
    is below a folder of ours alone.

    Raises ``RuntimeError`` if there is no such place.
    """
    places = [each for each in (tempfile.gettempdir(), *_FOLDERS) if Path(each).is_dir() and is_open(Path(each))]
    if not places:
        raise RuntimeError(
            f"PostgreSQL does not run as root, and no other user can enter {tempfile.gettempdir()}: set TMPDIR to a"
            " folder that every user can enter, such as /tmp, or run the tests as another user."
        )
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=places[0]))
    if OTHER_USER:
        os.chown(folder, NOBODY, NOBODY)
    return folder


def readable_copy(*sources: Path, prefix: str) -> Path:
    """Return a new folder with copies of ``sources``, which the user of the servers can read, but not change."""
    folder = make_folder(prefix)
    for each in sources:
        shutil.copytree(each, folder / each.name, symlinks=True)
    os.chown(folder, os.getuid(), os.getgid())
    for each in (folder, *folder.rglob("*")):
        if not each.is_symlink():
            mode = each.stat().st_mode
            each.chmod(mode | (0o055 if mode & 0o100 else 0o044))
    return folder

"""Tests that run as root in a clone that no other user can enter, such as one in a home of mode 700."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import other_user

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="only root runs servers as another user"),
    pytest.mark.proof("deployments"),
]


def test_programs_are_copied_to_where_the_other_user_can_run_them(tmp_path: Path) -> None:
    """A program below a folder of mode 700 is refused to the other user, who can run its copy and not change it."""
    tmp_path.chmod(0o700)
    source = tmp_path / "programs"
    source.mkdir(mode=0o700)
    shutil.copy("/bin/true", source / "program")
    (source / "program").chmod(0o700)
    assert not other_user.is_open(source / "program")
    with pytest.raises(PermissionError):
        subprocess.run([source / "program"], check=True, **other_user.OTHER_USER)
    copied = other_user.readable_copy(source, prefix="programs-")
    try:
        assert other_user.is_open(copied / "programs" / "program")
        subprocess.run([copied / "programs" / "program"], cwd=copied, check=True, **other_user.OTHER_USER)
        assert all(each.stat().st_uid == 0 and not each.stat().st_mode & 0o022 for each in copied.rglob("*"))
    finally:
        shutil.rmtree(copied)


def test_a_closed_temporary_folder_is_left_for_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If only root can enter ``TMPDIR``, the folder of a server is made elsewhere. If there is no other place, one
    sentence says what to do.
    """
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = other_user.make_folder("server-")
    try:
        subprocess.run(["/bin/true"], cwd=folder, check=True, **other_user.OTHER_USER)
        assert folder.stat().st_uid == other_user.NOBODY
    finally:
        folder.rmdir()
    monkeypatch.setattr(other_user, "_FOLDERS", ())
    with pytest.raises(RuntimeError, match=f"no other user can enter {tmp_path}: set TMPDIR to a folder"):
        other_user.make_folder("server-")

"""A machine whose files are read-only, except for one volume: there is no folder for temporary files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from .processes import ROOT, SERVE, TEST_SETTINGS, TIMEOUT_SECONDS, environment, running
from .worker_processes import add_key

_READ_ONLY: Final = """
mount --bind "$0" /mnt
for folder in /tmp /var/tmp /dev/shm; do
    if [ -d "$folder" ]; then mount --bind "$folder" "$folder"; mount -o remount,bind,ro "$folder"; fi
done
mount -o remount,bind,ro /
mount --bind /mnt "$0"
cd "$0/../clone"; exec "$@"
"""
"""Everything is read-only for the command, but not the folder ``$0``."""

_UNSHARE: Final = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-euc")

_SORT: Final = """
from pathlib import Path
from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.sqlite_connection import open_connection

Path("{file}").touch()
connection = open_connection(DatabaseUrl("sqlite:///{file}"), busy_seconds=20)
numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
connection.execute(f"CREATE TABLE many AS {{numbers}} SELECT randomblob(300) AS bytes FROM n")
connection.execute("CREATE INDEX many_bytes ON many (bytes)")
"""


def _can_mount() -> bool:
    return (
        os.geteuid() == 0
        and shutil.which("unshare") is not None
        and subprocess.run([*_UNSHARE, "mount --bind /mnt /mnt"], capture_output=True, check=False).returncode == 0
    )


pytestmark = [
    pytest.mark.skipif(not _can_mount(), reason="only root can mount folders read-only, with unshare"),
    pytest.mark.proof("deployments"),
]


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return the folder that can be written. The working folder is one that cannot."""
    (tmp_path / "clone").symlink_to(ROOT)
    volume = tmp_path / "volume"
    volume.mkdir()
    return volume


def _confined(volume: Path, *command: str) -> list[str]:
    return [*_UNSHARE, _READ_ONLY, str(volume), "env", "--unset=TMPDIR", *command]


@pytest.mark.parametrize(
    ("settings", "needs"),
    [({}, "several workers"), ({"METRICS_PORT": "1"}, "metrics of several workers")],
    ids=["workers", "with metrics"],
)
def test_several_workers_ask_for_a_temporary_folder(volume: Path, settings: dict[str, str], needs: str) -> None:
    """Where no temporary file can be made, one sentence names TMPDIR. There is no traceback, and no worker."""
    add_key(volume)
    fixed = {"WORKERS": "2", "DATABASE_URL": f"sqlite:///{volume}/keyturn.db", "KEYS_DIR": f"{volume}/keys"}
    every = environment({**TEST_SETTINGS, **fixed, **settings})
    done = subprocess.run(_confined(volume, *SERVE), env=every, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"KEYTURN_WORKERS: {needs} need a folder for temporary files, and none can be written. Set TMPDIR to one that"
        " this user can write to, such as a small volume in memory, or set KEYTURN_WORKERS to 1.\n"
    )


def test_one_worker_with_metrics_serves(volume: Path) -> None:
    """One worker needs no temporary folder, also with metrics: it serves from a SQLite file on the volume."""
    settings = {"DATABASE_URL": f"sqlite:///{volume}/keyturn.db", "METRICS_PORT": "0"}
    with running(volume, settings, command=_confined(volume, *SERVE)) as service:
        assert "Traceback" not in service.log()


def test_sqlite_sorts_without_a_temporary_folder(volume: Path) -> None:
    """A statement that sorts more than fits into the cache of SQLite works, as those of a migration do."""
    command = _confined(volume, sys.executable, "-c", _SORT.format(file=volume / "keyturn.db"))
    done = subprocess.run(command, capture_output=True, text=True, timeout=3 * TIMEOUT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr

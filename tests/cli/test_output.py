"""Output that cannot be written, and commands that are interrupted: no traceback, and no half change."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import bcrypt
import pytest

from tests.system.processes import ROOT, TIMEOUT_SECONDS, environment

_HASH: Final = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the database of these tests."""
    return tmp_path_factory.mktemp("output")


def _lines(first: int, number: int) -> str:
    users = range(first, first + number)
    return "".join(json.dumps({"username": f"user-{each}", "password_hash": _HASH}) + "\n" for each in users)


def _start(folder: Path, arguments: Sequence[str], stdout: int, unbuffered: str = "") -> subprocess.Popen[str]:
    variables = {**environment({"DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}), "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-m", "app", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=variables, stdin=pipe, stdout=stdout, stderr=pipe, text=True)


def _run(folder: Path, arguments: Sequence[str], stdout: int, typed: str = "", unbuffered: str = "") -> tuple[int, str]:
    """Run a command with this standard output. Return its exit status and its standard error."""
    with _start(folder, arguments, stdout, unbuffered) as process:
        _, error = process.communicate(typed, timeout=6 * TIMEOUT_SECONDS)
    return process.returncode, error


def _stored(folder: Path) -> tuple[int, int]:
    """Return how many users and how many events of new users the database has."""
    with closing(sqlite3.connect(folder / "keyturn.db")) as database:
        [(users,)] = database.execute("SELECT count(*) FROM users")
        [(events,)] = database.execute("SELECT count(*) FROM audit_events WHERE name = 'user_created'")
    return users, events


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--help"], ["keys", "encryption-key"]], ids=" ".join)
def test_a_closed_pipe_is_no_traceback(folder: Path, arguments: list[str], unbuffered: str) -> None:
    """A command whose reader has ended prints nothing on standard error. Its exit status is that of SIGPIPE."""
    reading, writing = os.pipe()
    os.close(reading)
    assert _run(folder, arguments, writing, unbuffered=unbuffered) == (141, "")
    os.close(writing)


def test_a_change_is_done_although_nobody_reads(folder: Path) -> None:
    """An import whose reader has ended adds all users, with their events; a list ends."""
    before, _ = _stored(folder) if (folder / "keyturn.db").exists() else (0, 0)
    reading, writing = os.pipe()
    os.close(reading)
    assert _run(folder, ["users", "import"], writing, _lines(100, 40)) == (141, "")
    assert _stored(folder) == (before + 40, before + 40)
    assert _run(folder, ["users", "list"], writing) == (141, "")
    os.close(writing)


def test_a_full_device_is_named(folder: Path) -> None:
    """Output that cannot be written for another reason is a failure, in one line."""
    full = os.open("/dev/full", os.O_WRONLY)
    status, error = _run(folder, ["keys", "encryption-key"], full)
    os.close(full)
    assert (status, error) == (1, "The output could not be written: No space left on device.\n")


def test_an_interrupted_import_keeps_what_it_added(folder: Path) -> None:
    """Ctrl-C ends a command that waits for input at once, without a traceback. Users and events of before are kept."""
    before, _ = _stored(folder) if (folder / "keyturn.db").exists() else (0, 0)
    with _start(folder, ["users", "import"], subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(_lines(200, 1))
        process.stdin.flush()
        assert "user-200" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(TIMEOUT_SECONDS) == 130
        finally:
            process.kill()
        assert process.stderr.read() == ""
    assert _stored(folder) == (before + 1, before + 1)

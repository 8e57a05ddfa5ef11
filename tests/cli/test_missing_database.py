"""Commands in another folder than that of the service: they make no new database."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import main
from app.cli.declared import COMMANDS
from tests.system.processes import ROOT, environment

from .test_key_commands import KEY
from .users_command import Users

_ARGUMENTS = {
    "users disable": ["alice"],
    "users enable": ["alice"],
    "users set-password": ["alice"],
    "users set-scope": ["alice", "account"],
    "users delete": ["alice"],
    "sessions list": ["alice"],
    "sessions end": ["--user", "alice"],
    "sessions explain": ["A" * 22],
    "clients rotate-secret": ["orders"],
    "clients remove": ["orders"],
    "keys retire": ["A"],
    "keys compromised": ["A", "--revoke-sessions"],
}
_CREATE = {"users add", "users import", "clients add", "keys import"}
_NEED_NONE = {"serve", "doctor", "database upgrade", "keys generate", "keys encryption-key"}


@pytest.mark.parametrize("name", [each.name for each in COMMANDS if each.name not in _CREATE | _NEED_NONE])
def test_no_command_makes_a_database_but_those_that_add(
    name: str, users: Users, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every other command says which file is missing, and leaves the folder empty."""
    folder = users.database.parent
    monkeypatch.chdir(folder)
    monkeypatch.setattr("app.cli.users._typed_password", lambda: "correct horse battery")
    settings = {"KEYTURN_DATABASE_URL": "sqlite:///keyturn.db", "KEYTURN_KEY_ENCRYPTION_KEY": KEY}
    assert main([*name.split(), *_ARGUMENTS.get(name, [])], settings) == 1
    fault = f"There is no database at {folder}/keyturn.db. Is the service's folder another one?\n"
    assert capsys.readouterr().err == fault
    assert list(folder.iterdir()) == []


def test_the_commands_that_add_are_declared() -> None:
    """Only the commands that add something may make a database."""
    assert {each.name for each in COMMANDS if each.creates} == _CREATE


def test_a_terminal_is_asked_and_told(users: Users, tmp_path: Path) -> None:
    """At a terminal, a deletion asks before, an empty list says so, and an import says what it reads."""
    users.run("add", "alice")
    asked = "Delete alice and end their sessions? [y/N] "
    assert _typed(users.database, "users", "delete", "alice", typed="\n") == (1, asked, "Nothing was deleted.")
    assert _typed(users.database, "users", "delete", "alice", typed="y\n")[:2] == (0, asked)
    assert _typed(users.database, "users", "list")[2] == "No users."
    assert _typed(users.database, "clients", "list")[2] == "No clients."
    assert _typed(users.database, "users", "import", typed="\4")[2] == "Reading from standard input …"
    users.run("add", "bob")
    assert _typed(users.database, "sessions", "list", "bob")[2] == "bob has no live sessions."
    assert _typed(users.database, "users", "delete", "bob", "--yes")[0] == 0


def _typed(database: Path, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    """Run a command at a terminal. Return its exit status, the question, and the last line that it prints."""
    ours, theirs = pty.openpty()
    variables = environment({"DATABASE_URL": f"sqlite:///{database}"})
    command = [sys.executable, "-m", "app", *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = bytearray()
        try:
            while part := os.read(ours, 65_536):
                shown.extend(part)
        except OSError:  # the command has ended
            pass
    os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    question = text[text.find("Delete ") : text.find("[y/N] ") + len("[y/N] ")] if "[y/N]" in text else ""
    return process.returncode, question, text.rstrip("\n").rpartition("\n")[2].removeprefix(question)

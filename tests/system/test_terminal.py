"""The service at a terminal: what people see at the start."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from .processes import SERVE, TIMEOUT_SECONDS, environment

_END = "lists the settings."


@contextmanager
def at_terminal(settings: Mapping[str, str]) -> Iterator[str]:
    """Start the service at a terminal, and yield what it prints until the end of the banner."""
    ours, theirs = pty.openpty()
    variables = environment({"PORT": "0", "PASSWORD_HASH_MEMORY": "8192", **settings})
    process = subprocess.Popen(SERVE, env=variables, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield _read(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read(terminal: int) -> str:
    found = bytearray()

    def read() -> None:
        while _END.encode() not in found:
            try:
                found.extend(os.read(terminal, 65_536))
            except OSError:  # the service has ended
                return

    reader = Thread(target=read, daemon=True)
    reader.start()
    reader.join(TIMEOUT_SECONDS)
    text = found.decode().replace("\r\n", "\n")
    assert _END in text, text
    return text


def _commands(banner: str) -> list[str]:
    return re.findall(r"^  # .*\n  (.*)$", banner, re.MULTILINE)


def _pasted(commands: list[str], folder: Path) -> list[object]:
    """Return the JSON of each line that the commands print in one shell."""
    shell = subprocess.run(
        ["bash", "-eu"],  # noqa: S607  # bash is wherever the reader has it
        input="\n".join(commands),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_SECONDS,
    )
    return [json.loads(line) for line in shell.stdout.splitlines() if line]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are written for curl, which is not here")
def test_the_commands_of_the_banner_work(tmp_path: Path) -> None:
    """The three commands work when pasted: they sign in, show the token and list the session. The lines of the log are
    text.
    """
    with at_terminal({}) as shown:
        banner = shown[shown.index("Keyturn listens at ") :]
        commands = _commands(banner)
        assert len(commands) == 3
        me, sessions = _pasted(commands, tmp_path)
        assert isinstance(me, dict)
        assert me["scope"] == "account keyturn:admin"
        assert isinstance(sessions, dict)
        assert [each["sid"] for each in sessions["sessions"]] == [me["sid"]]
        assert re.search(r"Try it +http://127\.0\.0\.1:\d+/docs\n", banner)
    assert '{"time"' not in shown
    assert " listening " in shown


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are written for curl, which is not here")
def test_the_banner_of_a_service_with_users(tmp_path: Path) -> None:
    """A service with a database shows its issuer, how an administrator is made, and three commands that need no user.
    Its log can be JSON.
    """
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "ISSUER": "https://id.example",
        "LOG_FORMAT": "json",
    }
    with at_terminal({**settings, "HOST": "0.0.0.0"}) as shown:  # noqa: S104  # all addresses
        banner = shown[shown.index("Keyturn listens at ") :]
        ready, metadata, keys = _pasted(_commands(banner), tmp_path)
        assert ready == {"status": "ready"}
        assert isinstance(metadata, dict)
        assert metadata["issuer"] == "https://id.example"
        assert isinstance(keys, dict)
        assert len(keys["keys"]) == 1
        assert re.search(r"Issuer +https://id\.example\n", banner)
        assert "password" not in banner
        command = "./scripts/keyturn users add NAME --scope 'account keyturn:admin'"
        assert f"\nThere is no user yet. Make an administrator: {command}\n" in banner
    assert '{"time"' in shown


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are written for curl, which is not here")
@pytest.mark.parametrize("in_file", [False, True])
def test_the_bootstrap_user_signs_in_by_the_banner(tmp_path: Path, *, in_file: bool) -> None:
    """The commands sign the user of the settings in, with the password of its variable or its file."""
    name, password = 'al\'ice "\U0001f600"', "correct \"horse' battery"
    (tmp_path / "password").write_text(f"{password}\n")
    (tmp_path / "password").chmod(0o600)
    variable = "BOOTSTRAP_PASSWORD_FILE" if in_file else "BOOTSTRAP_PASSWORD"
    value = str(tmp_path / "password") if in_file else password
    with at_terminal({"BOOTSTRAP_USERNAME": name, variable: value}) as shown:
        banner = shown[shown.index("Keyturn listens at ") :]
        export = f"export KEYTURN_{variable}={shlex.quote(value)}"
        me, _ = _pasted([export, *_commands(banner)], tmp_path)
        assert isinstance(me, dict)
        assert me["scope"] == "account keyturn:admin"
        assert re.search(rf"Sign in +username {re.escape(name)}, with the password .*KEYTURN_{variable}\n", banner)
        assert "There is no user" not in banner
    assert password not in shown

"""``--json``: the results and the faults of every command."""

import io
import json
import sys
from pathlib import Path
from typing import Any, Final

import bcrypt
import pytest

from app import VERSION
from app.adapters.keys.directory import create_key_file
from app.cli import main
from app.cli.declared import COMMANDS
from app.domain import base64url
from tests.system.processes import running

from .users_command import PASSWORD

_MAY: Final = ("--grant", "client_credentials", "--audience", "stock")
_LINE: Final = json.dumps({"username": "bob", "password_hash": bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()})

_RUNS: Final[list[tuple[str, list[str], set[str]]]] = [
    ("database upgrade", [], {"upgraded"}),
    ("doctor", [], {"check", "level", "text"}),
    ("users add", ["alice"], {"sub", "username", "scope", "disabled"}),
    ("users list", [], {"sub", "username", "scope", "disabled"}),
    ("users disable", ["alice"], {"sub", "username", "scope", "disabled"}),
    ("users enable", ["alice"], {"sub", "username", "scope", "disabled"}),
    ("users set-password", ["alice"], {"sub", "username", "scope", "disabled"}),
    ("users set-scope", ["alice", "account orders:read"], {"sub", "username", "scope", "disabled"}),
    ("users import", ["users.jsonl"], {"sub", "username", "scope", "disabled"}),
    ("sessions list", ["alice"], set()),
    ("sessions end", ["--user", "alice"], {"ended_all"}),
    ("sessions explain", [22 * "A"], {"error"}),
    ("users delete", ["alice"], {"deleted", "username"}),
    ("clients add", ["orders", *_MAY], {"client_id", "client_secret"}),
    ("clients list", [], {"client_id"}),
    ("clients rotate-secret", ["orders"], {"client_id", "client_secret"}),
    ("clients remove", ["orders"], {"removed"}),
    ("keys encryption-key", [], {"key"}),
    ("keys generate", ["more-keys"], {"file", "activates_at"}),
    ("keys rotate", [], {"kid", "state", "published_at", "activates_at", "gone_at"}),
    ("keys list", [], {"kid", "state", "published_at", "activates_at", "gone_at"}),
    ("keys import", ["mine.pem"], {"kid", "state"}),
    ("keys retire", ["nobody"], {"error"}),
    ("keys compromised", ["nobody"], {"error"}),
    ("keys export-public", [], {"keys"}),
    ("keys reencrypt", [], {"reencrypted"}),
]
"""Commands in this order, their arguments, and members of every object that they print."""


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_command_prints_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each result on standard output is an object on a line, and each fault on standard error is one with ``error``."""
    monkeypatch.chdir(tmp_path)
    Path("users.jsonl").write_text(_LINE)
    create_key_file(tmp_path / "mine", bits=2048, passphrase=None, activates_at=0).rename("mine.pem")
    settings = {
        "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYTURN_KEY_ENCRYPTION_KEY": base64url.encode(bytes(32)),
        "KEYTURN_PASSWORD_HASH_MEMORY": "8192",
        "KEYTURN_PORT": "0",
    }
    assert {name for name, _, _ in _RUNS} == {each.name for each in COMMANDS} - {"serve"}
    for name, arguments, members in _RUNS:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))
        status = main([*name.split(), *arguments, "--json"], settings)
        printed = capsys.readouterr()
        results, faults = _objects(printed.out), _objects(printed.err)
        assert all(each.keys() == {"error"} for each in faults), name
        assert (status, len(faults)) == ((1, 1) if "error" in members else (0, 0)), (name, printed)
        assert all(each.keys() >= members for each in results), (name, printed)
        assert bool(results) == bool(members - {"error"}), name


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        ([], 2, "keyturn: the following arguments are required: COMMAND"),
        (["sing"], 2, "keyturn: argument COMMAND: invalid choice: 'sing'"),
        (["users", "add"], 2, "keyturn users add: the following arguments are required: USERNAME"),
        (["keys", "rotate", "--at", "noon"], 2, "keyturn keys rotate: argument --at: 'noon' is not a time"),
        (["users", "list"], 1, "Users in memory exist in one process only"),
    ],
)
def test_faults_are_json(arguments: list[str], status: int, error: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid command line and a failed command print one object on standard error, and no result."""
    assert main([*arguments, "--json"], {}) == status
    printed = capsys.readouterr()
    [fault] = _objects(printed.err)
    assert fault.keys() == {"error"}
    assert fault["error"].startswith(error)
    assert printed.out == ""


def test_faults_of_settings_are_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Several invalid settings are several lines of one ``error``."""
    assert main(["users", "list", "--json"], {"KEYTURN_PORT": "x", "KEYTURN_LOG_LEVEL": "loud"}) == 1
    [fault] = _objects(capsys.readouterr().err)
    assert len(fault["error"].splitlines()) == 2


def test_lines_that_an_import_leaves_out_are_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line that was left out is an object with its number."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{{\n{_LINE}\n".encode())))
    assert main(["users", "import", "--json"], {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/k.db"}) == 1
    printed = capsys.readouterr()
    assert len(_objects(printed.out)) == 1
    assert [each.get("line") for each in _objects(printed.err)] == [1, None]


def test_an_argument_after_two_hyphens_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    """``-- --json`` is a name, and the fault is text."""
    assert main(["users", "disable", "--", "--json"], {}) == 1
    assert capsys.readouterr().err.startswith("Users in memory")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` prints name and version, and with ``--json`` an object."""
    assert main(["--version"], {}) == main(["--version", "--json"], {}) == 0
    assert capsys.readouterr().out.splitlines() == [f"keyturn {VERSION}", json.dumps({"version": VERSION})]


def test_serve_takes_host_and_port(tmp_path: Path) -> None:
    """The options replace the settings. With ``--json`` the address and the user to try are objects."""
    command = [sys.executable, "-m", "app", "serve", "--json", "--host", "127.0.0.1", "--port", "0"]
    settings = {"HOST": "192.0.2.1", "PORT": "1"}
    with running(tmp_path, settings, command=command, announcement=r'"url": "(\S+)"') as service:
        service.wait_for_output(r"(demo)")
        first, second = _objects((tmp_path / "output").read_text())
    assert first["url"] == f"http://127.0.0.1:{service.port}"
    assert second["demo"].keys() == {"username", "password"}

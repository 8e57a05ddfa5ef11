"""``keyturn users``."""

import io
import json
from collections.abc import Sequence

import pytest

from app.cli import main

from .users_command import PASSWORD, Users


class Terminal(io.StringIO):
    """A standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_users_are_added_and_listed(users: Users) -> None:
    """The list has the added users in the order of their names, with the printed ids."""
    for name, scope in (("bob", []), ("alice", ["--scope", "orders:read account"])):
        status, printed, _ = users.run("add", name, *scope)
        assert status == 0
        assert printed[0].startswith(f"Added {name}, whose id (sub) is ")
    status, listed, _ = users.run("list")
    assert status == 0
    assert [line.split("  ")[1:] for line in listed] == [["alice", "account orders:read"], ["bob", "account"]]


def test_json_output(users: Users) -> None:
    """With ``--json`` both commands print a user as the same JSON object on one line, without the hash."""
    _, added, _ = users.run("add", "alice", "--json")
    _, listed, _ = users.run("list", "--json")
    assert added == listed
    assert json.loads(added[0]).keys() == {"sub", "username", "scope", "disabled"}


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (["alice"], f"{PASSWORD}\n", "There is a user 'alice' already."),
        (["bob"], "\n", "The password must have 8 to 128 characters."),
        (["bob"], "", "The password must have 8 to 128 characters."),
        ([""], f"{PASSWORD}\n", "The username must have 1 to 255 characters."),
        (["bob\x07"], f"{PASSWORD}\n", "The username must be text without control characters."),
        (["bob", "--scope", "a  b"], f"{PASSWORD}\n", "The scope must be scope tokens"),
    ],
)
def test_invalid_users_are_refused(users: Users, arguments: Sequence[str], typed: str, message: str) -> None:
    """One line names the fault; nobody is added, and the password is not shown."""
    users.run("add", "alice")
    status, printed, error = users.run("add", *arguments, typed=typed)
    assert (status, printed) == (1, [])
    assert error.startswith(message)
    assert PASSWORD not in error
    assert len(users.run("list")[1]) == 1


def test_the_database_holds_a_hash(users: Users) -> None:
    """The database has an Argon2id hash, and the password is nowhere in the file."""
    users.run("add", "alice")
    stored = b"".join(each.read_bytes() for each in users.database.parent.glob("keyturn.db*"))
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored


def test_a_prompt_asks_twice(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal the password is asked for twice; if the two differ, nobody is added."""
    typed = iter(["one password", "another password"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    users.stdin = Terminal
    status, _, error = users.run("add", "alice")
    assert status == 1
    assert error == "The two passwords differ; nothing was changed.\n"
    assert users.run("list")[1] == []


def test_a_memory_database_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database the command fails, and says which setting to give."""
    assert main(["users", "list"], {}) == 1
    assert "set KEYTURN_DATABASE_URL" in capsys.readouterr().err


def test_control_characters_of_a_name_are_escaped(users: Users) -> None:
    """Characters that act on a terminal or end a line are printed as escapes."""
    users.run("add", "al\u2028ice\u202e")
    _, (line,), _ = users.run("list")
    assert "'al\\u2028ice\\u202e'" in line

"""``keyturn users``."""

import io
import json
from collections.abc import Sequence

import pytest

from app.cli import main

from .users_command import PASSWORD, Users


class Terminal(io.StringIO):
    """A standard input at which somebody sits."""

    def isatty(self) -> bool:
        return True


def test_users_are_added_and_listed(users: Users) -> None:
    """Whoever was added is on the list, in the order of names, with the id that was told."""
    for name, scope in (("bob", []), ("alice", ["--scope", "orders:read account"])):
        status, said, _ = users.run("add", name, *scope)
        assert status == 0
        assert said[0].startswith(f"Added {name}, whose id (sub) is ")
    status, listed, _ = users.run("list")
    assert status == 0
    assert [line.split("  ")[1:] for line in listed] == [["alice", "account orders:read"], ["bob", "account"]]


def test_programs_read_json(users: Users) -> None:
    """With ``--json`` each user is an object on a line, the same from both commands, and no hash is in it."""
    _, added, _ = users.run("add", "alice", "--json")
    _, listed, _ = users.run("list", "--json")
    assert added == listed
    assert json.loads(added[0]).keys() == {"sub", "username", "scope", "disabled"}


@pytest.mark.parametrize(
    ("arguments", "typed", "complaint"),
    [
        (["alice"], f"{PASSWORD}\n", "There is a user 'alice' already."),
        (["bob"], "\n", "The password must have 8 to 128 characters."),
        (["bob"], "", "The password must have 8 to 128 characters."),
        ([""], f"{PASSWORD}\n", "The username must have 1 to 255 characters."),
        (["bob\x07"], f"{PASSWORD}\n", "The username must be text without control characters."),
        (["bob", "--scope", "a  b"], f"{PASSWORD}\n", "The scope must be scope tokens"),
    ],
)
def test_what_is_refused_is_said(users: Users, arguments: Sequence[str], typed: str, complaint: str) -> None:
    """What cannot be added is named in one line, nobody is added, and the password is not shown."""
    users.run("add", "alice")
    status, said, error = users.run("add", *arguments, typed=typed)
    assert (status, said) == (1, [])
    assert error.startswith(complaint)
    assert PASSWORD not in error
    assert len(users.run("list")[1]) == 1


def test_the_database_holds_a_hash(users: Users) -> None:
    """The password itself is nowhere in the file."""
    users.run("add", "alice")
    stored = b"".join(each.read_bytes() for each in users.database.parent.glob("keyturn.db*"))
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored


def test_a_prompt_asks_twice(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal the password is typed blind, and two that differ add nobody."""
    typed = iter(["one password", "another password"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    users.stdin = Terminal
    status, _, error = users.run("add", "alice")
    assert status == 1
    assert error == "The two passwords differ; nothing was changed.\n"
    assert users.run("list")[1] == []


def test_memory_keeps_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database there is nowhere to add to, and the mend is said."""
    assert main(["users", "list"], {}) == 1
    assert "set KEYTURN_DATABASE_URL" in capsys.readouterr().err


def test_a_name_cannot_command_the_terminal(users: Users) -> None:
    """Characters that a terminal acts on, or that end a line, are shown as escapes."""
    users.run("add", "al\u2028ice\u202e")
    _, (line,), _ = users.run("list")
    assert "'al\\u2028ice\\u202e'" in line

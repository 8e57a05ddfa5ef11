"""``keyturn users``."""

import io
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from app.cli import main

from .users_command import PASSWORD, Users


class Terminal(io.TextIOWrapper):
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
        (
            ["bob\x07"],
            f"{PASSWORD}\n",
            "The username must not have U+0007 at position 4, a control character; leave it out.\n",
        ),
        (["bob "], f"{PASSWORD}\n", "The username must not have U+0020 (SPACE) at position 4; remove spaces"),
        ([".."], f"{PASSWORD}\n", "The username must not be . or .."),
        (["b\udcff"], f"{PASSWORD}\n", "The username must not have U+DCFF at position 2, half of a surrogate pair"),
        (["bob"], b"\xe9 correct horse\n", "The first line of standard input is not text in UTF-8."),
        (["bob", "--scope", "a  b"], f"{PASSWORD}\n", "The scope must be scope tokens"),
    ],
)
def test_invalid_users_are_refused(users: Users, arguments: Sequence[str], typed: str | bytes, message: str) -> None:
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
    users.run("add", "alice")
    users.rename("alice", "al\u2028ice\u202e\x1b[31m")
    _, (line,), _ = users.run("list")
    assert "'al\\u2028ice\\u202e\\x1b[31m'" in line
    assert users.run("disable", "al\u2028ice\u202e\x1b[31m")[1] == [
        "Disabled 'al\\u2028ice\\u202e\\x1b[31m'; all their sessions have ended."
    ]


@pytest.mark.parametrize("name", ["alice ", " alice", "..", "ali\u3164ce", "ali\u00a0ce"])
def test_names_of_older_versions_are_quoted(users: Users, name: str) -> None:
    """A name that no new user could have still works, and is printed so that its odd characters show."""
    users.run("add", "alice")
    users.rename("alice", name)
    shown = repr(name) if name.isascii() else ascii(name)
    assert users.run("list")[1][0].split("  ", 1)[1].startswith(f"{shown}  account")
    assert users.run("disable", name)[1] == [f"Disabled {shown}; all their sessions have ended."]
    assert json.loads(users.run("list", "--json")[1][0])["username"] == name


@pytest.mark.parametrize("name", ["-bob", f"-{'b' * 21}", f"-{'b' * 42}"])
def test_a_name_may_begin_with_a_hyphen(users: Users, name: str) -> None:
    """It is given after ``--``, also where it has the length of a session's or key's id."""
    assert users.run("add", "--", name)[1][0].startswith(f"Added {name}, ")
    assert users.run("disable", "--", name)[1] == [f"Disabled {name}; all their sessions have ended."]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_are_printed_in_every_terminal(users: Users, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Letters that the encoding of the terminal lacks are escaped. The command does not fail in the middle."""
    users.run("add", "\u5ba2 caf\u00e9")
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=True))
    assert users.run("list")[0] == 0
    assert "\u5ba2 caf\u00e9".encode(encoding, "backslashreplace") in raw.getvalue()


@pytest.mark.parametrize(
    "typed", [b"\xef\xbb\xbfsoft ca\xcc\x81ke\r\n", "soft c\u00e1ke"], ids=["BOM and CRLF", "plain"]
)
def test_a_password_is_read_as_utf_8(users: Users, typed: str | bytes) -> None:
    """The encoding of the terminal, a byte order mark and the line end make no difference."""
    users.run("add", "alice", typed=typed)
    with closing(sqlite3.connect(users.database)) as database:
        ((hashed,),) = database.execute("SELECT password_hash FROM users").fetchall()
    Argon2id.verify_phc_encoded("soft c\u00e1ke".encode(), hashed)

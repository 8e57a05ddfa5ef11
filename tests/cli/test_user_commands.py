"""``keyturn users disable | enable | set-password | import``."""

import json
from collections.abc import Sequence
from pathlib import Path

import bcrypt
import pytest

from .users_command import PASSWORD, Users

NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()


def test_a_user_is_disabled_and_enabled(users: Users) -> None:
    """The list shows it, and a program reads the same."""
    users.run("add", "alice")
    assert users.run("disable", "alice")[1] == ["Disabled alice; all their sessions have ended."]
    assert users.run("list")[1][0].endswith("  disabled")
    status, said, _ = users.run("enable", "alice", "--json")
    assert (status, json.loads(said[0])["disabled"]) == (0, False)
    assert users.run("list", "--json")[1] == said


def test_a_password_is_set(users: Users) -> None:
    """It is read as by add, shown nowhere, and another hash is stored."""
    users.run("add", "alice")
    before = users.database.read_bytes()
    status, said, error = users.run("set-password", "alice", typed=f"{NEW_PASSWORD}\n")
    assert (status, said, error) == (0, ["Set the password of alice; all their sessions have ended."], "")
    stored = b"".join(each.read_bytes() for each in users.database.parent.glob("keyturn.db*"))
    assert stored != before
    assert NEW_PASSWORD.encode() not in stored


@pytest.mark.parametrize("command", ["disable", "enable", "set-password"])
def test_who_is_not_there_is_said(users: Users, command: str) -> None:
    """With the mend."""
    status, said, error = users.run(command, "nobody", typed=f"{NEW_PASSWORD}\n")
    assert (status, said) == (1, [])
    assert error == "There is no user 'nobody'; users list shows who is there.\n"


def test_a_bad_password_is_not_set(users: Users) -> None:
    """The fault is named, the password is not shown."""
    users.run("add", "alice")
    status, _, error = users.run("set-password", "alice", typed="password1\n")
    assert status == 1
    assert error.startswith("The password is one of the passwords that everybody tries first")
    assert "password1" not in error


def test_users_are_imported(users: Users, tmp_path: Path) -> None:
    """From a file or from standard input, with their hashes; the same file again adds nobody."""
    lines = [
        json.dumps({"username": "alice", "password_hash": BCRYPT}),
        "",
        json.dumps({"username": "bob", "password_hash": BCRYPT, "scope": "orders:read", "disabled": True}),
    ]
    file = tmp_path / "users.jsonl"
    file.write_text("\n".join(lines))
    status, said, _ = users.run("import", str(file))
    assert (status, len(said)) == (0, 2)
    assert users.run("list")[1] == said
    status, said, error = users.run("import", typed="\n".join(lines))
    assert (status, said) == (0, [])
    assert error.splitlines() == [
        "Line 1: this user is there already, and stays as they are",
        "Line 3: this user is there already, and stays as they are",
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "this is not JSON"),
        ("[]", "this is not an object with username and password_hash"),
        ('{"username": "bob"}', "this is not an object with username and password_hash"),
        (f'{{"username": 1, "password_hash": "{BCRYPT}"}}', 'the member "username" is not known, or of another type'),
        (
            f'{{"username": "bob", "password_hash": "{BCRYPT}", "email": "b@example"}}',
            'the member "email" is not known, or of another type',
        ),
        ('{"username": "bob", "password_hash": "md5"}', "password_hash must be an Argon2id or bcrypt hash"),
        (
            f'{{"username": "b\\u0007", "password_hash": "{BCRYPT}"}}',
            "username must be text without control characters",
        ),
        (
            f'{{"username": "bob", "password_hash": "{BCRYPT}", "scope": "a  b"}}',
            "scope must be scope tokens parted by single spaces",
        ),
    ],
)
def test_a_bad_line_is_left_out_alone(users: Users, line: str, complaint: str) -> None:
    """It is named by its number with the fault, without the hash, and the others are taken."""
    good = json.dumps({"username": "alice", "password_hash": BCRYPT})
    status, said, error = users.run("import", typed=f"{line}\n{good}\n")
    assert (status, len(said)) == (1, 1)
    first, last = error.splitlines()
    assert first.startswith(f"Line 1: {complaint}")
    assert last == "1 line was left out."
    assert BCRYPT not in error


def test_a_file_that_is_not_there_is_said(users: Users) -> None:
    """In one line."""
    status, said, error = users.run("import", "/nowhere/users.jsonl")
    nothing: Sequence[str] = []
    assert (status, said) == (1, nothing)
    assert error == "/nowhere/users.jsonl cannot be read: No such file or directory.\n"

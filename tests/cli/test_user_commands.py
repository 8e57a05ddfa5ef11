"""``keyturn users disable | enable | set-password | import``."""

import json
from collections.abc import Sequence
from pathlib import Path

import bcrypt
import pytest

from .users_command import PASSWORD, Users

NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's
ARGON2 = "$argon2id$v=19$m={m},t={t},p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), b"$2b$04$abcdefghijklmnopqrstuu").decode()


def test_a_user_is_disabled_and_enabled(users: Users) -> None:
    """The list shows the new state, as text and as JSON."""
    users.run("add", "alice")
    assert users.run("disable", "alice")[1] == ["Disabled alice; all their sessions have ended."]
    assert users.run("list")[1][0].endswith("  disabled")
    status, printed, _ = users.run("enable", "alice", "--json")
    assert (status, json.loads(printed[0])["disabled"]) == (0, False)
    assert users.run("list", "--json")[1] == printed


def test_set_password(users: Users) -> None:
    """The new password is read as by ``add``; the output does not show it, and the stored hash changes."""
    users.run("add", "alice")
    before = users.database.read_bytes()
    status, printed, error = users.run("set-password", "alice", typed=f"{NEW_PASSWORD}\n")
    assert (status, printed, error) == (0, ["Set the password of alice; all their sessions have ended."], "")
    stored = b"".join(each.read_bytes() for each in users.database.parent.glob("keyturn.db*"))
    assert stored != before
    assert NEW_PASSWORD.encode() not in stored


@pytest.mark.parametrize("command", ["disable", "enable", "set-password"])
def test_an_unknown_user_is_reported(users: Users, command: str) -> None:
    """The error says how to list the users."""
    users.run("add", "alice")
    status, printed, error = users.run(command, "nobody", typed=f"{NEW_PASSWORD}\n")
    assert (status, printed) == (1, [])
    assert error == "There is no user 'nobody'; users list shows all users.\n"


@pytest.mark.parametrize(
    ("wrong", "suggestion"),
    [("Alice", "'alice'"), ("ali\u200bce", "'alice'"), ("alice ", "'alice'"), ("BOB", "'Bob' or 'bob'")],
)
def test_similar_names_are_suggested(users: Users, wrong: str, suggestion: str) -> None:
    """The error says that names must match exactly, and gives the names that were perhaps meant."""
    for name in ("alice", "bob", "Bob"):
        users.run("add", name)
    status, printed, error = users.run("disable", wrong)
    assert (status, printed) == (1, [])
    shown = ascii(wrong)
    rule = "Names must match exactly, in upper and lower case, too."
    assert error == f"There is no user {shown}. {rule} Did you mean {suggestion}?\n"


def test_an_old_line_is_imported_again(users: Users) -> None:
    """A name that an older version accepted is reported as taken, not as invalid."""
    users.run("add", "alice")
    users.rename("alice", "alice ")
    line = json.dumps({"username": "alice ", "password_hash": BCRYPT})
    status, _, error = users.run("import", typed=line)
    assert (status, error) == (0, "Line 1: this user exists already and is not changed\n")


def test_the_import_is_read_as_utf_8(users: Users) -> None:
    """The encoding of the terminal and a byte order mark make no difference; other encodings are reported by line."""
    line = json.dumps({"username": "caf\u00e9", "password_hash": BCRYPT}, ensure_ascii=False)
    status, printed, _ = users.run("import", typed=b"\xef\xbb\xbf" + line.encode() + b"\r\n")
    assert (status, printed[0].split("  ")[1]) == (0, "caf\u00e9")
    status, _, error = users.run("import", typed=line.encode("latin-1"))
    assert (status, error) == (1, "Line 1: this is not JSON in UTF-8\n1 line was left out.\n")


def test_files_with_byte_order_marks_are_imported_together(users: Users) -> None:
    """A mark before a later line, as in several files that were put together, hides nobody. Bad bytes, UTF-16 and NUL
    cost only their own lines.
    """
    lines = [json.dumps({"username": name, "password_hash": BCRYPT}).encode() for name in ("ann", "bob", "cy", "dan")]
    odd = lines[2].replace(b"cy", b"c\xff"), lines[2].decode().encode("utf-16"), lines[2].replace(b"cy", b"c\0"), b"\0"
    typed = b"\n".join([b"\xef\xbb\xbf" + lines[0], b"\xef\xbb\xbf" + lines[1], *odd, lines[3]])
    status, printed, error = users.run("import", typed=typed)
    assert [line.split("  ")[1] for line in printed] == ["ann", "bob", "dan"]
    assert status == 1
    assert error.splitlines()[:-1] == [f"Line {number}: this is not JSON in UTF-8" for number in (3, 4, 5, 6)]


def test_a_bad_password_is_not_set(users: Users) -> None:
    """The error names the fault and does not show the password."""
    users.run("add", "alice")
    status, _, error = users.run("set-password", "alice", typed="password1\n")
    assert status == 1
    assert error.startswith("The password is one of the passwords that everybody tries first")
    assert "password1" not in error


def test_users_are_imported(users: Users, tmp_path: Path) -> None:
    """Users are read from a file or standard input, with their hashes; a second import adds nobody."""
    lines = [
        json.dumps({"username": "alice", "password_hash": BCRYPT}),
        "",
        json.dumps({"username": "bob", "password_hash": BCRYPT, "scope": "orders:read", "disabled": True}),
    ]
    file = tmp_path / "users.jsonl"
    file.write_text("\n".join(lines))
    status, printed, _ = users.run("import", str(file))
    assert (status, len(printed)) == (0, 2)
    assert users.run("list")[1] == printed
    status, printed, error = users.run("import", typed="\n".join(lines))
    assert (status, printed) == (0, [])
    assert error.splitlines() == [
        "Line 1: this user exists already and is not changed",
        "Line 3: this user exists already and is not changed",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "this is not JSON"),
        ("[]", "this is not an object with username and password_hash"),
        ('{"username": "bob"}', "this is not an object with username and password_hash"),
        (f'{{"username": 1, "password_hash": "{BCRYPT}"}}', 'the member "username" is not known, or of another type'),
        (
            f'{{"username": "bob", "password_hash": "{BCRYPT}", "email": "b@example"}}',
            'the member "email" is not known, or of another type',
        ),
        ('{"username": "bob", "password_hash": "md5"}', "password_hash must be an Argon2id hash"),
        (
            f'{{"username": "bob", "password_hash": "{BCRYPT.replace("$04$", "$03$")}"}}',
            "password_hash has the cost 3; it must be from 4 to 14",
        ),
        (
            f'{{"username": "bob", "password_hash": "{ARGON2.format(m=0, t=1)}"}}',
            "password_hash has m=0; it must be from 8 to 131072 KiB",
        ),
        (
            f'{{"username": "bob", "password_hash": "{ARGON2.format(m=131_073, t=1)}"}}',
            "password_hash has m=131073; it must be from 8 to 131072 KiB",
        ),
        (
            f'{{"username": "bob", "password_hash": "{ARGON2.format(m=8, t=0)}"}}',
            "password_hash has t=0; it must be from 1 to 10",
        ),
        (
            f'{{"username": "b\\u0007", "password_hash": "{BCRYPT}"}}',
            "username must not have U+0007 at position 2, a control character; leave it out",
        ),
        (
            f'{{"username": "bob", "password_hash": "{BCRYPT}", "scope": "a  b"}}',
            "scope must be scope tokens separated by single spaces",
        ),
    ],
)
def test_only_the_invalid_line_is_left_out(users: Users, line: str, message: str) -> None:
    """The error names the number and the fault of the line, without the hash; the other lines are imported."""
    good = json.dumps({"username": "alice", "password_hash": BCRYPT})
    status, printed, error = users.run("import", typed=f"{line}\n{good}\n")
    assert (status, len(printed)) == (1, 1)
    first, last = error.splitlines()
    assert first.startswith(f"Line 1: {message}")
    assert last == "1 line was left out."
    assert BCRYPT not in error


def test_a_missing_file_is_reported(users: Users) -> None:
    """One line names the missing file."""
    status, printed, error = users.run("import", "/nowhere/users.jsonl")
    nothing: Sequence[str] = []
    assert (status, printed) == (1, nothing)
    assert error == "/nowhere/users.jsonl cannot be read: No such file or directory.\n"

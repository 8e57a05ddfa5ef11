"""``keyturn clients``."""

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.cli import main


class Clients:
    """Runs the commands on one database."""

    def __init__(self, database: Path, captured: pytest.CaptureFixture[str]) -> None:
        self._environment = {"KEYTURN_DATABASE_URL": f"sqlite:///{database}"}
        self._captured = captured
        self.database = database

    def run(self, *arguments: str) -> tuple[int, Sequence[str], str]:
        """Run a command; return its exit status, printed lines and standard error."""
        status = main(["clients", *arguments], self._environment)
        printed = self._captured.readouterr()
        return status, printed.out.splitlines(), printed.err


@pytest.fixture
def clients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Clients:
    """Return the commands on a new database."""
    return Clients(tmp_path / "keyturn.db", capsys)


MAY = ("--grant", "client_credentials", "--audience", "stock", "--scope", "stock:read")


def test_clients_are_added_listed_and_removed(clients: Clients) -> None:
    """The list has the clients in the order of their ids, with their rights."""
    for client_id, may in (("orders", MAY), ("app", ["--public"])):
        status, printed, notes = clients.run("add", client_id, *may)
        assert status == 0
        assert [*notes.splitlines(), *printed][0].startswith(f"Added {client_id}  ")
    assert clients.run("list")[1] == [
        "app  authentication=none  grants=refresh_token",
        "orders  authentication=client_secret  grants=client_credentials  scope=stock:read  audiences=stock",
    ]
    assert clients.run("remove", "app")[:2] == (0, ["Removed app."])
    assert len(clients.run("list")[1]) == 1


def test_json_output(clients: Clients) -> None:
    """Each client is a JSON object on one line; only the commands that make a secret print it."""
    added = json.loads(clients.run("add", "orders", *MAY, "--json")[1][0])
    listed = json.loads(clients.run("list", "--json")[1][0])
    rotated = json.loads(clients.run("rotate-secret", "orders", "--grace", "24h", "--json")[1][0])
    secrets = {each.pop("client_secret") for each in (added, rotated)}
    assert len(secrets) == 2
    assert added == listed == rotated
    assert clients.run("remove", "orders", "--json")[1] == ['{"removed": "orders"}']


def test_each_change_is_audited(clients: Clients) -> None:
    """Each change is an audit record in the database; it names nobody, because the command line has no subject."""
    for arguments in (("add", "orders", *MAY), ("rotate-secret", "orders"), ("remove", "orders")):
        assert clients.run(*arguments)[0] == 0
    with closing(sqlite3.connect(clients.database)) as database:
        kept = database.execute("SELECT name, client_id, details FROM audit_events ORDER BY at").fetchall()
    assert kept == [
        (name, "orders", '{"by": null}') for name in ("client_added", "client_secret_rotated", "client_removed")
    ]


def test_the_secret_is_printed_once_and_not_stored(clients: Clients) -> None:
    """Without a terminal the secret is alone on standard output, for a variable; the database has its digest."""
    assert clients.run("add", "orders", *MAY)[0] == 0
    status, [secret], notes = clients.run("rotate-secret", "orders")
    assert (status, len(secret)) == (0, 43)
    first, second = notes.splitlines()
    assert first.startswith("Renewed orders  authentication=client_secret")
    assert second == "Its secret, which is not shown again, is on standard output."
    assert secret not in "".join(clients.run("list")[1])
    stored = b"".join(each.read_bytes() for each in clients.database.parent.glob("keyturn.db*"))
    assert b"orders" in stored
    assert secret.encode() not in stored


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "orders", *MAY], "There is a client orders already."),
        (["add", "first-party", *MAY], "There is a client first-party already."),
        (["add", "a b", *MAY], "client_id must not have U+0020 (SPACE) at position 2; use letters"),
        (["add", "..", *MAY], "client_id must not be . or .."),
        (["add", "orders\n", *MAY], "client_id must not have U+000A at position 7, a control character; leave it out."),
        (["add", "robot"], "grants must be refresh_token, client_credentials or both"),
        (["add", "robot", "--grant", "client_credentials"], "audiences must be"),
        (["add", "app", "--public", *MAY], "grants must be"),
        (["add", "app", "--public", "--jwks", "x"], "--public and --jwks: give one of them only."),
        (["add", "signer", "--jwks", "missing.json", *MAY], "missing.json cannot be read: No such file or directory."),
        (["rotate-secret", "unknown"], "There is no registered client 'unknown'."),
        (["rotate-secret", "first-party"], "The client has no secret."),
        (["remove", "unknown"], "There is no registered client 'unknown'."),
        (["remove", "first-party"], "There is no registered client 'first-party'."),
    ],
)
def test_invalid_commands_are_refused(clients: Clients, arguments: Sequence[str], message: str) -> None:
    """An invalid command prints one line with the fault, and changes nothing."""
    clients.run("add", "orders", *MAY)
    status, printed, error = clients.run(*arguments)
    assert (status, printed) == (1, [])
    assert error.startswith(message)
    assert len(clients.run("list")[1]) == 1


def test_a_client_id_may_begin_with_a_hyphen(clients: Clients) -> None:
    """It is given after ``--``, also where it has the length of a key's id."""
    for client_id in ("-robot", f"-{'r' * 42}"):
        assert clients.run("add", *MAY, "--", client_id)[2].startswith(f"Added {client_id}  ")
        assert clients.run("remove", "--", client_id)[1] == [f"Removed {client_id}."]


def test_the_file_of_keys_must_be_a_jwk_set(clients: Clients, tmp_path: Path) -> None:
    """A file that is no JWK Set of public keys is refused."""
    path = tmp_path / "jwks.json"
    long = json.dumps({"keys": [], "comment": "c" * 65_536})
    for content, message in (
        ("{", "is not JSON, or is ambiguous."),
        ('{"keys": []}', "jwks must be a JWK Set"),
        (long, "jwks must have at most 65,536 characters as JSON"),
    ):
        path.write_text(content)
        status, _, error = clients.run("add", "signer", "--jwks", str(path), *MAY)
        assert status == 1
        assert message in error


def test_a_memory_database_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a database the command fails, and says which setting to give."""
    assert main(["clients", "list"], {}) == 1
    assert "set KEYTURN_DATABASE_URL" in capsys.readouterr().err


def test_client_whose_tokens_would_be_refused_is_not_added(clients: Clients) -> None:
    """The error says by how many bytes the longest token is too long. Without them, the client is added."""

    def add(last: int) -> tuple[int, str]:
        audiences = [f"https://{number:02}.example/".ljust(255, "x") for number in range(17)] + ["y" * last]
        may = [argument for audience in audiences for argument in ("--audience", audience)]
        status, _, error = clients.run("add", "orders", "--grant", "client_credentials", "--scope", "x" * 900, *may)
        return status, error

    status, error = add(255)
    assert status != 0
    found = re.search(r"audiences make the longest access token ([0-9,]+) bytes too long for a header; shorten", error)
    assert found is not None, error
    surplus = int(found[1].replace(",", ""))
    assert 0 < surplus < 255
    assert clients.run("list")[1] == []
    assert add(255 - surplus)[0] == 0

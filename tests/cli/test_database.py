"""``keyturn database``."""

import asyncio
from pathlib import Path

import pytest

from app.adapters.sql.store import SqlStore
from app.cli import main
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port


def test_it_makes_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After it a service can open the database; a second time it changes nothing and succeeds as well."""
    url = f"sqlite:///{tmp_path}/keyturn.db"
    for _ in range(2):
        assert main(["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 0
        assert "can serve" in capsys.readouterr().out


async def test_a_service_can_open_what_it_made(tmp_path: Path) -> None:
    """The schema is the one that the program asks for."""
    url = f"sqlite:///{tmp_path}/keyturn.db"
    assert await asyncio.to_thread(main, ["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 0
    store = SqlStore(url, StoreOptions())
    await store.open()
    await store.close()


def test_a_server_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Which one cannot be reached is said in a line, without its password."""
    url = f"postgresql://keyturn:secret-word@127.0.0.1:{free_port()}/keyturn"
    assert main(["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("PostgreSQL at 127.0.0.1 port ")
    assert complaint.count("\n") == 1
    assert "secret-word" not in complaint

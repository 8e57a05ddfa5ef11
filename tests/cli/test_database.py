"""``keyturn database``."""

import asyncio
from pathlib import Path

import pytest

from app.adapters.sql.store import SqlStore
from app.cli import main
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port


def test_the_schema_is_created(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command creates the schema; a second run changes nothing and succeeds too."""
    url = f"sqlite:///{tmp_path}/keyturn.db"
    for _ in range(2):
        assert main(["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 0
        assert "can be used" in capsys.readouterr().out


async def test_a_service_can_open_the_database(tmp_path: Path) -> None:
    """The service accepts the schema."""
    url = f"sqlite:///{tmp_path}/keyturn.db"
    assert await asyncio.to_thread(main, ["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 0
    store = SqlStore(url, StoreOptions())
    await store.open()
    await store.close()


def test_an_unreachable_server_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the server that cannot be reached, without its password."""
    url = f"postgresql://keyturn:secret-word@127.0.0.1:{free_port()}/keyturn"
    assert main(["database", "upgrade"], {"KEYTURN_DATABASE_URL": url}) == 1
    message = capsys.readouterr().err
    assert message.startswith("PostgreSQL at 127.0.0.1 port ")
    assert message.count("\n") == 1
    assert "secret-word" not in message

"""This version on databases that the previous version made. They are recorded, so the tests need no history of Git."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from app.domain import base64url
from tests.servers.postgres import PROGRAMS, running_postgres
from tests.system.backends import settings_with_key
from tests.system.clocked_instances import MovedClock
from tests.system.processes import running

from .client import Client, answered, ask
from .previous import COMMIT
from .record import RECORDED

_SETTINGS: Final = {"ISSUER": "http://127.0.0.1:8080"}
_SECONDS_LATER: Final = 30


def test_recorded_sqlite_file(tmp_path: Path) -> None:
    """Half a minute after the previous version stopped, this version replays and goes on with its session, refuses the
    ended one, and its user signs in. The session has all audiences of the service, also one that is new.
    """
    tokens = _tokens("sqlite")
    with closing(sqlite3.connect(tmp_path / "keyturn.db")) as database:
        database.executescript((RECORDED / "sqlite.sql").read_text())
    clock = MovedClock(tmp_path / "clock", ahead=tokens["recorded_at"] + _SECONDS_LATER - time.time())
    settings = {
        **settings_with_key(tmp_path),
        **_SETTINGS,
        "AUDIENCE": "keyturn,https://orders.example",
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
    }
    with running(tmp_path, settings, variables=clock.variables) as service:
        replayed = answered(service, "POST", "/auth/refresh", {"refresh_token": tokens["replaced"]})
        assert replayed["refresh_token"] == tokens["current"]
        rotated = answered(service, "POST", "/auth/refresh", {"refresh_token": tokens["current"]})
        assert rotated["refresh_token"] not in tokens.values()
        assert _audience(rotated) == ["keyturn", "https://orders.example"]
        chosen = {"refresh_token": rotated["refresh_token"], "resource": "https://orders.example"}
        assert _audience(answered(service, "POST", "/auth/refresh", chosen)) == "https://orders.example"
        assert ask(service, "POST", "/auth/refresh", {"refresh_token": tokens["ended"]})[0] == 401
        Client(service).refresh(service)


def test_recorded_postgresql_database(tmp_path: Path) -> None:
    """This version starts on the database of the previous one, refuses its ended session, and its user signs in."""
    tokens = _tokens("postgresql")
    with running_postgres(durable=False) as server:
        server.execute("CREATE DATABASE keyturn ENCODING 'UTF8' TEMPLATE template0")
        url = server.url("keyturn")
        load = [str(PROGRAMS / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={url}"]
        subprocess.run([*load, f"--file={RECORDED / 'postgresql.sql'}"], capture_output=True, check=True)
        with running(tmp_path, {**settings_with_key(tmp_path), **_SETTINGS, "DATABASE_URL": url}) as service:
            assert ask(service, "POST", "/auth/refresh", {"refresh_token": tokens["ended"]})[0] == 401
            Client(service).refresh(service)


def _audience(tokens: Mapping[str, Any]) -> Any:
    """Return the ``aud`` of the access token."""
    return json.loads(base64url.decode(tokens["access_token"].split(".")[1]))["aud"]


def _tokens(kind: str) -> dict[str, Any]:
    """Return the tokens of a recorded database. It is one of the previous version."""
    tokens: dict[str, Any] = json.loads((RECORDED / f"{kind}.json").read_text())
    assert tokens.pop("commit") == COMMIT
    return tokens

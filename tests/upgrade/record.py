"""Records databases that the previous version made: ``python -m tests.upgrade.record``.

They are small, and the tests of a clone without history read them. Record anew when ``previous.COMMIT`` changes.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.servers.postgres import PROGRAMS
from tests.system.backends import Backend, backend
from tests.system.processes import running

from .client import Client
from .previous import COMMIT, unpack

RECORDED: Final = Path(__file__).with_name("recorded")


def main() -> int:
    """Record a SQLite file and a PostgreSQL database, and the tokens of their sessions."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not unpack(folder / "tree"):
            sys.stderr.write(f"The history of this clone has no {COMMIT}.\n")
            return 1
        for kind in ("sqlite", "postgresql"):
            (folder / kind).mkdir()
            with backend(kind, folder / kind) as store:
                tokens = _use(store, folder)
                (RECORDED / f"{kind}.sql").write_text(_dump(store))
            (RECORDED / f"{kind}.json").write_text(json.dumps({"commit": COMMIT, **tokens}, indent=2) + "\n")
    return 0


def _use(store: Backend, folder: Path) -> dict[str, object]:
    """Let the previous version open two sessions, refresh both, and end one. Return the tokens."""
    with running(folder, {**store.settings, "ISSUER": "http://127.0.0.1:8080"}, directory=folder / "tree") as service:
        kept, ended = Client(service), Client(service)
        replaced = kept.tokens["refresh_token"]
        kept.refresh(service)
        ended.refresh(service)
        ended.sign_out(service)
        time.sleep(2)  # it keeps its audit events once a second
    tokens = {"replaced": replaced, "current": kept.tokens["refresh_token"], "ended": ended.tokens["refresh_token"]}
    return {"recorded_at": round(time.time()), **tokens}


def _dump(store: Backend) -> str:
    if store.kind == "sqlite":
        with closing(sqlite3.connect(store.files / "keyturn.db")) as database:
            [number] = database.execute("PRAGMA application_id").fetchone()
            [changes] = database.execute("PRAGMA user_version").fetchone()
            header = f"PRAGMA application_id={number};\nPRAGMA user_version={changes};\n"
            return header + "\n".join(database.iterdump()) + "\n"
    command = [str(PROGRAMS / "pg_dump"), "--no-owner", "--inserts", f"--dbname={store.settings['DATABASE_URL']}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())

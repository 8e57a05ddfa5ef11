"""The modes of the files that the service and its commands write: only their owner can read them."""

import logging
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.database_file import files_open_to_others
from app.adapters.sql.store import SqlStore
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.ports.session_store import StoreOptions

from .load import PASSWORD, USERNAME
from .processes import ROOT, SERVE, environment, run, running

UMASKS: Final = ["000", "022"]


def modes(folder: Path) -> dict[str, int]:
    """Return the mode of each file in ``folder``, without the output and the log of a test."""
    files = [each for each in folder.rglob("*") if each.is_file() and each.name not in ("output", "log")]
    return {each.relative_to(folder).as_posix(): each.stat().st_mode & 0o777 for each in files}


def with_umask(umask: str, *command: str | Path) -> tuple[str, ...]:
    """Return a command that runs ``command`` with a umask."""
    return ("/bin/sh", "-c", f"umask {umask} && exec {shlex.join(map(str, command))}")


@pytest.fixture
def no_umask() -> Iterator[None]:
    """Let this process create files with every mode that it asks for."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("umask", UMASKS)
def test_running_service_has_private_files(tmp_path: Path, umask: str) -> None:
    """The database, its log and its shared memory are private while the service runs, and so is a key."""
    keys = run(*with_umask(umask, *SERVE[:-1], "keys", "generate", tmp_path / "keys"), directory=ROOT)
    assert keys.returncode == 0, keys.stderr
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYS_DIR": str(tmp_path / "keys"),
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(tmp_path, settings, command=with_umask(umask, *SERVE)) as service:
        found = modes(tmp_path)
        assert {"keyturn.db", "keyturn.db-wal", "keyturn.db-shm", "keys/.lock"} <= found.keys()
        assert len(found) > 4
        assert set(found.values()) == {0o600}
        assert "open to other users" not in service.log()


@pytest.mark.parametrize("umask", UMASKS)
def test_command_creates_private_directories(tmp_path: Path, umask: str) -> None:
    """All directories that a command makes for a key are private: nobody else can put another directory there."""
    done = run(*with_umask(umask, *SERVE[:-1], "keys", "generate", tmp_path / "a/b/keys"))
    assert done.returncode == 0, done.stderr
    made = [tmp_path / each for each in ("a", "a/b", "a/b/keys")]
    assert [each.stat().st_mode & 0o777 for each in made] == [0o700] * 3
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize("umask", UMASKS)
def test_command_creates_private_database(tmp_path: Path, umask: str) -> None:
    """A command that creates the database creates it private."""
    variables = environment({"DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db"})
    done = run(*with_umask(umask, *SERVE[:-1], "database", "upgrade"), variables=variables)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o620, True)])
async def test_open_database_is_warned_about(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    mode: int,
    warned: bool,  # noqa: FBT001  # a case
) -> None:
    """A database that the group or everybody can access is named with the command to run."""
    await (await prepared(tmp_path)).close()
    file = tmp_path / "keyturn.db"
    file.chmod(mode)
    await (await prepared(tmp_path)).close()
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warnings == [f"the database is open to other users of this machine; run: chmod 600 {file}"] * warned


def test_files_beside_the_database_are_checked(tmp_path: Path) -> None:
    """The log and the shared memory of a database have the same contents, so they must be private too."""
    for end in ("", "-wal", "-shm", "-journal", "-other"):
        (tmp_path / f"keyturn.db{end}").touch(0o600)
    file = tmp_path / "keyturn.db"
    assert list(files_open_to_others(file)) == []
    for each in tmp_path.iterdir():
        each.chmod(0o640)
    named = [each.name for each in files_open_to_others(file)]
    assert named == ["keyturn.db", "keyturn.db-wal", "keyturn.db-shm", "keyturn.db-journal"]


async def test_sqlite_never_creates_the_file(tmp_path: Path, no_umask: None) -> None:
    """SQLite would create a file that everybody can read. So a file that disappears is not made anew."""
    store = await prepared(tmp_path)
    assert modes(tmp_path)["keyturn.db"] == 0o600
    (tmp_path / "keyturn.db").unlink()
    with pytest.raises(StoreUnavailable):
        await store.check()
    with pytest.raises(ConfigurationError, match="database upgrade"):
        await store.open()
    assert "keyturn.db" not in modes(tmp_path)
    await store.close()


@pytest.mark.parametrize("name", ["a b.db", "a%20b.db", "a?b.db", "a#b.db", "ä.db"])
async def test_any_file_name_is_opened(tmp_path: Path, name: str) -> None:
    """The file has exactly the name of the URL, also with characters that have a meaning in file URIs of SQLite."""
    store = await prepared(tmp_path, name.replace("%", "%25").replace("?", "%3F").replace("#", "%23"))
    await store.close()
    assert name in modes(tmp_path)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True), (0o606, True)])
def test_secret_file_of_everybody_is_warned_about(tmp_path: Path, mode: int, warned: bool) -> None:  # noqa: FBT001
    """If every user of the machine can access a file with a secret, the start names the file, and not the secret."""
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD)
    secret.chmod(mode)
    settings: Mapping[str, str] = {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD_FILE": str(secret)}
    with running(tmp_path, settings) as service:
        log = service.log()
    warning = (
        f"KEYTURN_BOOTSTRAP_PASSWORD_FILE: every user of this machine can access {secret}; run: chmod 600 {secret}"
    )
    assert (warning in log) is warned
    assert PASSWORD not in log


async def prepared(folder: Path, name: str = "keyturn.db") -> SqlStore:
    """Return a prepared store in a file of this name, which is encoded for a URL."""
    store = SqlStore(f"sqlite:///{folder}/{name}", StoreOptions(timeout=20.0, connections=3))
    await store.prepare()
    return store

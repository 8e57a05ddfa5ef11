"""The start with a store of another package that is at fault: one sentence, and exit status 1."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from app.adapters.keys.directory import create_key_file
from app.cli import main
from tests.system.processes import run

from .test_faults import faults

_URL: Final = "shelf://keyturn:hunter-two@127.0.0.1/sessions"

_STORE: Final = """
import asyncio
from app.domain.errors import ConfigurationError
from app.ports.session_store import SessionStore
from app.testing.sessions import FakeSessionRepository

class ShelfStore(SessionStore):
    def __init__(self, url, options):
        self.url = url
        self.sessions = FakeSessionRepository()

    async def prepare(self):
        ...

    async def open(self):
        ...

    async def check(self):
        ...

    async def await_revocation(self, *, seconds):
        await asyncio.sleep(seconds)

    async def close(self):
        ...
"""

_PART: Final = """
methods = {name: each for name, each in vars(FakeSessionRepository).items() if not name.startswith("__")}
del methods["advance"], methods["list_revocations"]
Shelf = type("Shelf", (), methods | {"__init__": lambda self: None})
"""

_BEGIN: Final = "KEYTURN_SESSION_URL: the store shelf:// of the package keyturn-shelf 0.1.0 "

_METADATA: Final = "Metadata-Version: 2.1\nVersion: 0.1.0\nProvides-Extra: fast\n"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a package whose module is ``keyturn_shelf``."""
    monkeypatch.syspath_prepend(tmp_path)

    def add(module: str, *, name: str = "shelf", package: str = "keyturn-shelf", value: str = "ShelfStore") -> None:
        (tmp_path / "keyturn_shelf.py").write_text(module)
        folder = tmp_path / f"{package.replace('-', '_')}-0.1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\nProvides-Extra: fast\n"
        )
        (folder / "entry_points.txt").write_text(f"[keyturn.stores]\n{name} = keyturn_shelf:{value}\n")

    yield add
    sys.modules.pop("keyturn_shelf", None)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs ``serve``, checks that it fails, and returns its only line."""
    monkeypatch.setattr("app.cli.serve.configure_logging", lambda *_: None)

    def serve(setting: str = "KEYTURN_SESSION_URL", url: str = _URL) -> str:
        assert main(["serve"], {"KEYTURN_PORT": "0", setting: url}) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "hunter-two" not in printed.err
        (line,) = printed.err.splitlines()
        return line

    return serve


def without(name: str) -> str:
    """Return the module with a store that lacks one method."""
    return _STORE.replace(f"async def {name}(", "async def another(")


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        (without("check"), "ShelfStore lacks check of SessionStore."),
        (without("close").replace("(SessionStore)", ""), "ShelfStore lacks close of SessionStore."),
        (
            without("check").replace("self.sessions =", "sessions ="),
            (
                "ShelfStore lacks check of SessionStore; ShelfStore lacks sessions of SessionStore,"
                " which its constructor must set."
            ),
        ),
        (
            _STORE.replace("FakeSessionRepository()", "Shelf()") + _PART,
            "Shelf lacks advance and list_revocations of SessionRepository.",
        ),
        (
            _STORE.replace("*, seconds", ""),
            "ShelfStore.await_revocation does not take the arguments of SessionStore.await_revocation.",
        ),
        (
            _STORE.replace("        self.url", "        self.sweeper = self.rate_limits = object()\n        self.url"),
            (
                "object lacks delete_ended, erase_replaced and revoke_cut_off of SessionSweeper; object lacks "
                "delete_full, give_back, reset and take of RateLimitRepository."
            ),
        ),
    ],
    ids=["inherited method", "method", "repository", "methods of a repository", "argument", "optional repositories"],
)
def test_what_the_store_lacks_is_named(install: Install, start: Callable[..., str], module: str, fault: str) -> None:
    """The line names each member that the port requires and the store lacks, also one inherited from the port."""
    install(module)
    assert start() == f"{_BEGIN}does not serve version 1 of the ports: {fault}"


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        (
            "import lmdb_of_nobody",
            (
                "needs the module lmdb_of_nobody, which is not installed; install what the"
                " documentation of keyturn-shelf says, perhaps with one of its extras: fast."
            ),
        ),
        (
            "raise ImportError('Run pip install keyturn-shelf[fast].')",
            "cannot be imported: Run pip install keyturn-shelf[fast].",
        ),
        ("import keyturn_shelf.store", "cannot be imported: the package has no module keyturn_shelf.store."),
        ("\n\nnobody", "cannot be imported: NameError in line 3 of "),
        ("def", "cannot be imported: SyntaxError"),
        ("from app.ports.session_store import Shelf", "cannot be imported: ImportError in line 1 of "),
        ("ShelfStore = 1", "cannot be made, because keyturn_shelf:ShelfStore is neither a class nor a function."),
        ("Shelf = 1", "cannot be imported: AttributeError: module 'keyturn_shelf' has no attribute 'ShelfStore'."),
        (_STORE.replace("self.url = url", "import lmdb_of_nobody"), "needs the module lmdb_of_nobody, which is"),
        (
            _STORE.replace("self.url = url", "raise ValueError(url)"),
            "cannot be made from its URL: ShelfStore raised ValueError in line 9 of ",
        ),
        (
            f"{_STORE}\n    ports_version = 7\n",
            "was written for version 7 of the ports, and this Keyturn has version 1;",
        ),
        *(
            (
                _STORE.replace(f"{act}(self):\n        ...", f"{act}(self):\n        raise KeyError(self.url)"),
                f"has a fault: {act} raised KeyError in line ",
            )
            for act in ("prepare", "open")
        ),
        (
            _STORE.replace("prepare(self):\n", "prepare(self):\n        import lmdb_of_nobody\n"),
            "needs the module lmdb_of_nobody, which is not",
        ),
    ],
)
def test_what_the_package_raises_is_one_line(
    install: Install, start: Callable[..., str], module: str, fault: str
) -> None:
    """The line names the package, what was raised and where, without the exception's text once the URL is known."""
    install(module)
    assert start().startswith(f"{_BEGIN}{fault}")


def test_a_name_with_a_capital_is_named(install: Install, start: Callable[..., str]) -> None:
    """An entry point with a capital can never be found by a URL, so the line says how to name it."""
    install(_STORE, name="Shelf")
    assert start() == (
        "KEYTURN_SESSION_URL: the store Shelf:// of the package keyturn-shelf 0.1.0 is named with a capital, and the"
        " scheme of a URL has none: name its entry point shelf."
    )


def test_two_packages_with_one_name_are_named(install: Install, start: Callable[..., str]) -> None:
    """No package is preferred: the line names both."""
    install(_STORE)
    install(_STORE, package="another-shelf")
    assert start() == (
        "KEYTURN_SESSION_URL: the store shelf:// is registered by the package another-shelf 0.1.0 and the package"
        " keyturn-shelf 0.1.0; uninstall all but one of them."
    )


def test_a_scheme_that_no_url_has_is_named(start: Callable[..., str]) -> None:
    """A scheme with an underscore is refused for what it is (RFC 3986 §3.1)."""
    assert start(url="my_shelf://here").startswith(
        "KEYTURN_SESSION_URL: must begin with a scheme of letters, digits, +"
    )


def test_a_database_that_is_half_one_is_named(install: Install, start: Callable[..., str]) -> None:
    """A store that keeps users and no clients is no database."""
    install(_STORE.replace("self.url =", "self.users = FakeSessionRepository()\n        self.url ="))
    line = start("KEYTURN_DATABASE_URL")
    assert "ShelfStore lacks clients of Database, which its constructor must set; " in line
    assert "FakeSessionRepository lacks change_password, delete, " in line


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_process_ends_with_the_sentence(install: Install, tmp_path: Path, workers: str) -> None:
    """The process of the service prints the sentence without a traceback, also if it has workers."""
    install(_STORE.replace("prepare(self):\n", "prepare(self):\n        raise KeyError(self.url)\n"))
    keys = create_key_file(tmp_path / "keys", bits=2048, passphrase=None, activates_at=0).parent
    settings = {
        "PYTHONPATH": str(tmp_path),
        "KEYTURN_PORT": "0",
        "KEYTURN_WORKERS": workers,
        "KEYTURN_SESSION_URL": _URL,
        "KEYTURN_DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYTURN_KEYS_DIR": str(keys),
    }
    (line,) = faults(run(sys.executable, "-m", "app", "serve", variables=settings))
    assert line.startswith(f"{_BEGIN}has a fault: prepare raised KeyError in line 1")

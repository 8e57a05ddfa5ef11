"""The previous version and this one on one store, one after the other and side by side."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.migration import newest_revision
from tests.conftest import Proof
from tests.system.backends import KINDS, Backend, backend
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import NO_SETTINGS, ROOT, Service, running

from .client import Client, answered, ask
from .previous import COMMIT, unpack

_ISSUER: Final = "http://127.0.0.1:8080"
"""All instances have one issuer, whatever their ports are."""


class Versions:
    """Starts instances of both versions on one store."""

    def __init__(self, store: Backend, tree: Path, folder: Path) -> None:
        self._settings = {**store.settings, "ISSUER": _ISSUER}
        self._tree = tree
        self._folder = folder
        self._started = 0

    def previous(self) -> AbstractContextManager[Service]:
        """Run the previous version."""
        return self._running(self._tree)

    def this(self, settings: Mapping[str, str] = NO_SETTINGS) -> AbstractContextManager[Service]:
        """Run this version, with further settings."""
        return self._running(ROOT, settings)

    @contextmanager
    def _running(self, tree: Path, settings: Mapping[str, str] = NO_SETTINGS) -> Iterator[Service]:
        self._started += 1
        folder = self._folder / f"instance-{self._started}"
        folder.mkdir()
        with running(folder, {**self._settings, **settings}, directory=tree) as service:
            yield service


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the previous version."""
    folder = tmp_path_factory.mktemp("previous") / "tree"
    if not unpack(folder):
        pytest.skip(f"the history of this clone has no {COMMIT}")
    return folder


@pytest.fixture
def rounds(proof: Proof) -> int:
    """Return how often both versions take turns."""
    rounds = proof.count("rounds", small=0, full=15)  # more rotations within the replay window would be none
    if not rounds:
        pytest.skip("scripts/prove runs the previous version")
    return rounds


@pytest.fixture(params=KINDS)
def versions(rounds: int, request: pytest.FixtureRequest, tree: Path, tmp_path: Path) -> Iterator[Versions]:
    """Return what starts both versions on a new store."""
    (tmp_path / "store").mkdir()
    with backend(request.param, tmp_path / "store") as store:
        yield Versions(store, tree, tmp_path)


@pytest.mark.proof("upgrade")
def test_versions_side_by_side(versions: Versions, rounds: int) -> None:
    """Both versions refresh the sessions of both, replay what the other one rotated, and refuse what it ended."""
    with versions.previous() as previous, versions.this() as this:
        clients = [Client(previous), Client(this)]
        for number in range(rounds):
            for client, (one, other) in zip(clients, ((previous, this), (this, previous)), strict=True):
                replaced = client.tokens["refresh_token"]
                client.refresh(one if number % 2 else other)
                client.retry(other if number % 2 else one, replaced)
                assert client.is_known(previous)
                assert client.is_known(this)
        for client, (one, other) in zip(clients, ((previous, this), (this, previous)), strict=True):
            client.sign_out(one)
            client.wait_until_refused(other)
            status, _ = ask(other, "POST", "/auth/refresh", {"refresh_token": client.tokens["refresh_token"]})
            assert status == 401


@pytest.mark.proof("upgrade")
def test_rolling_upgrade(versions: Versions) -> None:
    """A session lives on while instances of the previous version are replaced by this one. The previous version cannot
    start again on the newer schema, and says why. That does not disturb the instances that run.
    """
    with versions.previous() as previous:
        client = Client(previous)
        client.refresh(previous)
        with versions.this() as this:
            client.refresh(this)
            client.refresh(previous)
            later = Client(this)
            later.refresh(previous)
            unknown = f"is of revision {newest_revision()}, which this program does not know"
            with pytest.raises(AssertionError, match=unknown), versions.previous():
                pass
            for each in (client, later):
                each.refresh(previous)
                each.refresh(this)
    with versions.this() as this:
        for each in (client, later):
            each.refresh(this)
            each.sign_out(this)
            each.wait_until_refused(this)


@pytest.mark.proof("upgrade")
def test_narrowed_session_while_versions_are_mixed(versions: Versions) -> None:
    """The previous version refreshes a session that a sign-in with ``resource`` narrowed, and this version still knows
    to what.
    """
    with versions.previous() as previous, versions.this() as this:
        narrowed = {"username": USERNAME, "password": PASSWORD, "resource": "keyturn"}
        client = Client(this)
        client.tokens = answered(this, "POST", "/auth/login", narrowed)
        client.refresh(previous)
        client.refresh(this)
    other = {"AUDIENCE": "other,keyturn"}
    with versions.this(other) as this:
        client.refresh(this)
        assert not client.is_known(this)
        token = client.tokens["refresh_token"]
        assert ask(this, "POST", "/auth/refresh", {"refresh_token": token, "resource": "other"})[0] == 400

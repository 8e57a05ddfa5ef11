"""The base of the contracts of repositories.

``store.py`` runs all contracts of a store with one subclass. The contract of one port is used alone like this, by an
adapter that defines how to reach its store::

    class TestSqlSessionRepository(SessionRepositoryContract, SessionSweeperContract):
        @pytest.fixture(autouse=True)
        async def database(self, tmp_path):
            self.url = f"sqlite:///{tmp_path}/sessions"
            self.opened = []
            yield
            for each in self.opened:
                await each.close()

        async def connections(self, n):
            self.opened = [SqlSessionRepository(self.url) for _ in range(n)]
            return self.opened

``connections(n)`` returns ``n`` repositories over one store, which is empty at first. Each repository should have a
connection of its own, like several instances of the service. An adapter that works within one process returns one
object ``n`` times. A test calls ``connections`` once.

The tests of a contract are in three tiers: *behaviour* (every sentence of the port's docstrings), *atomicity* (an act
that is refused or cancelled is not half done) and *concurrency* (acts that race on several connections). The tests of
an adapter itself cover everything that is not in its port: migrations, reconnecting, ``StoreUnavailable``, durability.

The kit needs pytest and pytest-asyncio. ``plugin.py`` is a plugin of pytest, which finds it where Keyturn is
installed. It has the marker ``proof``, a fixture ``proof`` that returns a ``Counts``, and a time limit for each test. A
fixture of your own with this name can ask for more.
"""

from collections.abc import Sequence
from inspect import getmembers, isfunction
from itertools import cycle, islice
from typing import Final, Generic, Protocol, TypeVar

import pytest
import pytest_asyncio

from .. import ports

CONNECTIONS: Final = 8
"""How many connections a race uses."""

RACERS: Final = 16
"""How many acts race at once: two on each connection."""

PAGE: Final = 120
"""More entries than a store reads at once that has pages of 100."""

Repository = TypeVar("Repository")


class Counts(Protocol):
    """The fixture ``proof``. A class whose ``count`` always returns ``small`` is enough."""

    def count(self, name: str, *, small: int, full: int) -> int:
        """Return how often to do ``name``: ``small`` times in everyday runs, ``full`` times in a thorough run."""
        ...


class RepositoryContract(Generic[Repository]):
    """Tests of a repository. Each test has a store of its own. An adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[Repository]:
        """Return ``n`` repositories over one store, which is empty."""
        raise NotImplementedError

    async def racers(self) -> Sequence[Repository]:
        """Return a repository for each of ``RACERS`` acts, over ``CONNECTIONS`` connections."""
        return list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))

    @pytest_asyncio.fixture
    async def repository(self) -> Repository:
        """Return the repository of a test that needs only one."""
        [repository] = await self.connections(1)
        return repository

    async def test_every_method_of_the_port_is_implemented(self, repository: Repository) -> None:
        """No method is inherited from the port, where its body is empty."""
        methods = [method for _, method in getmembers(type(repository), isfunction)]
        inherited = [method.__name__ for method in methods if method.__module__.startswith(f"{ports.__name__}.")]
        assert inherited == [], f"the adapter inherits {inherited} from the port, where the body is empty"

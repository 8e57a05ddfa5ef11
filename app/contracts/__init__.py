"""The adapter kit: for each port a class of tests that every adapter passes. It may import the domain and the ports.

An adapter subclasses the contract of its port and defines how to reach its store::

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

The kit needs pytest, pytest-asyncio, a fixture ``proof`` that returns a ``kit.Counts``, and, if pytest runs with strict
markers, the marker ``proof``.
"""

import pkgutil

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))

"""The adapter kit: for each port a class of tests that every adapter of it passes.

An adapter subclasses the contract of its port and says how to reach its store::

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

``connections(n)`` gives ``n`` repositories over one store that is empty at first. Each should talk to the store by
itself, as several instances of the service do; a store within one process gives one object ``n`` times. A test calls it
once.

The tests of a contract come in tiers: *behaviour* (every sentence of the port's docstrings), *atomicity* (what is
refused or cancelled changes nothing, or everything) and *concurrency* (acts that race on several connections). What an
adapter has beside its port (migrations, reconnecting, ``StoreUnavailable``, durability) it tests itself.

The kit needs pytest, pytest-asyncio, a fixture ``proof`` that gives the counts (``counts.Counts``) and, under strict
markers, the marker ``proof``.
"""

import pkgutil

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))

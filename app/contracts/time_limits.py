"""The contract of the time limit of a store, for a storage whose answers a test can hold back."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from typing import ClassVar, Final

import pytest

from ..ports.session_store import SessionStore, StoreOptions
from .opened_stores import HEALING_SECONDS, healed
from .sentences import only_errors_of_the_port
from .session_store import OPTIONS
from .sessions import add_all, assert_same, new_session
from .store_acts import Act, acts_of

TIMEOUT_SECONDS: Final = 0.5
_SLOW_SECONDS: Final = 0.8 * TIMEOUT_SECONDS
"""How long an answer takes that comes in time. Two of them together are too late."""

_NEVER_SECONDS: Final = 3_600.0
SLACK_SECONDS: Final = 5.0
"""Added to the time limit, because the machine can be busy. An act without a limit takes longer."""

_LATE_SECONDS: Final = 3 * TIMEOUT_SECONDS
"""An act that returns after this time has ignored its limit, which ended before, however busy the machine is."""

_LARGE: Final = (
    "sessions.list_live_sessions",
    "sessions.list_revocations",
    "sessions.list_crowded_subjects",
    "sessions.revoke_excess",
    "sweeper.erase_replaced",
    "sweeper.delete_ended",
)
"""Acts that may need many round trips."""


class TimeLimits:
    """An act ends within ``StoreOptions.timeout``. An adapter overrides ``store`` and ``delayed``."""

    pytestmark = pytest.mark.asyncio
    many: ClassVar[int] = 500
    """How many sessions an act of many round trips finds: five pages of 100."""

    def store(self, options: StoreOptions = OPTIONS) -> SessionStore:
        """Return a new store that is not open, over the storage of this test, which is empty and not prepared."""
        raise NotImplementedError

    def delayed(self, seconds: float) -> AbstractContextManager[None]:
        """Let each answer of the storage come ``seconds`` later while the context is open. A storage that cannot be
        slow may hold back all its answers.
        """
        raise NotImplementedError

    async def test_every_act_ends_in_time_without_an_answer(self) -> None:
        """While the storage does not answer, each act of each port returns or raises ``StoreUnavailable`` in time.
        Afterwards the same store works again.
        """
        async with self._opened(1) as store:
            with self.delayed(_NEVER_SECONDS):
                acts = acts_of(store, new_session(1))
                raised = await asyncio.gather(*(_ends(name, act, "no answer comes") for name, act in acts.items()))
            assert any(raised), "every act returned although the storage does not answer: delayed holds nothing back"
            await healed(store, seconds=HEALING_SECONDS)

    async def test_the_time_is_for_the_act_and_not_for_each_round_trip(self) -> None:
        """While each answer is late but in time, an act of many round trips ends within the time of one act."""
        async with self._opened(self.many) as store:
            acts = _chosen(acts_of(store, new_session(1)), _LARGE)
            with self.delayed(_SLOW_SECONDS):
                for name, act in acts.items():
                    await _ends(name, act, f"each answer takes {_SLOW_SECONDS:g} seconds")

    @asynccontextmanager
    async def _opened(self, sessions: int) -> AsyncIterator[SessionStore]:
        """Yield an open store that has ``sessions`` sessions and ``TIMEOUT_SECONDS`` for each act."""
        await self.store().prepare()
        patient = self.store()
        await patient.open()
        await add_all(patient.sessions, [new_session(number) for number in range(1, 1 + sessions)])
        await patient.close()
        store = self.store(replace(OPTIONS, timeout=TIMEOUT_SECONDS))
        await store.open()
        try:
            assert_same(await store.sessions.find(new_session(1).session_id), new_session(1))
            yield store
        finally:
            await store.close()


async def _ends(name: str, act: Act, when: str) -> bool:
    """Check that an act ends in time, by itself. Return whether it raised ``StoreUnavailable``."""
    started = time.monotonic()
    task = asyncio.ensure_future(act())
    done, _ = await asyncio.wait({task}, timeout=TIMEOUT_SECONDS + SLACK_SECONDS)
    taken = time.monotonic() - started
    task.cancel()
    in_time = bool(done) and (task.exception() is not None or taken < _LATE_SECONDS)
    assert in_time, (
        f"{name} outlives its timeout of {TIMEOUT_SECONDS:g} seconds while {when}: the time is for the whole act, not"
        " for each round trip"
    )
    with only_errors_of_the_port(name, f"while {when}"):
        task.result()
    return task.exception() is not None


def _chosen(acts: Mapping[str, Act], names: Collection[str]) -> Mapping[str, Act]:
    return {name: act for name, act in acts.items() if name in names}

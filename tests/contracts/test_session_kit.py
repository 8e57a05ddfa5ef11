"""The session kit notices each faulty repository."""

from collections.abc import Callable
from dataclasses import fields

import pytest

from app.contracts import sentences
from app.contracts.kit import Counts
from app.contracts.session_behaviour import SessionBehaviour
from app.contracts.session_concurrency import SessionConcurrency
from app.contracts.session_deadlocks import SessionDeadlocks
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.session_subject_concurrency import SubjectConcurrency
from app.contracts.session_sweeper import SessionSweeperContract, SweeperConcurrency
from app.domain.sessions.session import Session
from app.ports.session_repository import SessionRepository

from .faulty_races import RacyLimit, RacySessions
from .faulty_sessions import WRONG_VALUES, losing
from .running import Tier, assert_every_test_fails, assert_noticed, failures
from .session_faults import FAULTS

CASES = [(tier, adapter, noticed_by) for tier in FAULTS for adapter, noticed_by in FAULTS[tier].items()]
CONCURRENT = {SessionConcurrency, SubjectConcurrency, SessionDeadlocks, SweeperConcurrency}
SEQUENTIAL = [tier for tier in FAULTS if tier not in CONCURRENT]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kit wait for a deadlock as long as the fakes need."""
    monkeypatch.setattr(sentences, "DEADLOCK_SECONDS", 0.3)


@pytest.mark.parametrize(
    ("tier", "adapter", "noticed_by"), CASES, ids=lambda each: each.__name__ if isinstance(each, type) else ""
)
async def test_fault_is_noticed(
    proof: Counts, tier: Tier, adapter: Callable[[], SessionRepository], noticed_by: str
) -> None:
    """The tests that check the faulty behaviour fail."""
    await assert_noticed(tier, adapter, proof, noticed_by)


@pytest.mark.parametrize("tier", FAULTS)
async def test_every_test_of_the_kit_can_fail(proof: Counts, tier: Tier) -> None:
    """Each test of the kit is failed by at least one faulty repository."""
    await assert_every_test_fails(tier, set(FAULTS[tier]), proof)


def test_faults_cover_every_tier() -> None:
    """The table has every tier of both contracts."""
    assert FAULTS.keys() == {*SessionRepositoryContract.__bases__, *SessionSweeperContract.__bases__}


@pytest.mark.parametrize("adapter", [RacySessions, RacyLimit])
@pytest.mark.parametrize("tier", SEQUENTIAL)
async def test_racy_repository_passes_the_sequential_tests(
    proof: Counts, tier: Tier, adapter: Callable[[], SessionRepository]
) -> None:
    """Without concurrent acts the racy repositories have no fault, so only races show it."""
    assert await failures(tier, adapter, proof) == set()


@pytest.mark.parametrize("field", WRONG_VALUES)
async def test_lost_field_is_noticed(proof: Counts, field: str) -> None:
    """A repository that stores a wrong value of any one field fails."""
    await assert_noticed(SessionBehaviour, losing(field), proof, "find_returns_every_field_as_added")


def test_wrong_values_cover_every_field() -> None:
    """The table has every field of a new session, except the id and the fields that later acts set."""
    others = {"session_id", "generation", "replaced", "revoked_at", "revoked_because"}
    assert {field.name for field in fields(Session)} == WRONG_VALUES.keys() | others

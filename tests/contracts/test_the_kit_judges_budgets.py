"""The kit notices budgets of attempts that are wrong."""

import pytest

from app.contracts.counts import Counts
from app.contracts.rate_limit_repository import AttemptBudgetsKit, BudgetBehaviour, BudgetConcurrency

from . import faulty_budgets as faulty
from .running import all_of, failures

FAULTS = [
    (faulty.Racy, BudgetConcurrency, "exactly_as_many nothing_given_back"),
    (faulty.OneByOne, BudgetBehaviour, "of_several"),
    (faulty.OneByOne, BudgetConcurrency, "keeps_the_other"),
    (faulty.Stingy, BudgetBehaviour, "several_get_back cleared_budget"),
    (faulty.Deadlocked, BudgetConcurrency, "other_orders"),
    (faulty.Punishing, BudgetBehaviour, "as_many_as_it_says given_back all_come_back"),
    (faulty.Generous, BudgetBehaviour, "given_back all_come_back"),
    (faulty.OneForAll, BudgetBehaviour, "one_key_is_not_another not_forgotten"),
    (faulty.Literal, BudgetBehaviour, "set_back"),
    (faulty.Unforgiving, BudgetBehaviour, "cleared_budget"),
]
"""An adapter, a tier that notices what is wrong with it, and words from the names of the tests that do."""


@pytest.mark.parametrize(("adapter", "tier", "noticed_by"), FAULTS)
async def test_a_fault_is_noticed(
    proof: Counts, adapter: type[object], tier: type[AttemptBudgetsKit], noticed_by: str
) -> None:
    """Each fault fails the tests of the sentences that it breaks."""
    failed = await failures(tier, adapter, proof)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


@pytest.mark.parametrize("tier", [BudgetBehaviour, BudgetConcurrency])
async def test_no_test_is_idle(proof: Counts, tier: type[AttemptBudgetsKit]) -> None:
    """Every test of the contract is failed by one of the faulty adapters."""
    noticing = [adapter for adapter, by, _ in FAULTS if by is tier]
    failed = set().union(*[await failures(tier, adapter, proof) for adapter in noticing])
    assert sorted(all_of(tier).keys() - failed) == []


async def test_only_races_show_that_an_adapter_is_racy(proof: Counts) -> None:
    """One act after another, the racy budgets do well."""
    assert await failures(BudgetBehaviour, faulty.Racy, proof) == set()

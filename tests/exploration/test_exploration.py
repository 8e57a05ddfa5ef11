"""Rotation, revocation and sign-in hold in every order of their steps, with failures, retries and time."""

import pytest

from app.domain.sessions.rotation import Rotation
from tests.conftest import Proof

from .explorer import Counterexample
from .mutants import MUTANTS
from .requests import SteppedServices
from .scenarios import THREE_CLIENTS, TWO_CLIENTS, explore


@pytest.mark.parametrize("name", TWO_CLIENTS)
@pytest.mark.proof("exploration")
def test_no_schedule_of_two_clients_breaks_an_invariant(proof: Proof, name: str) -> None:
    """Every schedule of two clients is explored, up to the order of steps that cannot affect each other."""
    found = explore(SteppedServices(), TWO_CLIENTS[name])
    proof.measured(f"{name}: states", found.states)
    proof.measured(f"{name}: schedules", found.schedules)
    assert found.states > 1_000


@pytest.mark.parametrize("name", THREE_CLIENTS)
@pytest.mark.proof("exploration")
def test_no_schedule_of_three_clients_breaks_an_invariant(proof: Proof, name: str) -> None:
    """Every schedule of three refreshes; at small scale without a retry."""
    retries = proof.count("retries of each client", small=0, full=1)
    found = explore(SteppedServices(), THREE_CLIENTS[name], retries=retries)
    proof.measured(f"{name}: states", found.states)
    proof.measured(f"{name}: schedules", found.schedules)
    assert found.states > 1_000


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_is_found(mutant: type[Rotation]) -> None:
    """The exploration shows the fault as a list of steps."""
    counterexamples = (_counterexample(mutant, name) for name in TWO_CLIENTS)
    found = next((each for each in counterexamples if each is not None and MUTANTS[mutant] in each), None)
    assert found is not None
    assert "\n  1. client " in found


def _counterexample(mutant: type[Rotation], name: str) -> str | None:
    """Return the counterexample that the exploration of a scenario finds, or ``None``."""
    try:
        explore(SteppedServices(mutant), TWO_CLIENTS[name])
    except Counterexample as counterexample:
        return str(counterexample)
    return None

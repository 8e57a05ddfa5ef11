"""Rotation follows the table in docs/refresh-tokens.md, whatever clients, users and clocks do."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import Proof

from .rotation_machine import RotationMachine
from .rotation_model import Row


@pytest.mark.proof("rotation")
def test_rotation_follows_the_table(proof: Proof) -> None:
    """The service and the model agree in every history that Hypothesis finds, and every row of the table occurs."""
    RotationMachine.met.clear()
    run_state_machine_as_test(
        RotationMachine,
        settings=settings(
            max_examples=proof.count("histories", small=30, full=2_000),
            stateful_step_count=proof.count("steps in each, at most", small=40, full=50),
        ),
    )
    for row in Row:
        proof.measured(f"met: {row.name}", RotationMachine.met[row])
    assert set(RotationMachine.met) == set(Row)

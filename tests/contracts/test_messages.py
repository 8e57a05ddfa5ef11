"""What the kit says: each assertion has a sentence about the adapter, and each fault is named."""

import ast
from pathlib import Path

import pytest

from app import contracts
from app.contracts import sentences
from app.contracts.kit import Counts
from app.contracts.session_concurrency import SessionConcurrency
from app.contracts.session_deadlocks import SessionDeadlocks
from app.contracts.session_deletion import SessionDeletion
from app.contracts.session_reads import SessionReads
from app.contracts.session_subjects import SubjectRevocation
from app.contracts.session_sweeper import SweeperConcurrency
from app.contracts.user_repository import UserBehaviour

from . import (
    faulty_locks,
    faulty_races,
    faulty_reads,
    faulty_session_lists,
    faulty_subjects,
    faulty_sweeps,
    faulty_users,
)
from .running import Tier, messages

_WORDS = 4
MODULES = sorted(Path(contracts.__file__).parent.glob("*.py"))

FAULTS: list[tuple[Tier, type[object], str, str]] = [
    (
        SessionConcurrency,
        faulty_races.RacySessions,
        "one_of_many_advances_wins",
        "16 swaps of one digest won, not one: `advance` is not a compare-and-swap. `Session` has the rules",
    ),
    (
        SessionReads,
        faulty_reads.keeping("list_live_sessions"),
        "no_read_is_kept_from_before_another_connection_changed_it",
        "returned what was read before another connection changed it: a cache keeps it",
    ),
    (
        SubjectRevocation,
        faulty_session_lists.ListsOnePage,
        "revoke_subject_revokes_any_number",
        "list_live_sessions returned 100 of 220 sessions: it stops at a page",
    ),
    (
        SubjectRevocation,
        faulty_session_lists.ListsOnePageOfRevocations,
        "revoke_subject_revokes_any_number",
        "list_revocations has 100 of 220 revocations: it stops at a page",
    ),
    (
        SubjectRevocation,
        faulty_subjects.RevokesFirstPage,
        "revoke_subject_revokes_any_number",
        "of 220 sessions: it stops at a page",
    ),
    (
        UserBehaviour,
        faulty_users.CutsLongNames,
        "longest_names_are_told_apart",
        "users with names of 1,020 bytes are not found, or taken for one: the store's keys are shorter",
    ),
    (
        UserBehaviour,
        faulty_users.RefusesLongNames,
        "longest_names_are_told_apart",
        "users.add raised builtins.BufferError for a username of 1,020 bytes: an exception of the driver crossed",
    ),
    (
        SessionDeletion,
        faulty_sweeps.TrustsAnOutdatedIndex,
        "deleted_session_is_gone_everywhere",
        "delete_ended deleted a live session: it trusts an entry of an index that is outdated",
    ),
    (
        SweeperConcurrency,
        faulty_sweeps.TrustsAnIndexThatItReadBefore,
        "delete_that_races_with_advance_keeps_the_session",
        "delete_ended deleted a session that had advanced: it trusts an index that is outdated",
    ),
    (
        SessionDeadlocks,
        faulty_locks.LocksInTheOrderOfItsList,
        "racing_acts_do_not_deadlock",
        "never ended: they wait for each other (a deadlock)",
    ),
]
"""A tier, an adapter, the test that fails, and what it says."""


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kit wait for a deadlock as long as the fakes need."""
    monkeypatch.setattr(sentences, "DEADLOCK_SECONDS", 0.3)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(("tier", "adapter", "test", "message"), FAULTS, ids=lambda each: getattr(each, "__name__", ""))
async def test_message_names_the_fault(
    proof: Counts, tier: Tier, adapter: type[object], test: str, message: str
) -> None:
    """A stranger reads in the first line what the adapter does wrong."""
    [said] = (await messages(tier, adapter, proof, tests=test)).values()
    assert message in said.split("\n")[0]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_assertion_has_a_sentence(module: Path) -> None:
    """No assertion of the kit leaves a stranger with two values to compare."""
    asserts = [each for each in ast.walk(ast.parse(module.read_text("utf-8"))) if isinstance(each, ast.Assert)]
    said = {each.lineno: ast.unparse(each.msg) if each.msg else "" for each in asserts}
    bare = [line for line, message in said.items() if len(message.split()) < _WORDS]
    assert bare == []
    assert "pytest.raises" not in module.read_text("utf-8"), "must_raise says what an act that returns does wrong"

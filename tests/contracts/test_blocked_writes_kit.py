"""The kit notices a store whose ``check`` does not notice that writes are blocked."""

from collections.abc import Awaitable, Callable

import pytest

from app.contracts import blocked_writes
from app.contracts.blocked_writes import BlockedWrites
from app.contracts.session_store import OPTIONS

from . import faulty_checks as stores

Check = Callable[[BlockedWrites], Awaitable[None]]

NOTICES: Check = BlockedWrites.test_check_notices_that_writes_are_blocked
SAYS_WHY: Check = BlockedWrites.test_check_says_why_writes_are_blocked
CHANGES_NOTHING: Check = BlockedWrites.test_check_changes_no_session


@pytest.mark.parametrize("check", [NOTICES, SAYS_WHY, CHANGES_NOTHING])
async def test_a_correct_store_passes(check: Check) -> None:
    """A store that notices blocked writes passes."""
    await check(stores.BlockedWritesOf(stores.BlockableStore))


@pytest.mark.parametrize(
    ("store", "check"),
    [
        (stores.ReadsOnly, NOTICES),
        (stores.ChecksOnce, NOTICES),
        (stores.NeverHeals, NOTICES),
        (stores.SaysNothing, SAYS_WHY),
        (stores.EndsSessions, CHANGES_NOTHING),
    ],
)
async def test_a_faulty_store_is_noticed(
    store: type[stores.BlockableStore], check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault fails a test of the kit."""
    monkeypatch.setattr(blocked_writes, "_HEALING_SECONDS", 0.1 - OPTIONS.timeout)
    with pytest.raises((AssertionError, pytest.fail.Exception, TimeoutError)):
        await check(stores.BlockedWritesOf(store))

"""The kit notices a store whose ``check`` does not notice that writes are blocked."""

from collections.abc import Awaitable, Callable

import pytest

from app.contracts import blocked_writes
from app.contracts.blocked_writes import BlockedWrites

from . import faulty_checks as stores

Check = Callable[[BlockedWrites], Awaitable[None]]

NOTICES: Check = BlockedWrites.test_check_notices_that_writes_are_blocked
SAYS_WHY: Check = BlockedWrites.test_check_says_why_writes_are_blocked
CHANGES_NOTHING: Check = BlockedWrites.test_check_changes_no_session
RAISES: Check = BlockedWrites.test_blocked_writes_raise_errors_of_the_port_only


@pytest.mark.parametrize("check", [NOTICES, SAYS_WHY, CHANGES_NOTHING, RAISES])
async def test_a_correct_store_passes(check: Check) -> None:
    """A store that notices blocked writes passes."""
    await check(stores.BlockedWritesOf(stores.BlockableStore))


@pytest.mark.parametrize(
    ("store", "check", "message"),
    [
        (stores.ReadsOnly, NOTICES, "it only reads, so the service stays ready"),
        (stores.ChecksOnce, NOTICES, "it only reads, so the service stays ready"),
        (stores.NeverHeals, NOTICES, "check still raises StoreUnavailable"),
        (stores.SaysNothing, SAYS_WHY, "check gives the fault no_answer"),
        (stores.EndsSessions, CHANGES_NOTHING, "has another value than the session should have"),
        (stores.LetsTheDriverRaise, RAISES, "sessions.add raised builtins.OSError .* crossed the port"),
        (stores.AcknowledgesWhatItDrops, RAISES, "it acknowledges a session that is not stored"),
    ],
)
async def test_a_faulty_store_is_noticed(
    store: type[stores.BlockableStore], check: Check, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault fails a test of the kit, whose message names it."""
    monkeypatch.setattr(blocked_writes, "HEALING_SECONDS", 0.1)
    with pytest.raises(AssertionError, match=message):
        await check(stores.BlockedWritesOf(store))

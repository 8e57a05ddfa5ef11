"""The start that is only tried."""

import threading

import pytest

from app.domain.errors import ConfigurationError, StoreUnavailable
from app.service.settings import Settings
from app.service.workers import rehearsal

_SETTINGS = Settings(password_hash_memory=8_192, password_hash_iterations=1)


def _failing(error: Exception) -> object:
    async def fail(_: Settings) -> None:
        raise error

    return fail


def test_a_good_start_says_nothing() -> None:
    """Settings that can be followed pass, and no thread of the start is left here."""
    threads = set(threading.enumerate())
    rehearsal.rehearse(_SETTINGS)
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize("error", [ConfigurationError("the key is odd"), StoreUnavailable("the store is away")])
def test_a_fault_crosses_over(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """What the start raises in its process is raised here, as what it is."""
    monkeypatch.setattr(rehearsal, "prepare_stores", _failing(error))
    with pytest.raises(type(error), match=str(error)):
        rehearsal.rehearse(_SETTINGS)


def test_a_bug_is_left_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug fails the start too; its message, which may hold anything, is not shown."""
    monkeypatch.setattr(rehearsal, "prepare_stores", _failing(RuntimeError("hunter-two")))
    with pytest.raises(ConfigurationError, match="the log says why") as raised:
        rehearsal.rehearse(_SETTINGS)
    assert "hunter-two" not in str(raised.value)

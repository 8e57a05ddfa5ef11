"""The trial start of the workers."""

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


def test_a_successful_trial_leaves_no_thread() -> None:
    """A trial start with good settings raises nothing, and leaves no thread in this process."""
    threads = set(threading.enumerate())
    rehearsal.rehearse(_SETTINGS)
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize("error", [ConfigurationError("the key is odd"), StoreUnavailable("the store is away")])
def test_an_error_of_the_trial_is_raised_here(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """An error of the trial process is raised here with the same type."""
    monkeypatch.setattr(rehearsal, "prepare_stores", _failing(error))
    with pytest.raises(type(error), match=str(error)):
        rehearsal.rehearse(_SETTINGS)


def test_a_bug_fails_the_trial_without_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug fails the trial start; its message, which may hold anything, is not shown."""
    monkeypatch.setattr(rehearsal, "prepare_stores", _failing(RuntimeError("hunter-two")))
    with pytest.raises(ConfigurationError, match="the log says why") as raised:
        rehearsal.rehearse(_SETTINGS)
    assert "hunter-two" not in str(raised.value)

"""The check of what clients observed finds every violation."""

import pytest

from .history import Answer, Event, Refresh, SignOut, violations

GRANTED, REFUSED, UNKNOWN = Answer.GRANTED, Answer.REFUSED, Answer.UNKNOWN


def granted(token: str, successor: str) -> Refresh:
    """Return a refresh that was granted."""
    return Refresh(0, token, GRANTED, successor)


def test_allowed_history_has_no_violations() -> None:
    """Retries with the same successor, lost answers, and refusals after a sign-out are allowed."""
    events: list[Event] = [
        granted("a", "b"),
        Refresh(0, "b", UNKNOWN),
        granted("b", "c"),
        granted("b", "c"),
        granted("c", "d"),
        Refresh(1, "x", GRANTED, "y"),
        SignOut(0, UNKNOWN),
        Refresh(0, "d", REFUSED),
        SignOut(0, GRANTED),
        Refresh(0, "d", REFUSED),
    ]
    assert violations(["a", "x"], events) == []


@pytest.mark.parametrize(
    ("events", "violation"),
    [
        ([granted("a", "b"), granted("a", "c")], "two successors"),
        ([granted("a", "b"), granted("b", "a")], "issued twice"),
        ([Refresh(0, "a", REFUSED)], "was refused"),
        ([granted("a", "b"), Refresh(0, "a", REFUSED)], "was refused"),
        ([granted("a", "b"), granted("b", "c"), granted("a", "b")], "replaced earlier"),
        ([SignOut(0, GRANTED), granted("a", "b")], "sign-out was acknowledged"),
        ([SignOut(0, REFUSED)], "sign-out was refused"),
    ],
)
def test_violation_is_reported(events: list[Event], violation: str) -> None:
    """Each kind of lost, duplicated or revived token is reported with its session."""
    [reported] = violations(["a"], events)
    assert reported.startswith("session 0, ")
    assert violation in reported


def test_old_token_may_be_refused() -> None:
    """A service may refuse a token that is older than the previous one."""
    events = [granted("a", "b"), granted("b", "c"), Refresh(0, "a", REFUSED)]
    assert violations(["a"], events) == []

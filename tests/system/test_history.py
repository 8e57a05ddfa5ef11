"""The check of what clients observed finds every violation."""

import pytest

from .history import Answer, Event, Refresh, SignOut, violations

GRANTED, REFUSED, UNKNOWN = Answer.GRANTED, Answer.REFUSED, Answer.UNKNOWN


def granted(token: str, successor: str) -> Refresh:
    """Return a refresh that was granted."""
    return Refresh(0, token, GRANTED, successor)


def chain(length: int) -> list[Event]:
    """Return refreshes of a client that gets ``length`` tokens after its first one, which is "0"."""
    return [granted(str(number), str(number + 1)) for number in range(length)]


def test_allowed_history_has_no_violations() -> None:
    """Retries with the same successor, lost answers, and refusals after a sign-out are allowed."""
    events: list[Event] = [
        granted("a", "b"),
        Refresh(0, "b", UNKNOWN),
        granted("b", "c"),
        granted("b", "c"),
        granted("a", "c"),
        granted("c", "d"),
        Refresh(1, "x", GRANTED, "y"),
        SignOut(0, UNKNOWN),
        Refresh(0, "d", REFUSED),
        SignOut(0, GRANTED),
        Refresh(0, "d", REFUSED),
    ]
    assert violations(["a", "x"], events) == []


def test_old_token_may_get_the_token_of_a_lost_answer() -> None:
    """After an answer was lost, each older token may get a token that the client does not know."""
    assert violations(["a"], [granted("a", "b"), Refresh(0, "b", UNKNOWN), granted("a", "c"), granted("b", "c")]) == []


def test_newest_token_may_stay_after_32_rotations() -> None:
    """The service may answer with the newest token as it is, but not before 32 rotations."""
    assert violations(["0"], [*chain(32), granted("32", "32")]) == []
    [reported] = violations(["0"], [*chain(31), granted("31", "31")])
    assert "not replaced" in reported


@pytest.mark.parametrize(
    ("events", "violation"),
    [
        ([granted("a", "b"), granted("a", "c")], "two successors"),
        ([granted("a", "b"), Refresh(0, "a", UNKNOWN), granted("a", "c")], "two successors"),
        ([granted("a", "b"), granted("b", "a")], "issued again"),
        ([granted("a", "b"), granted("b", "c"), granted("a", "b")], "issued again"),
        ([Refresh(0, "a", REFUSED)], "was refused"),
        ([granted("a", "b"), Refresh(0, "a", REFUSED)], "was refused"),
        ([granted("a", "b"), granted("b", "c"), Refresh(0, "a", REFUSED)], "was refused"),
        ([granted("b", "c")], "nobody got"),
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
    """A service may refuse a token that is older than the last three."""
    assert violations(["0"], [*chain(3), Refresh(0, "0", REFUSED)]) == []

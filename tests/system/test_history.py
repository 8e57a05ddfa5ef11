"""The checker notices what must not be."""

import pytest

from .history import Answer, Event, Refresh, SignOut, faults

GRANTED, REFUSED, UNKNOWN = Answer.GRANTED, Answer.REFUSED, Answer.UNKNOWN


def refreshed(token: str, successor: str) -> Refresh:
    """Return a refresh that was granted."""
    return Refresh(0, token, GRANTED, successor)


def test_what_may_be() -> None:
    """Refreshes, retries that get the same successor, lost answers, and an end after which all is refused."""
    events: list[Event] = [
        refreshed("a", "b"),
        Refresh(0, "b", UNKNOWN),
        refreshed("b", "c"),
        refreshed("b", "c"),
        refreshed("c", "d"),
        Refresh(1, "x", GRANTED, "y"),
        SignOut(0, UNKNOWN),
        Refresh(0, "d", REFUSED),
        SignOut(0, GRANTED),
        Refresh(0, "d", REFUSED),
    ]
    assert faults(["a", "x"], events) == []


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([refreshed("a", "b"), refreshed("a", "c")], "two successors"),
        ([refreshed("a", "b"), refreshed("b", "a")], "given out twice"),
        ([Refresh(0, "a", REFUSED)], "was refused"),
        ([refreshed("a", "b"), Refresh(0, "a", REFUSED)], "was refused"),
        ([refreshed("a", "b"), refreshed("b", "c"), refreshed("a", "b")], "replaced long ago"),
        ([SignOut(0, GRANTED), refreshed("a", "b")], "whose end was acknowledged"),
        ([SignOut(0, REFUSED)], "sign-out was refused"),
    ],
)
def test_what_must_not_be(events: list[Event], fault: str) -> None:
    """Each kind of loss, fork or return is told, with the session that it happened to."""
    [told] = faults(["a"], events)
    assert told.startswith("session 0, ")
    assert fault in told


def test_an_old_token_may_be_refused() -> None:
    """Whoever presents a token from before the predecessor is refused rightly."""
    events = [refreshed("a", "b"), refreshed("b", "c"), Refresh(0, "a", REFUSED)]
    assert faults(["a"], events) == []

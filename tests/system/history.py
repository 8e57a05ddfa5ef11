"""What clients saw, and whether a token service may let them see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Answer(Enum):
    """What became of a request."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """No answer came, or one that says to try again: whether anything was done is unknown."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token was presented; one that was granted had a ``successor``."""

    session: int
    token: str
    answer: Answer
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class SignOut:
    """A session was to be ended: from its beginning on it may be, from its acknowledgement on it must be."""

    session: int
    answer: Answer


Event = Refresh | SignOut


def faults(first_tokens: Iterable[str], events: Iterable[Event]) -> list[str]:
    """Return a sentence for each answer that no one may get; the sessions' numbers are the places of their first
    tokens.

    The events of a session are those of one client, which sends one request at a time.
    """
    sessions = [_Session(token) for token in first_tokens]
    return [
        f"session {event.session}, {event.answer.value}: {fault}"
        for event in events
        if (fault := sessions[event.session].judge(event)) is not None
    ]


class _Session:
    """What is known of one: the tokens that were acknowledged, the newest last, and whether it was ended."""

    def __init__(self, token: str) -> None:
        self._acknowledged = [token]
        self._may_be_ended = False
        self._is_ended = False

    def judge(self, event: Event) -> str | None:
        if isinstance(event, SignOut):
            self._may_be_ended = True
            self._is_ended |= event.answer is Answer.GRANTED
            return "a sign-out was refused" if event.answer is Answer.REFUSED else None
        if event.answer is Answer.GRANTED:
            return self._judge_granted(event)
        if event.answer is Answer.REFUSED and event.token in self._acknowledged[-2:] and not self._may_be_ended:
            return "the newest token, or the one before it, was refused"
        return None

    def _judge_granted(self, event: Refresh) -> str | None:
        if self._is_ended:
            return "a session went on whose end was acknowledged"
        assert event.successor is not None
        if event.token == self._acknowledged[-1]:
            if event.successor in self._acknowledged:
                return "a token was given out twice"
            self._acknowledged.append(event.successor)
            return None
        if [event.token, event.successor] == self._acknowledged[-2:]:
            return None
        if event.token in self._acknowledged[-2:]:
            return "one token got two successors"
        return "a token went on that was replaced long ago"

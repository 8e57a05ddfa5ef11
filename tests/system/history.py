"""What clients observed, and a check that a token service may let them observe it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from app.domain.sessions.replaced import MAX_REPLACED

_PRESENTED: Final = 3
"""How many generations the clients present."""


class Answer(Enum):
    """The outcome of a request."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """There was no answer, or an answer that says to try again. The request may or may not have had an effect."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """A client presented a refresh token. If it was granted, ``successor`` is the new token."""

    session: int
    token: str
    answer: Answer
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class SignOut:
    """A client asked to end a session. It may have ended as soon as the request was sent; once the answer is
    ``GRANTED``, it must have ended.
    """

    session: int
    answer: Answer


Event = Refresh | SignOut


def violations(first_tokens: Iterable[str], events: Iterable[Event]) -> list[str]:
    """Return a sentence for each answer that breaks the rules.

    Sessions are numbered by the position of their first token. The events of one session come from one client, which
    sends one request at a time. It presents tokens of the last three generations, all within the replay window.
    """
    sessions = [_Session(token) for token in first_tokens]
    return [
        f"session {event.session}, {event.answer.value}: {violation}"
        for event in events
        if (violation := sessions[event.session].check(event)) is not None
    ]


class _Session:
    """One session: its acknowledged tokens, the newest last; whether an answer to the newest one was lost; whether the
    session may have ended or has ended.
    """

    def __init__(self, token: str) -> None:
        self._acknowledged = [token]
        self._may_have_a_successor = False
        self._may_be_ended = False
        self._is_ended = False

    def check(self, event: Event) -> str | None:
        if isinstance(event, SignOut):
            self._may_be_ended = True
            self._is_ended |= event.answer is Answer.GRANTED
            return "a sign-out was refused" if event.answer is Answer.REFUSED else None
        if event.answer is Answer.GRANTED:
            return self._check_granted(event)
        if event.answer is Answer.UNKNOWN:
            self._may_have_a_successor |= event.token == self._acknowledged[-1]
        elif event.token in self._acknowledged[-_PRESENTED:] and not self._may_be_ended:
            return "a token of the last three generations was refused"
        return None

    def _check_granted(self, event: Refresh) -> str | None:
        assert event.successor is not None
        newest = self._acknowledged[-1]
        if self._is_ended:
            return "a session continued after its sign-out was acknowledged"
        if event.token not in self._acknowledged:
            return "a token that nobody got was accepted"
        if event.successor == newest:
            rotates = event.token == newest and len(self._acknowledged) <= MAX_REPLACED
            return "the newest token was not replaced" if rotates else None
        if event.successor in self._acknowledged:
            return "a token was issued again after its successor"
        if event.token != newest and not self._may_have_a_successor:
            return "one token got two successors"
        self._acknowledged.append(event.successor)
        self._may_have_a_successor = False
        return None

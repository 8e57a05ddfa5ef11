"""The kinds of requests that the benchmark sends."""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import cycle
from typing import Protocol

from . import client


class Traffic(Protocol):
    """An endless source of requests."""

    def next_request(self) -> bytes:
        """Return the next request."""
        ...

    def handle_answer(self, body: bytes) -> None:
        """Handle the answer to a request."""
        ...


class NotRotated(Exception):
    """A refresh was answered with a refresh token that was presented before, so the store had nothing to write."""


class Refreshes:
    """Refreshes of many sessions in turn. Each answer's refresh token is presented when all others were.

    The sessions are so many that none is refreshed more often than the service rotates within a replay window.
    """

    def __init__(self, refresh_tokens: Iterable[str]) -> None:
        self._given = refresh_tokens
        self._answered: deque[str] = deque()
        self._presented: set[str] = set()

    def next_request(self) -> bytes:
        """Return a refresh with the oldest token."""
        token = next(self._first, None) or self._answered.popleft()
        self._presented.add(token)
        return client.post("/auth/refresh", refresh_token=token)

    def handle_answer(self, body: bytes) -> None:
        """Keep the new refresh token; raises ``NotRotated`` if it is an old one."""
        token = client.parse_object(body)["refresh_token"]
        if token in self._presented:
            raise NotRotated
        self._answered.append(token)

    @cached_property
    def _first(self) -> Iterator[str]:
        """The tokens of the sign-ins. An iterator of them cannot be sent to another process, so it is made there."""
        return iter(self._given)


class Posts:
    """The same JSON request again and again."""

    def __init__(self, path: str, **members: str) -> None:
        self._request = client.post(path, **members)

    def next_request(self) -> bytes:
        """Return the request."""
        return self._request

    def handle_answer(self, body: bytes) -> None:
        """Ignore the answer."""


class Forms:
    """The same form request again and again."""

    def __init__(self, path: str, **parameters: str) -> None:
        self._request = client.form(path, **parameters)

    def next_request(self) -> bytes:
        """Return the request."""
        return self._request

    def handle_answer(self, body: bytes) -> None:
        """Ignore the answer."""


class Gets:
    """Requests for one path with each of several access tokens in turn, or without a token."""

    def __init__(self, path: str, access_tokens: Iterable[str] = ()) -> None:
        self._requests = cycle([client.get(path, token) for token in access_tokens] or [client.get(path)])

    def next_request(self) -> bytes:
        """Return the request with the next access token."""
        return next(self._requests)

    def handle_answer(self, body: bytes) -> None:
        """Ignore the answer."""

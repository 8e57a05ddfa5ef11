"""The kinds of requests that the benchmark sends."""

from collections import deque
from collections.abc import Iterable
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


class Refreshes:
    """Refreshes of many sessions in turn. Each answer's refresh token is presented later."""

    def __init__(self, refresh_tokens: Iterable[str]) -> None:
        self._tokens = deque(refresh_tokens)

    def next_request(self) -> bytes:
        """Return a refresh with the oldest token."""
        return client.post("/auth/refresh", refresh_token=self._tokens.popleft())

    def handle_answer(self, body: bytes) -> None:
        """Keep the new refresh token."""
        self._tokens.append(client.parse_object(body)["refresh_token"])


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

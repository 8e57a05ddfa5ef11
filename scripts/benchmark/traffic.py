"""The kinds of requests that the benchmark sends."""

from collections import deque
from collections.abc import Iterable
from itertools import cycle
from typing import Protocol

from . import client


class Traffic(Protocol):
    """An endless supply of requests."""

    def next_request(self) -> bytes:
        """Return the next request to send."""
        ...

    def answered(self, body: bytes) -> None:
        """Take note of the answer to a request."""
        ...


class Refreshes:
    """Refreshes that follow the token chains of many sessions: each answer's token is presented in its turn."""

    def __init__(self, refresh_tokens: Iterable[str]) -> None:
        self._tokens = deque(refresh_tokens)

    def next_request(self) -> bytes:
        """Present the token that has waited longest."""
        return client.post("/auth/refresh", refresh_token=self._tokens.popleft())

    def answered(self, body: bytes) -> None:
        """Keep the successor."""
        self._tokens.append(client.members(body)["refresh_token"])


class Posts:
    """One POST request, again and again, whose answers are of no further use."""

    def __init__(self, path: str, **members: str) -> None:
        self._request = client.post(path, **members)

    def next_request(self) -> bytes:
        """Send it again."""
        return self._request

    def answered(self, body: bytes) -> None:
        """Nothing follows from it."""


class Forms:
    """One form, again and again, whose answers are of no further use."""

    def __init__(self, path: str, **parameters: str) -> None:
        self._request = client.form(path, **parameters)

    def next_request(self) -> bytes:
        """Send it again."""
        return self._request

    def answered(self, body: bytes) -> None:
        """Nothing follows from it."""


class Gets:
    """Requests for one path with one of several access tokens, or with none."""

    def __init__(self, path: str, access_tokens: Iterable[str] = ()) -> None:
        self._requests = cycle([client.get(path, token) for token in access_tokens] or [client.get(path)])

    def next_request(self) -> bytes:
        """Use the next access token."""
        return next(self._requests)

    def answered(self, body: bytes) -> None:
        """Nothing follows from it."""

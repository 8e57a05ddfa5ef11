"""The sessions of a service that the benchmark refreshes, and their tokens."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Final

from . import client, load, servers
from .load import Server

SESSIONS_OF_A_USER: Final = 90
"""So many that none is rotated more often than a replay window allows, and not more than a user may have."""


class SignIns:
    """Signs in ``sessions`` times as each user, once for each service."""

    def __init__(self, driver: Executor, sessions: int) -> None:
        self._driver = driver
        self._sessions = sessions
        self._granted: dict[Server, list[dict[str, str]]] = {}
        self._taken: Counter[Server] = Counter()

    def tokens(self, service: Server, kind: str) -> list[str]:
        """Return the ``access_token`` or the ``refresh_token`` of each session, of one user after the other."""
        if service not in self._granted:
            self._add_users(service)
            signed_in = [self.sign_in(service, username, self._sessions) for username in servers.USERNAMES]
            self._granted[service] = [granted for each in signed_in for granted in each]
        return [granted[kind] for granted in self._granted[service]]

    def refresh_tokens(self, service: Server) -> Sequence[str]:
        """Return the refresh tokens of a user whose tokens were not returned before. A token is for one line only."""
        start = self._taken[service] * self._sessions
        self._taken[service] += 1
        return self.tokens(service, "refresh_token")[start : start + self._sessions]

    def sign_in(self, service: Server, username: str, times: int) -> list[dict[str, str]]:
        """Sign in. Return the token responses."""
        request = client.post("/auth/login", username=username, password=servers.PASSWORD)
        return [client.parse_object(body) for body in self._driver.submit(load.ask, service, request, times).result()]

    def _add_users(self, service: Server) -> None:
        """Let the first user create the others. Another service on the same store may have them already, and a peer
        takes any user.
        """
        administrator = self.sign_in(service, servers.USERNAMES[0], 1)[0]["access_token"]
        for username in servers.USERNAMES[1:]:
            request = client.post("/admin/users", administrator, username=username, password=servers.PASSWORD)
            with suppress(client.UnexpectedAnswer):
                self._driver.submit(load.ask, service, request).result()

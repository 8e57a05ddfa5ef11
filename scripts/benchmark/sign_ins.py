"""The sessions of a server that the benchmark refreshes, and their tokens."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Final

from . import client, load, servers
from .load import Server
from .population import NumberedTokens

SESSIONS_OF_A_LINE: Final = 3_000
"""So many that most have nothing to keep from an earlier rotation, as those of clients that refresh once in a while."""

_SIGN_INS: Final = 32


class SignIns:
    """Knows the tokens of each server. A line of refreshes gets ``sessions`` sessions of its own."""

    def __init__(self, driver: Executor, sessions: int) -> None:
        self._driver = driver
        self._sessions = sessions
        self._granted: dict[Server, list[dict[str, str]]] = {}
        self._taken: Counter[Server] = Counter()

    def access_tokens(self, service: Server) -> list[str]:
        """Return some access tokens."""
        return [granted["access_token"] for granted in self._sign_in_once(service)]

    def refresh_tokens(self, server: Server) -> Iterable[str]:
        """Return the refresh tokens of sessions that were not returned before. Those of a peer are from sign-ins."""
        if not server.sessions:
            return [granted["refresh_token"] for granted in self._sign_in_once(server)]
        numbers = server.sessions[self._taken[server] :][: self._sessions]
        if not numbers:
            raise ValueError("The server began with too few sessions.")
        self._taken[server] += len(numbers)
        return NumberedTokens(numbers)

    def _sign_in_once(self, server: Server) -> list[dict[str, str]]:
        if server not in self._granted:
            request = client.post("/auth/login", username=servers.USERNAME, password=servers.PASSWORD)
            answers = self._driver.submit(load.ask, server, request, _SIGN_INS).result()
            self._granted[server] = [client.parse_object(body) for body in answers]
        return self._granted[server]

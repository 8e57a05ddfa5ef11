"""Keep sessions alive while you break a store, and tell whether an acknowledged change was lost.

Run it against a service on your store. Meanwhile stop the server of the store, cut its network, pause it or cut the
power of its machine, and let it come back. Kill the service, and start it again::

    python -m keyturn.contracts.outage http://127.0.0.1:8080 alice < password

Each outage must be shorter than the replay window of the service. After that, a token whose successor did not arrive
is taken for a stolen one.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Final

import aiohttp

_CLIENTS: Final = 8
_PAUSE_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 10.0
_ROTATIONS: Final = 20
"""After so many rotations a client signs out and in again: a service rotates a session 32 times in a replay window."""

_NO_ANSWER: Final = 0
_REFUSED: Final = HTTPStatus.UNAUTHORIZED


@dataclass
class Watched:
    """What the clients observed. Times are in seconds."""

    acknowledged: int = 0
    unanswered: int = 0
    longest_wait: float = 0.0
    ended: list[str] = field(default_factory=list, repr=False)
    lost: list[str] = field(default_factory=list)


class Watch:
    """Clients of a service that sign in, refresh and sign out, and never give up a token that was acknowledged."""

    def __init__(self, url: str, username: str, password: str, client: aiohttp.ClientSession) -> None:
        self.watched = Watched()
        self._url = url.rstrip("/")
        self._credentials = {"username": username, "password": password}
        self._client = client
        self._end = 0.0

    def stop(self) -> None:
        """Let ``run`` end now."""
        self._end = 0.0

    async def run(self, seconds: float, *, clients: int = _CLIENTS) -> Watched:
        """Watch for this time; return what was observed, after a check that no ended session came back."""
        self._end = monotonic() + seconds
        await asyncio.gather(*(self._live() for _ in range(clients)))
        for token in self.watched.ended:
            if (await self._until_answered("/auth/refresh", {"refresh_token": token}))[0] != _REFUSED:
                self.watched.lost.append("a session that was ended goes on: its sign-out was acknowledged, and lost")
        return self.watched

    async def _live(self) -> None:
        while monotonic() < self._end:
            status, answer = await self._until_answered("/auth/login", self._credentials)
            if status != HTTPStatus.OK:
                self.watched.lost.append(f"a sign-in was refused with {status}")
                return
            token = await self._rotate(answer["refresh_token"])
            if token is None:
                self.watched.lost.append("a session was lost: a refresh token that was acknowledged is refused")
            else:
                await self._until_answered("/auth/logout", {"refresh_token": token})
                self.watched.ended.append(token)

    async def _rotate(self, token: str) -> str | None:
        """Return the last token, or ``None`` if one was refused that the service had given."""
        for _ in range(_ROTATIONS):
            if monotonic() >= self._end:
                break
            status, answer = await self._until_answered("/auth/refresh", {"refresh_token": token})
            if status == _REFUSED:
                return None
            token = answer["refresh_token"]
            await asyncio.sleep(_PAUSE_SECONDS)
        return token

    async def _until_answered(self, path: str, body: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """Ask again until the service answers something else than that it cannot answer now."""
        while True:
            started = monotonic()
            status, answer = await self._ask(path, body)
            self.watched.longest_wait = max(self.watched.longest_wait, monotonic() - started)
            if status not in (_NO_ANSWER, HTTPStatus.TOO_MANY_REQUESTS) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
                self.watched.acknowledged += 1
                return status, answer
            self.watched.unanswered += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _ask(self, path: str, body: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with self._client.post(f"{self._url}{path}", json=body) as response:
                text = await response.read()
                return response.status, await response.json(content_type=None) if text else {}
        return _NO_ANSWER, {}


async def _main(url: str, username: str, password: str, seconds: float) -> int:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_PATIENCE_SECONDS)) as client:
        watched = await Watch(url, username, password, client).run(seconds)
    print(  # noqa: T201  # a program
        f"{watched.acknowledged} answers, {watched.unanswered} requests that had to be sent again, the longest answer"
        f" after {watched.longest_wait:.1f} s."
    )
    for each in watched.lost or ["Nothing that was acknowledged is lost."]:
        print(each)  # noqa: T201  # as above
    return 1 if watched.lost else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Break a store while this runs. The password is on standard input.")
    parser.add_argument("url")
    parser.add_argument("username")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    sys.exit(asyncio.run(_main(given.url, given.username, sys.stdin.readline().rstrip("\n"), given.seconds)))

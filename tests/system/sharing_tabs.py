"""Browser tabs that share one stored refresh token, as the pages of a site share ``localStorage``."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector

from .load import PASSWORD, USERNAME
from .refreshing_clients import OK

TABS: Final = 8
_REFRESHES: Final = 2
"""How often each tab refreshes in a round."""

_UNAVAILABLE: Final = 503
_SPREAD_SECONDS: Final = 0.1
"""The refreshes of a round begin within this time."""

_SHORT_SECONDS: Final = 0.02
_LOST: Final = 0.3
"""The share of answers that a tab loses."""


class Browser:
    """Eight tabs, signed in once. Each tab reads the stored token, refreshes it, and stores what it got.

    A tab whose answer is lost asks again with the token that it has. It stores its answer also if another tab has
    stored a newer one. ``urls`` are the instances; each request goes to any of them.
    """

    def __init__(self, urls: Sequence[str], *, seed: int) -> None:
        self.seen: set[str] = set()
        self.requests: Counter[str] = Counter()
        self._urls = urls
        self._choose_instance = random.Random(seed)  # noqa: S311  # it only spreads requests
        self._choose = [random.Random(f"{seed} {tab}") for tab in range(TABS)]  # noqa: S311  # they only choose moments
        self._stored = ""
        self._held = [""] * TABS

    async def __aenter__(self) -> Self:
        self._client = ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def sign_in(self) -> None:
        """Sign in. Every tab has the first token."""
        status, granted = await self._post("/auth/login", {"username": USERNAME, "password": PASSWORD})
        assert status == OK, granted
        self._stored = granted["refresh_token"]
        self._held = [self._stored] * TABS

    async def refresh_in_all_tabs(self) -> None:
        """Let each tab refresh twice, at random moments."""
        await asyncio.gather(*(self._refresh(tab) for tab in range(TABS) for _ in range(_REFRESHES)))

    async def check_every_tab_continues(self) -> str:
        """Check that the service accepts the token that each tab has, and the stored one. Return the current token."""
        current = ""
        for token in (*self._held, self._stored):
            current = await self.refresh(token)
        self._stored = current
        self._held = [current] * TABS
        return current

    async def refresh(self, token: str) -> str:
        """Return the answer to ``token``, which must be a token. Ask again while the store does not answer."""
        while True:
            status, granted = await self._post("/auth/refresh", {"refresh_token": token})
            if status == OK:
                self.seen.add(granted["refresh_token"])
                return str(granted["refresh_token"])
            assert status == _UNAVAILABLE, f"the session has ended: {granted}"
            self.requests["refused with 503"] += 1

    async def _refresh(self, tab: int) -> None:
        choose = self._choose[tab]
        await asyncio.sleep(choose.uniform(0, _SPREAD_SECONDS))
        token = self._stored
        while choose.random() < _LOST:
            await self._lose_an_answer(token, choose)
            await asyncio.sleep(choose.uniform(0, _SHORT_SECONDS))
        got = await self.refresh(token)
        await asyncio.sleep(choose.choice((0, choose.uniform(0, _SHORT_SECONDS))))
        self._stored = self._held[tab] = got

    async def _lose_an_answer(self, token: str, choose: random.Random) -> None:
        """Send a request. Close the connection before its answer, or ignore the answer."""
        seconds = choose.choice((None, choose.uniform(0, _SHORT_SECONDS)))
        with suppress(TimeoutError, ClientError):
            async with asyncio.timeout(seconds):
                status, granted = await self._post("/auth/refresh", {"refresh_token": token})
                assert status in (OK, _UNAVAILABLE), f"the session has ended: {granted}"
        self.requests["whose answer was lost"] += 1

    async def _post(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.requests["in all"] += 1
        async with self._client.post(self._choose_instance.choice(self._urls) + path, json=body) as response:
            return response.status, await response.json()

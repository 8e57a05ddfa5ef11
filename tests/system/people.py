"""Clients that refresh all the time, and note what they saw."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from .history import Answer, Event, Refresh, SignOut
from .load import PASSWORD, USERNAME
from .processes import PATIENCE_SECONDS

OK: Final = 200
NO_CONTENT: Final = 204
UNAUTHORIZED: Final = 401

REVOCATION_SECONDS: Final = 5.0
"""In which every instance knows of a revocation."""

_RETRY_SECONDS: Final = 0.02
_TIMES_REFUSED: Final = 8
"""In a row: each time some worker takes the connection."""

_ANSWER_SECONDS: Final = 8.0


class People:
    """One session each, on any of several instances; as a context manager they sign in at its start. Each client sends
    one request at a time.
    """

    def __init__(self, urls: Sequence[str], number: int, *, seed: int = 0) -> None:
        self.urls = urls
        self.events: list[Event] = []
        self.tokens: list[str] = []
        self.access_tokens: list[str] = []
        self.first_tokens: list[str] = []
        self._number = number
        self._choose = random.Random(seed)  # noqa: S311  # it only spreads requests
        self.ended: set[int] = set()
        self._turns = [asyncio.Lock() for _ in range(number)]

    async def __aenter__(self) -> Self:
        self._client = ClientSession(
            connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), timeout=ClientTimeout(_ANSWER_SECONDS)
        )
        try:
            for _ in range(self._number):
                granted = await self._signed_in()
                self.first_tokens.append(granted["refresh_token"])
                self.access_tokens.append(granted["access_token"])
        except BaseException:
            await self._client.close()
            raise
        self.tokens = [*self.first_tokens]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def refresh_until(self, done: Callable[[], bool]) -> None:
        """Let everybody refresh, again and again, until ``done``."""
        await asyncio.gather(*(self._refresh_until(session, done) for session in range(self._number)))

    async def refresh(self, session: int, token: str | None = None) -> Refresh:
        """Present the session's newest token, or ``token``, once; take over the successor where there is one."""
        presented = self.tokens[session] if token is None else token
        status, answer = await self.post("/auth/refresh", {"refresh_token": presented})
        if status == OK:
            event = Refresh(session, presented, Answer.GRANTED, answer["refresh_token"])
            if token is None:
                self.tokens[session], self.access_tokens[session] = answer["refresh_token"], answer["access_token"]
        else:
            event = Refresh(session, presented, Answer.REFUSED if status == UNAUTHORIZED else Answer.UNKNOWN)
        self.events.append(event)
        return event

    async def refreshed(self, session: int, token: str | None = None) -> Refresh:
        """Refresh as above, again and again until that is answered: a machine can be busy."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (event := await self.refresh(session, token)).answer is Answer.UNKNOWN:  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(_RETRY_SECONDS)
        return event

    async def sign_out(self, session: int) -> None:
        """End the session, again and again until that is acknowledged."""
        self.ended.add(session)
        async with self._turns[session], asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status, _ = await self.post("/auth/logout", {"refresh_token": self.tokens[session]})
                if status == NO_CONTENT:
                    break
                self.events.append(SignOut(session, Answer.UNKNOWN))
                await asyncio.sleep(_RETRY_SECONDS)
        self.events.append(SignOut(session, Answer.GRANTED))

    async def see_all_go_on(self) -> None:
        """Present everybody's newest token until it is answered, and then the one before it: a client whose last
        answer got lost has that one.
        """
        for session in set(range(self._number)) - self.ended:
            predecessor = self.tokens[session]
            await self.refreshed(session)
            event = await self.refreshed(session, predecessor)
            assert event.successor == self.tokens[session], event
        for session in self.ended:
            await self.refreshed(session)

    async def post(self, path: str, body: dict[str, str], url: str | None = None) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer of some instance; 0 if none came."""
        try:
            async with self._client.post((url or self._choose.choice(self.urls)) + path, json=body) as response:
                text = await response.read()
                return response.status, await response.json() if text else {}
        except (ClientError, OSError, TimeoutError):
            return 0, {}

    async def me(self, session: int, url: str | None = None) -> int:
        """Return what an instance answers to the session's newest access token; 0 if no answer came."""
        headers = {"Authorization": f"Bearer {self.access_tokens[session]}", "Connection": "close"}
        try:
            async with self._client.get(
                f"{url or self._choose.choice(self.urls)}/auth/me", headers=headers
            ) as response:
                return response.status
        except (ClientError, OSError, TimeoutError):
            return 0

    async def see_the_ended_refused(self) -> None:
        """See the access tokens of the sessions that were ended refused, soon by whichever worker is asked."""
        for session in self.ended:
            refused = 0
            async with asyncio.timeout(REVOCATION_SECONDS):
                while refused < _TIMES_REFUSED:
                    refused = refused + 1 if await self.me(session) == UNAUTHORIZED else 0

    async def _signed_in(self) -> dict[str, Any]:
        """Sign in, again and again until that is answered: a machine can be busy."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                status, granted = await self.post("/auth/login", {"username": USERNAME, "password": PASSWORD})
                if status:
                    assert status == OK, (status, granted)
                    return granted

    async def _refresh_until(self, session: int, done: Callable[[], bool]) -> None:
        while not done() and session not in self.ended:
            async with self._turns[session]:
                event = await self.refresh(session)
            if event.answer is not Answer.GRANTED:
                await asyncio.sleep(_RETRY_SECONDS)

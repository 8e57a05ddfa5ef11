"""Signed-in clients that refresh repeatedly and record what they observe."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from .history import Answer, Event, Refresh, SignOut
from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS

OK: Final = 200
NO_CONTENT: Final = 204
UNAUTHORIZED: Final = 401

REVOCATION_SECONDS: Final = 5.0
"""Every instance refuses the access tokens of a revoked session after this time."""

_RETRY_SECONDS: Final = 0.02
_REFUSALS_IN_A_ROW: Final = 8
"""How many refusals in a row show that all workers know of a revocation: any worker may answer each request."""

_ANSWER_TIMEOUT_SECONDS: Final = 8.0


class RefreshingClients:
    """Clients of one or several instances, with one session each. They sign in when the context is entered. Each client
    sends one request at a time.
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
            connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), timeout=ClientTimeout(_ANSWER_TIMEOUT_SECONDS)
        )
        try:
            for _ in range(self._number):
                tokens = await self._sign_in()
                self.first_tokens.append(tokens["refresh_token"])
                self.access_tokens.append(tokens["access_token"])
        except BaseException:
            await self._client.close()
            raise
        self.tokens = [*self.first_tokens]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def refresh_until(self, stopped: Callable[[], bool]) -> None:
        """Let all clients refresh repeatedly until ``stopped`` returns true."""
        await asyncio.gather(*(self._refresh_until(session, stopped) for session in range(self._number)))

    async def refresh(self, session: int, token: str | None = None) -> Refresh:
        """Present ``token``, or the session's newest token and then keep its successor. Send one request only."""
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

    async def refresh_with_retries(self, session: int, token: str | None = None) -> Refresh:
        """Refresh as ``refresh`` does, and retry until there is an answer."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (event := await self.refresh(session, token)).answer is Answer.UNKNOWN:  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(_RETRY_SECONDS)
        return event

    async def sign_out(self, session: int) -> None:
        """End the session. Retry until the sign-out is acknowledged."""
        self.ended.add(session)
        async with self._turns[session], asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                status, _ = await self.post("/auth/logout", {"refresh_token": self.tokens[session]})
                if status == NO_CONTENT:
                    break
                self.events.append(SignOut(session, Answer.UNKNOWN))
                await asyncio.sleep(_RETRY_SECONDS)
        self.events.append(SignOut(session, Answer.GRANTED))

    async def check_sessions_continue(self) -> None:
        """Check that each session accepts its newest token and then the token before it, which returns the same
        successor. A client whose last answer was lost has the older token. Also present the tokens of ended sessions.
        """
        for session in set(range(self._number)) - self.ended:
            predecessor = self.tokens[session]
            await self.refresh_with_retries(session)
            event = await self.refresh_with_retries(session, predecessor)
            assert event.successor == self.tokens[session], event
        for session in self.ended:
            await self.refresh_with_retries(session)

    async def post(self, path: str, body: dict[str, str], url: str | None = None) -> tuple[int, dict[str, Any]]:
        """Send a request to ``url`` or to any instance. Return the status and the body; the status is 0 if there was no
        answer.
        """
        try:
            async with self._client.post((url or self._choose.choice(self.urls)) + path, json=body) as response:
                text = await response.read()
                return response.status, await response.json() if text else {}
        except (ClientError, OSError, TimeoutError):
            return 0, {}

    async def me(self, session: int, url: str | None = None) -> int:
        """Return the status of ``/auth/me`` for the session's newest access token; 0 if there was no answer."""
        headers = {"Authorization": f"Bearer {self.access_tokens[session]}", "Connection": "close"}
        try:
            async with self._client.get(
                f"{url or self._choose.choice(self.urls)}/auth/me", headers=headers
            ) as response:
                return response.status
        except (ClientError, OSError, TimeoutError):
            return 0

    async def check_ended_sessions_are_refused(self) -> None:
        """Check that soon every worker refuses the access tokens of ended sessions."""
        for session in self.ended:
            refused = 0
            async with asyncio.timeout(REVOCATION_SECONDS):
                while refused < _REFUSALS_IN_A_ROW:
                    refused = refused + 1 if await self.me(session) == UNAUTHORIZED else 0

    async def _sign_in(self) -> dict[str, Any]:
        """Sign in. Retry until there is an answer."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                status, tokens = await self.post("/auth/login", {"username": USERNAME, "password": PASSWORD})
                if status:
                    assert status == OK, (status, tokens)
                    return tokens

    async def _refresh_until(self, session: int, stopped: Callable[[], bool]) -> None:
        while not stopped() and session not in self.ended:
            async with self._turns[session]:
                event = await self.refresh(session)
            if event.answer is not Answer.GRANTED:
                await asyncio.sleep(_RETRY_SECONDS)

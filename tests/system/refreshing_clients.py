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
_UNAVAILABLE: Final = 503

REVOCATION_SECONDS: Final = 5.0
"""Every instance refuses the access tokens of a revoked session after this time."""

_SIGN_IN_SECONDS: Final = 6 * TIMEOUT_SECONDS
_RETRY_SECONDS: Final = 0.02
_REFUSALS_IN_A_ROW: Final = 8
"""How many refusals in a row show that all workers know of a revocation: any worker may answer each request."""

_ANSWER_TIMEOUT_SECONDS: Final = 8.0

ROTATIONS: Final = 28
"""After this number of rotations tests use another session: after 32 in one replay window none follows."""


class RefreshingClients:
    """Clients of one or several instances, with one session each. They sign in when the context is entered. Each client
    sends one request at a time. ``current`` are their sessions: a client that refreshes repeatedly signs in again after
    a number of rotations.
    """

    def __init__(self, urls: Sequence[str], number: int, *, seed: int = 0) -> None:
        self.urls = urls
        self.events: list[Event] = []
        self.tokens: list[str] = []
        self.access_tokens: list[str] = []
        self.first_tokens: list[str] = []
        self.current: list[int] = []
        self._number = number
        self._choose = random.Random(seed)  # noqa: S311  # it only spreads requests
        self.ended: set[int] = set()
        self._turns: list[asyncio.Lock] = []

    async def __aenter__(self) -> Self:
        self._client = ClientSession(
            connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), timeout=ClientTimeout(_ANSWER_TIMEOUT_SECONDS)
        )
        try:
            for _ in range(self._number):
                self.current.append(await self._sign_in())
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def refresh_until(self, stopped: Callable[[], bool]) -> None:
        """Let all clients refresh repeatedly until ``stopped`` returns true."""
        await asyncio.gather(*(self._refresh_until(client, stopped) for client in range(self._number)))

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
        """Check that each session continues. Also present the tokens of ended sessions."""
        for session in set(range(len(self.tokens))) - self.ended:
            await self.check_session_continues(session)
        for session in self.ended:
            await self.refresh_with_retries(session)

    async def check_session_continues(self, session: int) -> None:
        """Check that the session accepts its newest token twice, and then the two tokens before it, which return the
        same successor. A client whose last answers were lost has an older token.
        """
        older = []
        for _ in range(2):
            older.append(self.tokens[session])
            await self.refresh_with_retries(session)
        for token in older:
            event = await self.refresh_with_retries(session, token)
            assert event.successor == self.tokens[session], event

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

    async def _sign_in(self) -> int:
        """Sign in. Retry until there is an answer, also while a store is killed. Return the number of the session."""
        async with asyncio.timeout(_SIGN_IN_SECONDS):
            while True:
                status, tokens = await self.post("/auth/login", {"username": USERNAME, "password": PASSWORD})
                if status == OK:
                    break
                assert status in (0, _UNAVAILABLE), (status, tokens)
                await asyncio.sleep(_RETRY_SECONDS)
        self.first_tokens.append(tokens["refresh_token"])
        self.tokens.append(tokens["refresh_token"])
        self.access_tokens.append(tokens["access_token"])
        self._turns.append(asyncio.Lock())
        return len(self.tokens) - 1

    async def _refresh_until(self, client: int, stopped: Callable[[], bool]) -> None:
        requests = 0
        while not stopped() and self.current[client] not in self.ended:
            session = self.current[client]
            async with self._turns[session]:
                event = await self.refresh(session)
            requests += 1
            if event.answer is not Answer.GRANTED:
                await asyncio.sleep(_RETRY_SECONDS)
            elif requests >= ROTATIONS:
                self.current[client], requests = await self._sign_in(), 0

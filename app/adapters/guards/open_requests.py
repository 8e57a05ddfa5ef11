"""Requests that last longer than one answer, such as sockets and streams. They end with their access token.

Nothing is polled for them. The follower of the issuer calls ``recheck`` when revocations or keys have changed, and the
event loop wakes each request when its token expires.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from types import TracebackType
from typing import Final, Protocol

from ...domain.clocks.errors import ClockInDoubt
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InvalidToken
from ...domain.verifier.errors import KeysUnknown

_LEAST_PAUSE: Final = 0.05
"""Seconds until an expiry is looked at again, if the clock of the loop was ahead of the clock that counts."""

_DOUBT_SECONDS: Final = 2.0
"""Seconds until an expiry is looked at again, if nobody knows what time it is."""

_IN_STEP: Final = 100
"""A signature may have to be verified again, so that the event loop must get a turn in between."""


class OpenValidation(Protocol):
    """Validates a token again."""

    def validate(self, token: str) -> AccessTokenClaims:
        """Return the claims of a valid token. Raises a subclass of ``InvalidToken``, and ``ClockInDoubt``."""
        ...

    def recheck(self, claims: AccessTokenClaims) -> float:
        """Return for how many seconds validated claims are still accepted; raises as ``validate``."""
        ...


class OpenRequests:
    """The requests of one guard that are inside ``while_valid``. Any thread may call ``recheck``."""

    def __init__(self, validation: OpenValidation) -> None:
        self.validation = validation
        self._open: dict[WhileValid, None] = {}

    def __len__(self) -> int:
        """Return the number of open requests."""
        return len(self._open)

    def while_valid(
        self, token: str, claims: AccessTokenClaims, *, note: Callable[[InvalidToken], None] = lambda _: None
    ) -> "WhileValid":
        """Return a context that is cancelled when the token ends. ``note`` gets the reason just before."""
        return WhileValid(self, token, claims, note)

    def is_valid(self, claims: AccessTokenClaims) -> bool:
        """Return whether the session of a principal is not revoked and its token not expired, as far as is known."""
        try:
            self.validation.recheck(claims)
        except InvalidToken:
            return False
        except ClockInDoubt:
            return True
        return True

    def recheck(self, *, keys_changed: bool) -> None:
        """Cancel the requests whose token has ended. ``keys_changed`` says that signatures must be verified again."""
        by_loop: dict[asyncio.AbstractEventLoop, list[WhileValid]] = {}
        for each in tuple(self._open):
            by_loop.setdefault(each.loop, []).append(each)
        for loop, requests in by_loop.items():
            with suppress(RuntimeError):  # the loop has closed, and its requests with it
                loop.call_soon_threadsafe(_recheck_some, loop, iter(requests), keys_changed)

    def add(self, request: "WhileValid") -> None:
        """Let ``recheck`` look at a request."""
        self._open[request] = None

    def remove(self, request: "WhileValid") -> None:
        """Forget a request."""
        self._open.pop(request, None)


class WhileValid:
    """Cancels the block inside it when the access token ends: its session is revoked, its key dropped, or it expires.

    The block then raises the reason, a subclass of ``InvalidToken`` such as ``SessionRevoked`` or ``ExpiredToken``.
    """

    def __init__(
        self, requests: OpenRequests, token: str, claims: AccessTokenClaims, note: Callable[[InvalidToken], None]
    ) -> None:
        self._requests = requests
        self._note = note
        self._token = token
        self._claims = claims
        self._ended: InvalidToken | None = None
        self._expiry: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("while_valid must be used inside a task")
        self.loop, self._task, self._cancelling = asyncio.get_running_loop(), task, task.cancelling()
        self._requests.add(self)
        try:
            self._validate()
            self._wait_for_expiry()
        except InvalidToken as ended:
            self._requests.remove(self)
            self._note(ended)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._requests.remove(self)
        if self._expiry is not None:
            self._expiry.cancel()
        if self._ended is None:
            return
        if kind is None:
            with suppress(asyncio.CancelledError):  # the block ended before its cancellation arrived
                await asyncio.sleep(0)
        if self._task.uncancel() <= self._cancelling and (kind is None or issubclass(kind, asyncio.CancelledError)):
            raise self._ended from error

    def recheck(self, *, keys_changed: bool) -> None:
        """Cancel the block if the token has ended. The loop of the request calls this."""
        if self._ended is not None or self not in self._requests._open:  # noqa: SLF001  # the two are one mechanism
            return
        try:
            if keys_changed:
                self._validate()
            self._wait_for_expiry()
        except InvalidToken as ended:
            self._ended = ended
            self._note(ended)
            self._task.cancel()

    def _validate(self) -> None:
        """Verify the signature again with the keys that are trusted now. Raises ``InvalidToken``."""
        with suppress(KeysUnknown, ClockInDoubt):
            self._requests.validation.validate(self._token)

    def _wait_for_expiry(self) -> None:
        """Set the timer. Raises ``InvalidToken`` if the token has ended."""
        if self._expiry is not None:
            self._expiry.cancel()
        try:
            seconds = max(self._requests.validation.recheck(self._claims), _LEAST_PAUSE)
        except ClockInDoubt:
            seconds = _DOUBT_SECONDS
        self._expiry = self.loop.call_later(seconds, lambda: self.recheck(keys_changed=False))


def _recheck_some(loop: asyncio.AbstractEventLoop, rest: Iterable[WhileValid], keys_changed: bool) -> None:  # noqa: FBT001  # a callback of the loop
    """Look at some requests, and at the others in the next step of the loop."""
    some = [*islice(rest, _IN_STEP)]
    for each in some:
        each.recheck(keys_changed=keys_changed)
    if len(some) == _IN_STEP:
        loop.call_soon(_recheck_some, loop, rest, keys_changed)

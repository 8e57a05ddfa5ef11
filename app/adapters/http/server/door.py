"""Refuse requests for tokens at the door, before they cost anything."""

import os
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextvars import copy_context
from itertools import cycle
from typing import Final

from aiohttp import web
from aiohttp.helpers import rfc822_formatted_time

from ....domain.errors import Overloaded
from ....domain.overload.timed_queue import TimedQueue
from ....domain.sessions import ratchet
from ....domain.sessions.refresh_room import RefreshRoom
from ...errors.aiohttp import error_format
from ...request_context import REQUEST_ID

REFRESH_PATH: Final = "/auth/refresh"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105  # a path

AT_THE_DOOR: Final = "door"
"""The reason of a request that was refused before it was read."""

_REFRESH: Final = b"POST /auth/refresh HTTP/1.1\r\n"
_TOKEN: Final = b"POST /oauth/token HTTP/1.1\r\n"
_REFRESH_TOKEN: Final = re.compile(rb"ktr_[A-Za-z0-9_-]{87}")
_SHARE: Final = 0.5
"""The share of the queue that the door fills. Who was let in finds a place, even if the queue has become slower."""

_ORIGIN: Final = b"rigin:"
_CLIENT_CREDENTIALS: Final = b"grant_type=client_credentials"

_REQUEST_ID: Final = b"0123456789abcdef"
_DATE: Final = b"Thu, 01 Jan 1970 00:00:00 GMT"
"""Placeholders."""

_IDS_AT_ONCE: Final = 256


class Door:
    """Refuses requests for tokens while too many wait. A refusal needs no parser, no task and no line of the log.

    So it costs a small part of what a request costs, and a service that gets five times as many requests as it can
    answer still answers most of what it could. ``retry_after`` is the longest ``Retry-After`` in seconds. ``headers``
    are those of every response. With ``cross_origin``, requests of web pages of other origins come in: their responses
    need more headers.
    """

    def __init__(
        self,
        room: RefreshRoom,
        client_credentials: TimedQueue,
        *,
        retry_after: int,
        headers: Mapping[str, str],
        cross_origin: bool = False,
    ) -> None:
        self._room = room
        self._client_credentials = client_credentials
        self._cross_origin = cross_origin
        self._request_ids = _request_ids()
        self._seconds = cycle(range(1, retry_after + 1))
        self._texts = {path: _refusals(path, retry_after, headers) for path in (REFRESH_PATH, TOKEN_PATH)}
        self._dated: Mapping[str, Sequence[bytes]] = {}
        self._dated_at = 0
        self._coming = 0
        self._refused: Counter[tuple[str, str]] = Counter()

    def answer(self, request: bytes) -> bytes | None:
        """Return the response to a request that is refused, and nothing (``b""``) for one that may come in.

        ``request`` is a whole request. For one that does not ask for tokens, the answer is ``None``. The caller calls
        ``came_in`` when a request that may come in is handled, or will not be.
        """
        if request.startswith(_REFRESH):
            path = REFRESH_PATH
        elif request.startswith(_TOKEN):
            path = TOKEN_PATH
        else:
            return None
        if self._admits(request):
            self._coming += 1
            return b""
        self._refused[path, AT_THE_DOOR] += 1
        return self._texts_of_this_second()[path][next(self._seconds) - 1].replace(_REQUEST_ID, next(self._request_ids))

    def came_in(self) -> None:
        """Count a request that may come in no more: it is handled now."""
        self._coming -= 1

    def refused(self, path: str, reason: str) -> int:
        """Count a request that came in and was refused later. Return its ``Retry-After`` in seconds."""
        self._refused[path, reason] += 1
        return next(self._seconds)

    def take_refused(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests were refused since the last call, by their path and the reason."""
        refused, self._refused = self._refused, Counter()
        return refused

    def _admits(self, request: bytes) -> bool:
        if self._cross_origin and _ORIGIN in request:
            return True
        if _CLIENT_CREDENTIALS in request:
            return not self._client_credentials.is_full(coming=self._coming, share=_SHARE)
        if not self._room.queue.is_full(coming=self._coming, share=_SHARE):
            return True
        token = _REFRESH_TOKEN.search(request)
        return self._room.admits(ratchet.secret_of(token[0]) if token else None, coming=self._coming)

    def _texts_of_this_second(self) -> Mapping[str, Sequence[bytes]]:
        now = int(time.time())
        if now != self._dated_at:
            date = rfc822_formatted_time().encode()
            self._dated = {path: [text.replace(_DATE, date) for text in texts] for path, texts in self._texts.items()}
            self._dated_at = now
        return self._dated


DOOR: Final = web.AppKey("keyturn_door", Door)


def _request_ids() -> Iterator[bytes]:
    """Return new request ids without end. The kernel is asked for many at once: each time takes a microsecond."""
    length = len(_REQUEST_ID)
    while True:
        many = os.urandom(_IDS_AT_ONCE * length // 2).hex().encode()
        for at in range(0, len(many), length):
            yield many[at : at + length]


def _refusals(path: str, retry_after: int, headers: Mapping[str, str]) -> list[bytes]:
    """Return a refusal with each ``Retry-After`` up to ``retry_after`` seconds, so that not all clients come back at
    the same time. Each has the placeholders of the request id and of the date.
    """
    return [copy_context().run(_refusal, path, seconds, headers) for seconds in range(1, retry_after + 1)]


def _refusal(path: str, retry_after: int, headers: Mapping[str, str]) -> bytes:
    REQUEST_ID.set(_REQUEST_ID.decode())
    response = error_format(path).render(Overloaded(retry_after=retry_after))
    lines = {
        **response.headers,
        "X-Request-Id": _REQUEST_ID.decode(),
        **headers,
        "Content-Length": str(len(response.body)),
        "Date": _DATE.decode(),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {response.status.value} {response.status.phrase}\r\n{head}\r\n".encode() + response.body

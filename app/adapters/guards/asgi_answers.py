"""The answers of the guard on ASGI: to HTTP requests, and to WebSockets before and after they are accepted."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from ...domain.errors import KeyturnError
from ...domain.tokens.errors import InvalidToken
from ..errors.format import ErrorResponse
from .access import Access
from .asgi_types import Message, Scope, Send

ACCESS: Final = "keyturn.access"
"""The key of the access in a scope."""

POLICY_VIOLATION: Final = 1008
"""The code of a close that says why (RFC 6455 §7.4.1)."""

_NORMAL: Final = 1000
_DENIAL: Final = "websocket.http.response"
_BEGINNINGS: Final = frozenset(
    {"http.response.start", "websocket.accept", "websocket.close", f"{_DENIAL}.start"},
)
_MAX_REASON: Final = 123
"""The most bytes of the reason of a close (RFC 6455 §5.5.1)."""


async def refuse(response: ErrorResponse, scope: Scope, send: Send) -> None:
    """Send the response to a refusal. A WebSocket gets it where the server can send one, else a close before the
    accept, which servers make a 403.
    """
    prefix = "http.response"
    if scope["type"] == "websocket":
        if _DENIAL not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
            return
        prefix = _DENIAL
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": f"{prefix}.start", "status": int(response.status), "headers": headers})
    await send({"type": f"{prefix}.body", "body": response.body})


class Answer:
    """The answer of an application to one request. If the application's checks refused the request, the answer of the
    guard takes the place of the application's error.
    """

    __slots__ = ("_access", "_begun", "_refuse", "_scope", "_send", "_socket_is_open", "is_replaced")

    def __init__(
        self, access: Access, scope: Scope, send: Send, refuse_: Callable[[KeyturnError], ErrorResponse]
    ) -> None:
        self._access = access
        self._scope = scope
        self._send = send
        self._refuse = refuse_
        self._begun = False
        self._socket_is_open = False
        self.is_replaced = False

    async def send(self, message: Message) -> None:
        """Pass on what the application sends."""
        if self.is_replaced:
            return
        kind = message["type"]
        if not self._begun and kind in _BEGINNINGS:
            if self._access.refusal is not None and _is_an_error(message):
                await self.refuse(self._access.refusal)
                return
            self._begun = True
            self._socket_is_open = kind == "websocket.accept"
        elif kind == "websocket.close":
            refusal = self._access.refusal
            if isinstance(refusal, InvalidToken) or (refusal is not None and message.get("code", _NORMAL) != _NORMAL):
                await self._close(refusal)
                return
            self._socket_is_open = False
        await self._send(message)

    async def refuse(self, refusal: KeyturnError) -> bool:
        """Answer with a refusal. Return whether that is possible: once an answer has begun, only a socket is closed."""
        if self.is_replaced:
            return True
        if self._begun:
            return await self._close(refusal)
        self._begun = self.is_replaced = True
        await refuse(self._refuse(refusal), self._scope, self._send)
        return True

    async def _close(self, refusal: KeyturnError) -> bool:
        """Close a WebSocket that was accepted. Return whether it was one."""
        if not self._socket_is_open:
            return False
        self._socket_is_open, self.is_replaced = False, True
        reason = refusal.description.encode()[:_MAX_REASON].decode(errors="ignore")
        await self._send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason})
        return True


def _is_an_error(message: Message) -> bool:
    """Return whether a message begins an answer that says that the request failed."""
    if message["type"] == "websocket.close":
        return True
    status = message.get("status")
    return isinstance(status, int) and (status == HTTPStatus.FORBIDDEN or status >= HTTPStatus.INTERNAL_SERVER_ERROR)

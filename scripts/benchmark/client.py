"""A minimal HTTP client with keep-alive connections. It supports only what the measured servers send.

Client and server share two cores, so a client that does less disturbs the figures less.
"""

import asyncio
import json
import re
from typing import Any, Final, Self
from urllib.parse import urlencode

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class UnexpectedAnswer(Exception):
    """The server answered with another status than 200 or 201."""


class Connection:
    """One connection to a server on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Open a connection."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        """Send a request. Return the body of the answer."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(content_length(head))
        if b" 20" not in head[:12]:
            raise UnexpectedAnswer(head.split(b"\r\n")[0].decode("ascii"))
        return body


def content_length(head: bytes) -> int:
    """Return the length of the body that follows ``head``."""
    match = _LENGTH.search(head)
    return int(match[1]) if match else 0


def get(path: str, access_token: str | None = None) -> bytes:
    """Return a GET request."""
    bearer = "" if access_token is None else f"Authorization: Bearer {access_token}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n{bearer}\r\n".encode("ascii")


def post(path: str, access_token: str | None = None, /, **members: object) -> bytes:
    """Return a POST request with a JSON object."""
    bearer = "" if access_token is None else f"Authorization: Bearer {access_token}\r\n"
    body = json.dumps(members, separators=(",", ":"))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n"
        f"{bearer}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode("ascii")


def form(path: str, **parameters: str) -> bytes:
    """Return a POST request with a form."""
    body = urlencode(parameters)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode("ascii")


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body."""
    found: dict[str, Any] = json.loads(body)
    return found

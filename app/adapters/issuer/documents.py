"""Fetch documents from another service, with limited time and memory."""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, hdrs

from ...domain.verifier.errors import IssuerFault
from .unreachable import reason

_TIMEOUT_SECONDS: Final = 5.0
_CHUNK_BYTES: Final = 65_536
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})\"?(?:$|[,\s])", re.IGNORECASE)
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Document:
    """A response: 200 with a body, or another status that the caller accepts, without its body.

    ``max_age`` is how many seconds the document may still be cached; ``None`` if the response does not say it.
    """

    status: int
    body: bytes = field(repr=False)
    etag: str | None
    max_age: float | None


def client_session() -> ClientSession:
    """Return a client that stores no cookies and does not decompress: a small response could become gigabytes."""
    return ClientSession(
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        headers={hdrs.ACCEPT_ENCODING: "identity", hdrs.USER_AGENT: "keyturn-guard"},
        timeout=ClientTimeout(total=_TIMEOUT_SECONDS),
    )


async def fetch(
    client: ClientSession,
    url: str,
    *,
    media_types: Collection[str],
    max_bytes: int,
    headers: Mapping[str, str] = _NO_HEADERS,
    other_statuses: Collection[int] = (),
) -> Document:
    """Return the document at ``url``: a response 200 of one of ``media_types`` with at most ``max_bytes``, or a
    response with one of the ``other_statuses``. Redirects are not followed.

    Raises ``IssuerFault`` for every other response, and after 5 seconds.
    """
    try:
        async with client.get(url, headers=headers, allow_redirects=False) as response:
            if response.status in other_statuses:
                return Document(response.status, b"", None, None)
            _check(response, url, media_types)
            return Document(response.status, await _body(response, url, max_bytes), _etag(response), _max_age(response))
    except (ClientError, OSError, asyncio.TimeoutError, ValueError) as error:  # noqa: UP041  # aiohttp's name for it
        raise IssuerFault(f"{url} cannot be fetched. {reason(error)}") from error


def _check(response: ClientResponse, url: str, media_types: Collection[str]) -> None:
    if response.status != HTTPStatus.OK:
        raise IssuerFault(f"{url} answers {response.status}.")
    if response.content_type not in media_types:
        raise IssuerFault(f"{url} does not have the media type {' or '.join(media_types)}.")
    if response.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise IssuerFault(f"{url} is compressed, although no compression was requested.")


async def _body(response: ClientResponse, url: str, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise IssuerFault(f"{url} has more than {max_bytes} bytes.")
    return bytes(body)


def _etag(response: ClientResponse) -> str | None:
    return response.headers.get(hdrs.ETAG)


def _max_age(response: ClientResponse) -> float | None:
    """Return the seconds for which the document is still fresh (RFC 9111 §4.2)."""
    max_age = _MAX_AGE.search(response.headers.get(hdrs.CACHE_CONTROL, ""))
    age = response.headers.get(hdrs.AGE, "0")
    if max_age is None:
        return None
    return max(0.0, float(max_age[1]) - (float(age) if re.fullmatch("[0-9]{1,9}", age) else 0.0))

"""What the proxies before the service pass on. The doctor listens in the place of the service to see it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, hdrs, web

from ...adapters.http.requests.client_address import client_address, is_trusted, peer_address
from ...adapters.http.server.binding import bind
from ...adapters.http.server.listening import place, release
from ...adapters.issuer.documents import client_session
from ...adapters.issuer.unreachable import reason
from ...domain.errors import ConfigurationError
from ...domain.network import UNIX
from .examination import Examination
from .finding import Result, fault, ok, skipped, warning

_PATH: Final = "/livez"
_ANY_PORT: Final = 9
_MARK: Final = "X-Keyturn-Doctor"
_FORWARDED_FOR: Final = "X-Forwarded-For"
_FORWARDED_PROTO: Final = "X-Forwarded-Proto"
_FORGED: Final = "192.0.2.1"
"""An address that nobody has (RFC 5737)."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A request as it came to the address of the service. ``own`` is the address of this machine towards the URL."""

    path: str
    peer: str
    own: str
    forwarded_for: Sequence[str]
    scheme: str | None


async def proxy(examination: Examination) -> AsyncIterator[Result]:
    """Send a request to the URL. If the service does not run, say what of it came to the address of the service."""
    mark, seen = secrets.token_urlsafe(12), list[_Seen]()
    url = f"{(examination.url or '').rstrip('/')}{_PATH}"
    async with _listening(examination, mark, seen):
        try:
            own = await _own_address(url)
            async with client_session() as client:
                examination.asked_at = time.time()
                headers = {_MARK: mark, _FORWARDED_FOR: _FORGED}
                async with client.get(url, headers=headers, allow_redirects=False) as response:
                    status = response.status
                    examination.date = response.headers.get(hdrs.DATE)
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            yield fault(f"{url} cannot be fetched. {reason(error)} Correct the proxy, or --url.")
            return
    if seen:
        for each in _judge(examination, replace(seen[0], own=own)):
            yield each
    elif status == HTTPStatus.OK:
        examination.is_running = True
        yield skipped(
            "The service runs, so that this command cannot see what the proxy passes on. Run it while the service is"
            " stopped to check the path, X-Forwarded-For and X-Forwarded-Proto."
        )
    else:
        here = place(examination.settings.host, examination.settings.port)
        yield fault(
            f"{url} answers {status}, and the request came to no service at {here}. Let the proxy pass it there."
        )


@asynccontextmanager
async def _listening(examination: Examination, mark: str, seen: list[_Seen]) -> AsyncIterator[None]:
    """Listen at the address of the service, unless it is in use. Other requests than that with ``mark`` get a 503."""

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.headers.get(_MARK) != mark:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={hdrs.RETRY_AFTER: "5"})
        lines = request.headers.getall(_FORWARDED_FOR, ())
        scheme = request.headers.get(_FORWARDED_PROTO)
        seen.append(_Seen(request.path, peer_address(request) or "", "", lines, scheme))
        return web.Response()

    try:
        settings = examination.settings
        sockets = await bind(settings.host, settings.port, mode=settings.socket_mode)
    except ConfigurationError:  # the check of the address says why
        yield
        return
    runner = web.ServerRunner(web.Server(answer))
    try:
        await runner.setup()
        for each in sockets:
            await web.SockSite(runner, each).start()
        yield
    finally:
        await runner.cleanup()
        release(sockets)


async def _own_address(url: str) -> str:
    """Return the address from which this machine connects to a URL. Nothing is sent. Raises ``OSError``."""
    parts = urlsplit(url)
    remote = (parts.hostname or "", parts.port or _ANY_PORT)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=remote
    )
    try:
        return str(transport.get_extra_info("sockname")[0])
    finally:
        transport.close()


def _judge(examination: Examination, seen: _Seen) -> Iterator[Result]:
    yield _path(examination, seen)
    yield _client(examination, seen)
    expected = urlsplit(examination.url or "").scheme
    if seen.scheme is not None and seen.scheme != expected:
        yield warning(
            f"The proxy sends X-Forwarded-Proto: {seen.scheme[:16]!r}, and clients use {expected}. Keyturn does not"
            " read it, but an application beside it may. Let the proxy that ends TLS set it."
        )


def _path(examination: Examination, seen: _Seen) -> Result:
    prefix = examination.settings.issuer_path
    if seen.path == _PATH:
        return ok(f"The proxy strips {prefix} from the path." if prefix else "Paths come as clients send them.")
    if seen.path == prefix + _PATH:
        return fault(f"The proxy passes {prefix} on, and the service knows no such path. Let the proxy strip {prefix}.")
    return fault(f"The proxy turned the path {_PATH} into {seen.path!r}. Let it pass the path on.")


def _client(examination: Examination, seen: _Seen) -> Result:
    """Judge the address that the service would take for that of the client."""
    trusted = examination.settings.trusted_networks
    addresses = [each.strip() for each in ",".join(seen.forwarded_for).split(",")]
    if not is_trusted(seen.peer, trusted):
        return _of_untrusted(seen, addresses)
    passed_on = client_address(seen.peer, seen.forwarded_for, trusted) == _FORGED
    if passed_on and addresses[-2:] != [_FORGED, seen.own]:  # this machine may be in a trusted network itself
        return fault(
            f"The proxy {seen.peer} is trusted and passes on the X-Forwarded-For of clients, which can name any"
            " address. Let it append the address that it sees."
        )
    if not any(addresses):
        return fault(
            f"The proxy {seen.peer} is trusted and sends no X-Forwarded-For, so that all clients share its rate limits."
            " Let it send the address that it sees."
        )
    return ok(f"The proxy {seen.peer} is trusted, and tells the addresses of clients.")


def _of_untrusted(seen: _Seen, addresses: Sequence[str]) -> Result:
    """Judge a connection whose ``X-Forwarded-For``, with these addresses, the service would not read."""
    trust_it = f"set KEYTURN_TRUSTED_PROXIES={seen.peer}, or the network of the proxies"
    if not any(addresses):
        return fault(
            f"The proxy {seen.peer} sends no X-Forwarded-For, so that all clients share its rate limits. Let it send"
            f" the address that it sees, and {trust_it}."
        )
    if addresses == [_FORGED] and seen.peer != UNIX:
        text = f"Requests come from {seen.peer}, and no proxy adds to X-Forwarded-For"
        if seen.peer == seen.own:
            return ok(f"{text}.")
        return warning(f"{text}. If this is a proxy, let it append the address that it sees, and {trust_it}.")
    return fault(
        f"The proxy {seen.peer} sends X-Forwarded-For and is not trusted, so that all clients share its rate limits."
        f" {trust_it[:1].upper()}{trust_it[1:]}."
    )

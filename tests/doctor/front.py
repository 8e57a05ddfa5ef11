"""A proxy before the service, which does what a test tells it to do."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession, web


@dataclass(frozen=True, kw_only=True)
class Front:
    """Passes requests on to ``port``: those below the path ``strip``, without it.

    ``forwarded_for`` says whether to ``append`` the client's address to the header, ``pass`` it on, or ``drop`` it.
    ``added`` are headers of requests, ``changed`` are headers of responses.
    """

    port: int
    strip: str = ""
    forwarded_for: str = "append"
    added: tuple[tuple[str, str], ...] = ()
    changed: tuple[tuple[str, str], ...] = ()

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Return the response of the service."""
        headers = request.headers.copy()
        forwarded = headers.popall("X-Forwarded-For", ())
        if self.forwarded_for == "append":
            forwarded = (*forwarded, request.remote or "")
        if self.forwarded_for != "drop" and forwarded:
            headers["X-Forwarded-For"] = ", ".join(forwarded)
        headers.update(self.added)
        url = f"http://127.0.0.1:{self.port}{request.path.removeprefix(self.strip)}"
        try:
            async with ClientSession() as client, client.get(url, headers=headers) as answer:
                passed = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
                body = await answer.read()
                return web.Response(body=body, status=answer.status, headers={**passed, **dict(self.changed)})
        except OSError:
            return web.Response(status=502)


_PASSED = ("Content-Type", "Cache-Control", "Date", "ETag")


@asynccontextmanager
async def running_front(front: Front, *, at: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run the proxy at a port, or at any free one; yield the URL of the service behind it."""
    runner = web.ServerRunner(web.Server(front))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", at, ssl_context=tls)
    await site.start()
    try:
        scheme, host = ("http", "127.0.0.1") if tls is None else ("https", "localhost")
        yield f"{scheme}://{host}:{runner.addresses[0][1]}{front.strip}"
    finally:
        await runner.cleanup()

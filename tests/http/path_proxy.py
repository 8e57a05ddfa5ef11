"""A proxy that removes a path from each request, as nginx and Caddy can, for a service below that path."""

from typing import Final, Self

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer

_HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "content-length", "transfer-encoding"})
_METADATA: Final = "/.well-known/oauth-authorization-server"


class PathProxy:
    """Passes on what is below ``path``, without this path. Another site has the rest of the host.

    With ``passes_metadata`` it also passes on the place of RFC 8414 §3.1, which is not below the path, as it is.
    """

    def __init__(self, path: str, *, passes_metadata: bool = True) -> None:
        self._path = path
        self._metadata = _METADATA + path if passes_metadata else None
        self.service_url = ""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        self._client = ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False)
        self.url = f"http://127.0.0.1:{self._server.port}{self._path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._server.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        target = request.raw_path
        if request.path != self._metadata:
            if not target.startswith(f"{self._path}/"):
                return web.Response(text="<h1>The other site</h1>", content_type="text/html")
            target = target.removeprefix(self._path)
        async with self._client.request(
            request.method,
            self.service_url + target,
            headers=request.headers,
            data=await request.read(),
            allow_redirects=False,
        ) as answer:
            headers = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
            response = web.Response(status=answer.status, body=await answer.read())
            response.headers.clear()
            response.headers.extend(headers)
            return response

"""Clients of a deployment, as browsers are: they keep cookies, check certificates and resolve names."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout, CookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.system.processes import TIMEOUT_SECONDS

OK: Final = 200


@dataclass(frozen=True)
class Front:
    """Where clients reach a deployment. ``issuer`` is its URL. ``authority`` is the certificate that they trust.

    ``address`` is that of this machine on which the deployment is reached. ``page`` is the origin of the page whose
    scripts send the requests, if it is another one.
    """

    issuer: str
    authority: Path | None = None
    address: str = "127.0.0.1"
    page: str | None = None


class _Resolver(AbstractResolver):
    """Resolves every name to one address."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        found = ResolveResult(
            hostname=host, host=self._address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [found]

    async def close(self) -> None:
        pass


class Browser:
    """A client with cookies of its own. Of a page of another origin, it keeps no cookies, but the device token."""

    def __init__(self, front: Front, session: ClientSession) -> None:
        self._front = front
        self._session = session
        self._device: dict[str, Any] = {} if front.page is None else {"return_device_token": True}

    async def sign_in(self, username: str, password: str) -> tuple[int, dict[str, Any]]:
        """Sign in. Return the status and the members of the answer."""
        body = {"username": username, "password": password, **self._device}
        status, answer = await self.ask("POST", "/auth/login", json=body)
        if self._front.page is not None and status == OK:
            self._device["device_token"] = answer["device_token"]
        return status, answer

    async def refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        """Refresh. Return the status and the members of the answer."""
        return await self.ask("POST", "/auth/refresh", json={"refresh_token": token})

    async def get(self, path: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
        """Get a path, with an access token. Return the status and the members of the answer."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return await self.ask("GET", path, headers=headers)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
        """Send a request below the issuer. Return the status and the members of the answer."""
        headers = options.pop("headers", {}) | ({} if self._front.page is None else {"Origin": self._front.page})
        url = self._front.issuer + path
        async with self._session.request(method, url, headers=headers, **options) as answer:
            if self._front.page is not None:
                assert answer.headers["Access-Control-Allow-Origin"] in (self._front.page, "*")
                assert "Access-Control-Allow-Credentials" not in answer.headers
            is_json = answer.content_type.endswith("json")
            return answer.status, await answer.json(content_type=None) if is_json else {}


@asynccontextmanager
async def browser(front: Front, source: str | None = None) -> AsyncIterator[Browser]:
    """Yield a client. ``source`` is the address that it sends from."""
    trusted = True if front.authority is None else ssl.create_default_context(cafile=front.authority)
    address = front.address if source is None or ":" in source else "127.0.0.1"
    connector = TCPConnector(
        resolver=_Resolver(address), ssl=trusted, local_addr=None if source is None else (source, 0)
    )
    jar = CookieJar(unsafe=True)
    async with ClientSession(connector=connector, cookie_jar=jar, timeout=ClientTimeout(TIMEOUT_SECONDS)) as session:
        if front.page is not None:
            jar.update_cookies = lambda *_: None  # type: ignore[method-assign]  # as in a request without credentials
        yield Browser(front, session)
    await asyncio.sleep(0)

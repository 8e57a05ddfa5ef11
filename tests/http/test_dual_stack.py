"""A service that listens for clients of IPv6 and IPv4 at one socket."""

import asyncio

import pytest
from aiohttp import ClientSession, ClientTimeout

from app.adapters.http.server.binding import bind
from app.testing.builders import PASSWORD

from .log_lines import LogLines
from .service import Service


async def test_clients_of_ipv4_have_their_own_address(service: Service, log: LogLines) -> None:
    """Sessions and the log show the address of an IPv4 client, not the form to which the kernel maps it. So does the
    line about a request that cannot be read.
    """
    (listening,) = await bind("*", 0)
    if listening.family.name != "AF_INET6":
        listening.close()
        pytest.skip("this machine has no IPv6")
    await service.runner.listen([listening])
    port = listening.getsockname()[1]
    members = {"username": "alice", "password": PASSWORD}
    async with ClientSession(timeout=ClientTimeout(total=20)) as client:
        for host in ("127.0.0.1", "[::1]"):
            async with client.post(f"http://{host}:{port}/auth/login", json=members) as answer:
                tokens = await answer.json()
    listed = (await service.ask("GET", "/auth/sessions", token=tokens["access_token"])).json()
    assert {each["address"] for each in listed["sessions"]} == {"127.0.0.1", "::1"}
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"rubbish\r\n\r\n")
    await reader.read()
    writer.close()
    assert "::ffff:" not in log.text()
    assert '"127.0.0.1"' in log.text()

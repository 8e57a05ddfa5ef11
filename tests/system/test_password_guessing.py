"""Guessing one user's password from many addresses, at two instances at once."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from tests.conftest import Proof

from .backends import Backend
from .flood import source_address
from .load import PASSWORD, USERNAME
from .processes import running

_RATE_LIMITS: Final = {
    "LOGIN_ACCOUNT_BUDGET": "40/80h",
    "LOGIN_DEVICE_BUDGET": "10/20h",
    "STORE_TIMEOUT": "20s",
    "PASSWORD_HASH_QUEUE": "1000",
}
_AT_ONCE: Final = 20


async def sign_in(url: str, address: str, **members: str) -> tuple[int, str]:
    """Sign in from an address. Return the status, and the device token or an empty string."""
    connector = TCPConnector(local_addr=(address, 0))
    async with (
        ClientSession(url, connector=connector, cookie_jar=DummyCookieJar()) as client,
        client.post("/auth/login", json={"username": USERNAME, **members}) as answer,
    ):
        cookie = answer.cookies.get("keyturn_device")
        return answer.status, "" if cookie is None else cookie.value


@pytest.mark.proof("login")
async def test_guesses_from_many_addresses_are_limited(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """When many addresses guess one user's password at two instances, exactly as many attempts as the account's rate
    limit allows are verified. The owner can sign in from a known device.
    """
    guesses = proof.count("addresses that guess", small=120, full=1_000)
    with ExitStack() as services:
        urls = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            urls.append(services.enter_context(running(folder, {**store.settings, **_RATE_LIMITS})).url)
        status, device = await sign_in(urls[0], "127.200.0.1", password=PASSWORD)
        assert status == 200
        gate = asyncio.Semaphore(_AT_ONCE)

        async def guess(number: int, url: str) -> int:
            async with gate:
                return (await sign_in(url, source_address(number), password="wrong wrong"))[0]  # noqa: S106  # a guess

        statuses = Counter(await asyncio.gather(*map(guess, range(guesses), cycle(urls))))
        assert statuses == {401: 40, 429: guesses - 40}
        assert (await sign_in(urls[1], "127.200.0.2", password=PASSWORD))[0] == 429
        for url in urls:
            assert (await sign_in(url, "127.200.0.3", password=PASSWORD, device_token=device))[0] == 200
    proof.measured("statuses", {str(status): times for status, times in statuses.items()})

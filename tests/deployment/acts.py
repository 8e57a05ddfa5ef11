"""The script for every deployment: sign in, refresh, known device under attack, guard, log out, restart."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession

from tests.system.load import PASSWORD
from tests.system.processes import Service, running

from .clients import OK, Browser, Front, browser

_NO_CONTENT: Final = 204
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_REVOCATION_SECONDS: Final = 15.0
"""A guard notices within 5 seconds that a session has ended. This machine may be three times slower."""

ADDRESS_LIMIT: Final = 2
"""Failed sign-ins of one address before it is refused."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A way to run Keyturn. ``start`` starts it, again with the same data.

    ``account_limit`` is the number of failed sign-ins to one account. ``strangers`` are the addresses of those who
    guess. They are enough to use up the limit.
    """

    front: Front
    start: Callable[[], AbstractContextManager[Service]]
    username: str
    account_limit: int
    strangers: Sequence[str]


async def run_acts(deployment: Deployment, folder: Path) -> None:
    """Run the script."""
    async with browser(deployment.front) as owner, browser(deployment.front) as second:
        with deployment.start() as service:
            granted = await _sign_in_and_refresh(owner, deployment)
            kept = await _sign_in_and_refresh(second, deployment)
            await _attack(deployment, owner)
            await _log_out(deployment, owner, granted, folder)
            service.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(service.exit_status) == 0
        with deployment.start() as service:
            await _go_on(deployment, second, kept)
            service.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(service.exit_status) == 0


async def _sign_in_and_refresh(client: Browser, deployment: Deployment) -> dict[str, Any]:
    """Return the tokens of a session that was refreshed once. The token before gets the same one again."""
    status, first = await client.sign_in(deployment.username, PASSWORD)
    assert status == OK, first
    assert (await client.get("/auth/me", first["access_token"]))[0] == OK
    status, granted = await client.refresh(first["refresh_token"])
    assert status == OK
    assert (await client.refresh(first["refresh_token"]))[1]["refresh_token"] == granted["refresh_token"]
    status, metadata = await client.get("/.well-known/oauth-authorization-server")
    assert (status, metadata["issuer"]) == (OK, deployment.front.issuer), metadata
    return granted


async def _attack(deployment: Deployment, owner: Browser) -> None:
    """Strangers guess until the limit of the account is used up. Then only the device of the owner gets in."""
    left = deployment.account_limit
    for address in deployment.strangers:
        async with browser(deployment.front, address) as stranger:
            expected = [_UNAUTHORIZED] * min(left, ADDRESS_LIMIT) + [_TOO_MANY]
            statuses = [(await stranger.sign_in(deployment.username, "a guess"))[0] for _ in expected]
            assert statuses == expected, address
            left -= len(expected) - 1
            assert (await stranger.sign_in(deployment.username, PASSWORD))[0] == _TOO_MANY
    assert left == 0
    async with browser(deployment.front) as without_device:
        assert (await without_device.sign_in(deployment.username, PASSWORD))[0] == _TOO_MANY
    assert (await owner.sign_in(deployment.username, PASSWORD))[0] == OK


async def _log_out(deployment: Deployment, owner: Browser, granted: dict[str, Any], folder: Path) -> None:
    """A guarded service accepts the access token until its session ends, and so does Keyturn."""
    token = granted["access_token"]
    with _guarded(deployment.front, folder) as guarded:
        assert await _orders(guarded, None) == _UNAUTHORIZED
        assert await _orders(guarded, token) == OK
        answer = await owner.ask("POST", "/auth/logout", json={"refresh_token": granted["refresh_token"]})
        assert answer[0] == _NO_CONTENT
        assert (await owner.get("/auth/me", token))[0] == _UNAUTHORIZED
        assert (await owner.refresh(granted["refresh_token"]))[0] == _UNAUTHORIZED
        async with asyncio.timeout(_REVOCATION_SECONDS):
            while await _orders(guarded, token) == OK:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(0.1)


async def _go_on(deployment: Deployment, owner: Browser, kept: dict[str, Any]) -> None:
    """After a restart the session goes on, and the device is still known."""
    assert (await owner.get("/auth/me", kept["access_token"]))[0] == OK
    status, granted = await owner.refresh(kept["refresh_token"])
    assert status == OK
    assert (await owner.get("/auth/me", granted["access_token"]))[0] == OK
    assert (await owner.sign_in(deployment.username, PASSWORD))[0] == OK


def _guarded(front: Front, folder: Path) -> AbstractContextManager[Service]:
    """Run a guarded service, which trusts what the clients trust."""
    (folder / "guarded").mkdir()
    command = [sys.executable, "-m", "tests.deployment.guarded_service", front.issuer]
    trusted = {} if front.authority is None else {"SSL_CERT_FILE": str(front.authority)}
    return running(
        folder / "guarded", {}, command=command, announcement=r"Running on (http://[^ ]+)", variables=trusted
    )


async def _orders(guarded: Service, token: str | None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with ClientSession() as session, session.get(f"{guarded.url}/orders", headers=headers) as answer:
        return answer.status

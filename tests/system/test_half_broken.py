"""Stores that half work: they answer reads and refuse writes."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession

from tests.conftest import Proof

from .history import violations
from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS, Service, running
from .refreshing_clients import OK, UNAUTHORIZED, RefreshingClients
from .store_faults import FAULTS, NEEDS_SMALL_DISK, SECRET

_UNAVAILABLE: Final = 503
_PROMISED_SECONDS: Final = 5
_CLIENTS: Final = 3


@pytest.mark.proof("halfbroken")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_store_that_refuses_writes(fault: str, tmp_path: Path, proof: Proof) -> None:
    """Soon after the first refused write, readiness is 503 with the fault as its reason, and the log names it with its
    cause. Soon after the fault is healed, readiness is 200 and a sign-in succeeds, without a restart. Meanwhile no
    answer is 401 or 500, and afterwards every session continues. The log never has the password of the server.
    """
    kind = FAULTS[fault]
    seconds = proof.count("promised seconds", small=3 * _PROMISED_SECONDS, full=_PROMISED_SECONDS)
    with kind.store(tmp_path) as store:
        if fault in NEEDS_SMALL_DISK and not store.folder.is_mount():
            pytest.skip("no small disk can be mounted here")
        with running(tmp_path, store.settings) as service:
            async with ClientSession(service.url) as client, RefreshingClients([service.url], _CLIENTS) as clients:
                probe = _Probe(client, clients, service, seconds)
                for _ in range(proof.count("times broken", small=1, full=3)):
                    before = len(service.log())
                    with kind.broken(store):
                        noticed = await probe.until_not_ready(kind.name)
                        await probe.keep_asking(proof.count("further seconds broken", small=1, full=8))
                        assert _causes(service.log()[before:]) >= {kind.name}
                    healed = await probe.until_ready()
                    proof.measured("seconds until not ready, and until ready and signed in", [noticed, healed])
                await clients.check_sessions_continue()
                assert violations(clients.first_tokens, clients.events) == []
            assert service.is_running()
            assert SECRET not in service.log()


class _Probe:
    """Asks a service whose store is broken."""

    def __init__(self, client: ClientSession, clients: RefreshingClients, service: Service, seconds: float) -> None:
        self._client = client
        self._clients = clients
        self._service = service
        self._seconds = seconds

    async def until_not_ready(self, fault: str) -> float:
        """Refresh and sign in until a write is refused, and then wait until ``/readyz`` gives the fault as its reason.
        Return how long the wait was.
        """
        async with asyncio.timeout(4 * TIMEOUT_SECONDS):
            while await self._ask() == {OK}:
                pass
        return await self._measure(lambda: self._is_at_fault(fault), and_ask=True)

    async def keep_asking(self, seconds: float) -> None:
        """Refresh and sign in for a while. Nothing is answered wrongly, and ``/readyz`` does not recover."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await self._ask()
            async with self._client.get("/readyz") as answer:
                assert answer.status == _UNAVAILABLE
            async with self._client.get("/.well-known/jwks.json") as answer:
                assert answer.status == OK
            await asyncio.sleep(0.05)

    async def until_ready(self) -> float:
        """Wait until ``/readyz`` is 200 and a sign-in succeeds. Return how long that took."""
        return await self._measure(self._serves)

    async def _measure(self, condition: Callable[[], Awaitable[bool]], *, and_ask: bool = False) -> float:
        begun = time.monotonic()
        while not await condition():
            assert time.monotonic() - begun < self._seconds, self._service.log()[-4000:]
            if and_ask:
                await self._ask()
            await asyncio.sleep(0.05)
        return round(time.monotonic() - begun, 2)

    async def _is_at_fault(self, fault: str) -> bool:
        async with self._client.get("/readyz") as answer:
            return answer.status == _UNAVAILABLE and (await answer.json()).get("reason") == fault

    async def _serves(self) -> bool:
        async with self._client.get("/readyz") as answer:
            return answer.status == OK and await self._sign_in() == OK

    async def _ask(self) -> set[int]:
        """Refresh each session and sign in, all at once. Return the statuses."""
        refreshes = (self._refresh(session) for session in range(_CLIENTS))
        statuses = {*await asyncio.gather(*refreshes, self._sign_in())}
        assert statuses <= {OK, _UNAVAILABLE}, self._service.log()[-4000:]
        return statuses

    async def _refresh(self, session: int) -> int:
        """Return the status of a refresh. After too many rotations in one window, the token stays the same."""
        event = await self._clients.refresh(session)
        return {"granted": OK, "refused": UNAUTHORIZED}.get(event.answer.value, _UNAVAILABLE)

    async def _sign_in(self) -> int:
        async with self._client.post("/auth/login", json={"username": USERNAME, "password": PASSWORD}) as answer:
            return answer.status


def _causes(log: str) -> set[str]:
    """Return the faults in the lines that give the cause of each."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.splitlines()]
    return {str(line["fault"]) for line in lines if "fault" in line and ". " in line["cause"]}

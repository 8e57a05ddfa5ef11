"""A flood of logins harms nobody who is signed in, and keeps nobody out who was there before."""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, DummyCookieJar

from tests.conftest import Proof

from .backends import KINDS, Backend, backend
from .load import PASSWORD, USERNAME
from .processes import ROOT, Service, running

_SETTINGS: Final = {
    "BOOTSTRAP_USERNAME": USERNAME,
    "BOOTSTRAP_PASSWORD": PASSWORD,
    "PASSWORD_HASH_MEMORY": "19456",
    "PASSWORD_HASH_ITERATIONS": "2",
    "ACCESS_LOG": "0",
    "LOG_LEVEL": "error",
}
_MEMORY: Final = Backend("memory", {}, Path())
_INSIDE: Final = {"LOGIN_BUDGET": "1000000/1m"}
_BEYOND: Final = {"LOGIN_BUDGET": "100/1h"}

_HASHES_BYTES: Final = 4 * 19 * 2**20
_BYTES_A_CONNECTION: Final = 16 * 2**10
_MORE_BYTES: Final = 16 * 2**20
"""What a flood may take: the hashes of four threads, the most by default; its connections; and what has no number."""

_MOST_TIMES_SLOWER: Final = 3
_ENOUGH: Final = 10_000
"""Logins from which on times are judged."""

_RATE: Final = 150
"""Logins a second from each of the two clients: several times of what can be hashed."""


@dataclass
class Bystander:
    """Somebody who is signed in, and goes on; durations are seconds."""

    client: ClientSession
    tokens: dict[str, Any] = field(default_factory=dict)
    device: str = ""
    me: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)

    async def sign_in(self) -> int:
        """Sign in from the device that is known, if it is."""
        body = {"username": USERNAME, "password": PASSWORD, "device_token": self.device}
        async with self.client.post("/auth/login", json=body) as answer:
            if answer.status == 200:
                self.tokens = await answer.json()
                self.device = answer.cookies["keyturn_device"].value
            return answer.status

    async def go_on(self) -> None:
        """Ask who they are, and refresh, once."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        async with self.client.get("/auth/me", headers=headers) as answer:
            assert answer.status == 200
        asked = time.monotonic()
        body = {"refresh_token": self.tokens["refresh_token"]}
        async with self.client.post("/auth/refresh", json=body) as answer:
            assert answer.status == 200
            self.tokens = await answer.json()
        self.me.append(asked - began)
        self.refreshes.append(time.monotonic() - asked)
        await asyncio.sleep(0.01)

    def measured(self) -> "Durations":
        """Return the durations of both acts, and begin to measure anew."""
        taken = Durations(self.me, self.refreshes)
        self.me, self.refreshes = [], []
        return taken


@dataclass
class Durations:
    """Of asking who one is, and of refreshes, in seconds."""

    me: list[float]
    refreshes: list[float]

    def __add__(self, other: "Durations") -> "Durations":
        return Durations(self.me + other.me, self.refreshes + other.refreshes)

    def p99(self) -> tuple[float, float]:
        """Return those of both, in milliseconds."""
        both = [sorted(each)[int(len(each) * 0.99)] * 1_000 for each in (self.me, self.refreshes)]
        return both[0], both[1]


async def _flood(port: int, logins: int) -> list[asyncio.subprocess.Process]:
    """Start the two clients, which are ready to connect then."""
    command, half = (sys.executable, "-m", "tests.system.flood", str(port)), logins // 2
    pipes: dict[str, Any] = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    clients = [
        await asyncio.create_subprocess_exec(*command, str(half), str(first), str(_RATE), cwd=ROOT, **pipes)
        for first in (0, half)
    ]
    await _ready(clients)
    return clients


async def _ready(clients: list[asyncio.subprocess.Process]) -> None:
    """Wait until both are ready for their next step."""
    for client in clients:
        assert client.stdout is not None
        await client.stdout.readline()


def _go_on(clients: list[asyncio.subprocess.Process]) -> None:
    """Let both take their next step."""
    for client in clients:
        assert client.stdin is not None
        client.stdin.write(b"\n")


async def _outcome(clients: list[asyncio.subprocess.Process]) -> tuple[Counter[str], float, int]:
    outputs = [json.loads((await client.communicate())[0]) for client in clients]
    statuses = sum((Counter(each["statuses"]) for each in outputs), Counter[str]())
    return statuses, max(each["slowest_refusal"] for each in outputs), sum(each["without_time"] for each in outputs)


async def _sign_ins(owner: Bystander, flood: asyncio.Task[Any]) -> Counter[int]:
    """Sign in from the known device again and again while the flood lasts; return what the answers were."""
    answers: Counter[int] = Counter()
    while not flood.done():
        answers[await owner.sign_in()] += 1
    return answers


def _memory(service: Service, kind: str) -> int:
    """Return the bytes that are resident now, VmRSS, or were at most, VmHWM."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{service.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8, and /proc")
@pytest.mark.proof("login")
@pytest.mark.parametrize(
    ("rate_limits", "store"),
    [
        *(pytest.param(_INSIDE, store, id=f"inside the budgets, {store}") for store in ("memory", *KINDS)),
        *(pytest.param(_BEYOND, store, id=f"beyond them, {store}") for store in ("memory", "sqlite")),
    ],
)
async def test_a_flood(rate_limits: dict[str, str], store: str, tmp_path: Path, proof: Proof) -> None:
    """Of logins from two processes and thousands of addresses, what is too much is refused soon and says when to come
    back; memory is bounded; whoever is signed in goes on, and the owner of a known device signs in. What is quiet is
    measured before and after: the machine has better and worse moments.
    """
    logins = proof.count("logins, each on a connection that is open from the start", small=200, full=10_000)
    quiet_rounds = proof.count("quiet requests of a kind, before and after", small=25, full=1_000)
    with (
        backend(store, tmp_path) if store != "memory" else nullcontext(_MEMORY) as chosen,
        running(tmp_path, {**chosen.settings, **_SETTINGS, **rate_limits}) as service,
    ):
        async with ClientSession(service.url, cookie_jar=DummyCookieJar()) as client:
            person, owner = Bystander(client), Bystander(client)
            assert [await each.sign_in() for each in (person, owner)] == [200, 200]
            for _ in range(quiet_rounds):
                await person.go_on()
            before, quiet_memory = person.measured(), _memory(service, "VmRSS")
            clients = await _flood(service.port, logins)
            _go_on(clients)
            connected = asyncio.create_task(_ready(clients))
            while not connected.done():
                await person.go_on()
            connecting = person.measured().p99()
            _go_on(clients)
            outcome = asyncio.create_task(_outcome(clients))
            signing_in = asyncio.create_task(_sign_ins(owner, outcome))
            while not outcome.done():
                await person.go_on()
            flooded = person.measured().p99()
            statuses, slowest_refusal, without_time = await outcome
            sign_ins = await signing_in
            for _ in range(quiet_rounds):
                await person.go_on()
            quiet = (before + person.measured()).p99()
        memory = _memory(service, "VmHWM")
    proof.measured("statuses", dict(statuses))
    proof.measured("slowest refusal (s)", round(slowest_refusal, 3))
    proof.measured("memory, quiet and at most (MiB)", [quiet_memory >> 20, memory >> 20])
    proof.measured("p99 of me and refresh, quiet (ms)", [round(each, 2) for each in quiet])
    proof.measured("p99 of me and refresh, while all connect (ms)", [round(each, 2) for each in connecting])
    proof.measured("p99 of me and refresh, in the flood (ms)", [round(each, 2) for each in flooded])
    proof.measured("sign-ins from the known device", {str(status): times for status, times in sign_ins.items()})
    assert statuses.keys() <= {"401", "429", "503"}
    assert statuses.total() == logins
    assert without_time == 0
    assert memory < quiet_memory + _HASHES_BYTES + logins * _BYTES_A_CONNECTION + _MORE_BYTES
    assert sign_ins.keys() == {200}
    if logins >= _ENOUGH:
        assert slowest_refusal < 1
        assert all(now < _MOST_TIMES_SLOWER * before for now, before in zip(flooded, quiet, strict=True))
    if rate_limits is _BEYOND:
        assert statuses["429"] >= logins - 101 - statuses["503"]

"""A flood of logins affects neither signed-in users nor logins from known devices."""

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
_OWNER: Final = "owner"
"""The user who signs in again and again from a known device."""

_MEMORY: Final = Backend("memory", {}, Path())
_HIGH_LIMIT: Final = {"LOGIN_BUDGET": "1000000/1m"}
_LOW_LIMIT: Final = {"LOGIN_BUDGET": "20/1h"}

_HASHES_BYTES: Final = 4 * 19 * 2**20
_BYTES_PER_CONNECTION: Final = 16 * 2**10
_OTHER_BYTES: Final = 16 * 2**20
"""The memory that a flood may use: for hashing in four threads (the default maximum), for connections, and the rest."""

_MAX_SLOWDOWN: Final = 3
_JUDGED_LOGINS: Final = 10_000
"""The test checks times only with at least so many logins."""

_RATE: Final = 150
"""Logins per second from each of the two flooders: several times more than the service can hash."""


@dataclass
class Bystander:
    """A signed-in user with the durations of its requests, in seconds."""

    client: ClientSession
    username: str = USERNAME
    tokens: dict[str, Any] = field(default_factory=dict)
    device: str = ""
    me: list[float] = field(default_factory=list)
    refreshes: list[float] = field(default_factory=list)

    async def sign_in(self) -> int:
        """Sign in, with the device token of the previous sign-in if there was one. Return the status."""
        body = {"username": self.username, "password": PASSWORD, "device_token": self.device}
        async with self.client.post("/auth/login", json=body) as answer:
            if answer.status == 200:
                self.tokens = await answer.json()
                self.device = answer.cookies["keyturn_device"].value
            return answer.status

    async def create_user(self, username: str) -> None:
        """Create another user with the same password, as an administrator."""
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        body = {"username": username, "password": PASSWORD}
        async with self.client.post("/admin/users", json=body, headers=headers) as answer:
            assert answer.status == 201

    async def call_me_and_refresh(self) -> None:
        """Call ``/auth/me`` and refresh, once each."""
        began = time.monotonic()
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        async with self.client.get("/auth/me", headers=headers) as answer:
            assert answer.status == 200
        between = time.monotonic()
        body = {"refresh_token": self.tokens["refresh_token"]}
        async with self.client.post("/auth/refresh", json=body) as answer:
            assert answer.status == 200
            self.tokens = await answer.json()
        self.me.append(between - began)
        self.refreshes.append(time.monotonic() - between)
        await asyncio.sleep(0.01)

    def take_durations(self) -> "Durations":
        """Return the durations so far and start again with none."""
        taken = Durations(self.me, self.refreshes)
        self.me, self.refreshes = [], []
        return taken


@dataclass
class Durations:
    """The durations of calls of ``/auth/me`` and of refreshes, in seconds."""

    me: list[float]
    refreshes: list[float]

    def __add__(self, other: "Durations") -> "Durations":
        return Durations(self.me + other.me, self.refreshes + other.refreshes)

    def p99(self) -> tuple[float, float]:
        """Return the 99th percentile of each, in milliseconds."""
        both = [sorted(each)[int(len(each) * 0.99)] * 1_000 for each in (self.me, self.refreshes)]
        return both[0], both[1]


async def _flood(port: int, logins: int) -> list[asyncio.subprocess.Process]:
    """Start the two flooding clients. Return them when they are ready to connect."""
    command, half = (sys.executable, "-m", "tests.system.flood", str(port)), logins // 2
    pipes: dict[str, Any] = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    flooders = [
        await asyncio.create_subprocess_exec(*command, str(half), str(first), str(_RATE), cwd=ROOT, **pipes)
        for first in (0, half)
    ]
    await _ready(flooders)
    return flooders


async def _ready(flooders: list[asyncio.subprocess.Process]) -> None:
    """Wait until both clients are ready for their next step."""
    for client in flooders:
        assert client.stdout is not None
        await client.stdout.readline()


def _start_next_step(flooders: list[asyncio.subprocess.Process]) -> None:
    """Let both clients take their next step."""
    for client in flooders:
        assert client.stdin is not None
        client.stdin.write(b"\n")


async def _outcome(flooders: list[asyncio.subprocess.Process]) -> tuple[Counter[str], float, int]:
    outputs = [json.loads((await client.communicate())[0]) for client in flooders]
    statuses = sum((Counter(each["statuses"]) for each in outputs), Counter[str]())
    return (
        statuses,
        max(each["slowest_refusal"] for each in outputs),
        sum(each["without_retry_after"] for each in outputs),
    )


async def _sign_ins(owner: Bystander, flood: asyncio.Task[Any]) -> Counter[int]:
    """Sign in from the known device until the flood is over. Return how often each status came."""
    answers: Counter[int] = Counter()
    while not flood.done():
        answers[await owner.sign_in()] += 1
    return answers


def _memory(service: Service, kind: str) -> int:
    """Return the resident memory of the service in bytes, now (VmRSS) or its maximum (VmHWM)."""
    found = re.search(rf"{kind}:\s+(\d+) kB", Path(f"/proc/{service.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8, and /proc")
@pytest.mark.proof("login")
@pytest.mark.parametrize(
    ("rate_limits", "store"),
    [
        *(pytest.param(_HIGH_LIMIT, store, id=f"below the rate limit, {store}") for store in ("memory", *KINDS)),
        *(pytest.param(_LOW_LIMIT, store, id=f"above the rate limit, {store}") for store in ("memory", "sqlite")),
    ],
)
async def test_login_flood(rate_limits: dict[str, str], store: str, tmp_path: Path, proof: Proof) -> None:
    """During a flood from thousands of addresses, excess logins are refused quickly with ``Retry-After``, memory stays
    bounded, a signed-in user's requests stay fast, and a login from a known device succeeds. The baseline for speed is
    taken before and after the flood, because the machine's speed varies.
    """
    logins = proof.count("logins, each on its own connection", small=60, full=10_000)
    baseline_rounds = proof.count("baseline requests of each kind, before and after", small=25, full=1_000)
    with (
        backend(store, tmp_path) if store != "memory" else nullcontext(_MEMORY) as chosen,
        running(tmp_path, {**chosen.settings, **_SETTINGS, **rate_limits}) as service,
    ):
        async with ClientSession(service.url, cookie_jar=DummyCookieJar()) as client:
            user, owner = Bystander(client), Bystander(client, _OWNER)  # a user has a limited number of sessions
            assert await user.sign_in() == 200
            await user.create_user(_OWNER)
            assert await owner.sign_in() == 200
            for _ in range(baseline_rounds):
                await user.call_me_and_refresh()
            before, memory_before = user.take_durations(), _memory(service, "VmRSS")
            flooders = await _flood(service.port, logins)
            _start_next_step(flooders)
            connected = asyncio.create_task(_ready(flooders))
            while not connected.done():
                await user.call_me_and_refresh()
            while_connecting = user.take_durations().p99()
            _start_next_step(flooders)
            outcome = asyncio.create_task(_outcome(flooders))
            signing_in = asyncio.create_task(_sign_ins(owner, outcome))
            while not outcome.done():
                await user.call_me_and_refresh()
            during_flood = user.take_durations().p99()
            statuses, slowest_refusal, without_retry_after = await outcome
            sign_ins = await signing_in
            for _ in range(baseline_rounds):
                await user.call_me_and_refresh()
            baseline = (before + user.take_durations()).p99()
        memory = _memory(service, "VmHWM")
    proof.measured("statuses", dict(statuses))
    proof.measured("slowest refusal (s)", round(slowest_refusal, 3))
    proof.measured("memory before and at most (MiB)", [memory_before >> 20, memory >> 20])
    proof.measured("p99 of me and refresh, baseline (ms)", [round(each, 2) for each in baseline])
    proof.measured(
        "p99 of me and refresh, while the flood connects (ms)", [round(each, 2) for each in while_connecting]
    )
    proof.measured("p99 of me and refresh, during the flood (ms)", [round(each, 2) for each in during_flood])
    proof.measured("sign-ins from the known device", {str(status): times for status, times in sign_ins.items()})
    assert statuses.keys() <= {"401", "429", "503"}
    assert statuses.total() == logins
    assert without_retry_after == 0
    assert memory < memory_before + _HASHES_BYTES + logins * _BYTES_PER_CONNECTION + _OTHER_BYTES
    assert sign_ins.keys() == {200}
    if logins >= _JUDGED_LOGINS:
        assert slowest_refusal < 1
        assert all(now < _MAX_SLOWDOWN * before for now, before in zip(during_flood, baseline, strict=True))
    if rate_limits is _LOW_LIMIT:
        assert statuses["429"] >= logins - 21 - statuses["503"]

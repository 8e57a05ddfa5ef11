"""A store with very many revoked sessions, live sessions and users: the start, the feed and the cut-off do not wait."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from aiohttp import ClientSession, web

from app.domain import base64url
from app.guard import remote_guard
from app.service.open_stores import prepare_stores
from app.service.settings import Settings
from tests.conftest import Proof
from tests.servers.ports import free_port

from .backends import Backend
from .large_stores import add_live, add_revoked, add_users
from .processes import SERVE, TEST_SETTINGS, environment, running
from .refreshing_clients import OK, UNAUTHORIZED
from .seeded_sessions import seed_sessions
from .test_key_rotation import fast_rotation, keys
from .two_instances import Instances, two_instances

_MAX_ANSWER: Final = 1_000_000
_MAX_BYTES_OF_SESSION: Final = 32
_STEPS: Final = Path(__file__).parent / "timed_steps"


@pytest.mark.proof("size")
async def test_start_and_cut_off_do_not_depend_on_the_size(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """With very many sessions revoked in the last ten minutes, half of them in the same moment, two instances
    start soon. A guard loads the feed, whose pages are short and have all sessions. A single revocation and ``keys
    compromised --revoke-sessions`` are acknowledged soon, and obeyed everywhere soon after that. No step of an event
    loop takes long.
    """
    million = 100_000 if store.kind == "valkey" else 1_000_000
    count = proof.count("revoked sessions, and live ones, and users", small=3_000, full=million)
    seconds = proof.count("seconds until started, acknowledged, obeyed, at most", small=60, full=5)
    settings = {**fast_rotation(store), "ACCESS_TOKEN_TTL": "15m"}
    await prepare_stores(Settings.from_environment(environment({**TEST_SETTINGS, **settings})))
    for add in (add_revoked, add_live, add_users):
        await asyncio.to_thread(add, store, count)
    begun = time.monotonic()
    async with timed_instances(tmp_path, settings) as (instances, steps):
        started = (time.monotonic() - begun) / 2
        proof.measured("seconds of a start", round(started, 2))
        seeded = await seed_sessions(settings, "mallory", 3)
        ended, *alive = seeded.access_tokens
        status, _ = await instances.ask(0, "POST", "/auth/logout", refresh_token=seeded.refresh_tokens[0])
        assert status < UNAUTHORIZED
        async with asyncio.timeout(seconds):
            await instances.wait_until_refused(1, [ended])
        assert await instances.accepted(1, alive) == len(alive)
        pages = await fetched_pages(instances.clients[0])
        sessions = sum(len(base64url.decode(each["page"]["sids"])) // 16 for each in pages)
        assert sessions >= count
        proof.measured("pages of the feed", len(pages))
        proof.measured("seconds of a guard to know all", await loaded_by_guard(tmp_path, settings, sessions))

        [_, pending] = await asyncio.to_thread(keys, settings, "list")
        begun = time.monotonic()
        await asyncio.to_thread(keys, settings, "compromised", pending["kid"], "--revoke-sessions")
        acknowledged = time.monotonic() - begun
        async with asyncio.timeout(seconds):
            for each in (0, 1):
                await instances.wait_until_refused(each, alive)
        obeyed = time.monotonic() - begun - acknowledged
        await instances.check_refreshes_are_refused(seeded.refresh_tokens)
        proof.measured("seconds until acknowledged and until obeyed", [round(acknowledged, 2), round(obeyed, 2)])
        assert max(started, acknowledged) <= seconds
    check_steps(steps, proof)


@pytest.mark.proof("size")
async def test_users_are_listed_as_they_are_read(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """``users list`` prints every user, and the first ones before it has read the last."""
    count = proof.count("users", small=3_000, full=100_000 if store.kind == "valkey" else 1_000_000)
    settings = dict(store.settings)
    await seed_sessions(settings, "mallory", 1)
    await asyncio.to_thread(add_users, store, count)
    begun = time.monotonic()
    command = [*SERVE[:-1], "users", "list"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(settings), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline()]
    proof.measured("seconds until the first line", round(time.monotonic() - begun, 2))
    number = len(lines)
    async for _ in process.stdout:
        number += 1
    proof.measured("seconds until the last line", round(time.monotonic() - begun, 2))
    assert (await process.wait(), number) == (0, count + 1)


@asynccontextmanager
async def timed_instances(folder: Path, settings: dict[str, str]) -> AsyncIterator[tuple[Instances, Path]]:
    """Start two instances that time the steps of their event loops, and yield the file with the times."""
    steps = folder / "steps"
    variables = {"PYTHONPATH": str(_STEPS), "TIMED_STEPS": str(steps)}
    async with two_instances(folder, settings, variables=variables) as instances:
        yield instances, steps


async def fetched_pages(client: ClientSession) -> list[dict[str, Any]]:
    """Return the claims of all pages of the feed. Each is short."""
    pages: list[dict[str, Any]] = []
    after = "0"
    while after:
        async with client.get("/.well-known/revoked-sessions", params={"after": after}) as answer:
            assert answer.status == OK, await answer.text()
            body = await answer.read()
        claims = jwt.decode(body, options={"verify_signature": False})
        sessions = len(base64url.decode(claims["page"]["sids"])) // 16
        assert len(body) <= min(_MAX_ANSWER, _MAX_BYTES_OF_SESSION * max(sessions, 1_000))
        pages.append(claims)
        after = claims["page"].get("next", "")
    return pages


async def loaded_by_guard(folder: Path, settings: dict[str, str], sessions: int) -> float:
    """Return after how many seconds a guard knows so many sessions of an instance that has its own URL as issuer."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    (folder / "third").mkdir()
    with running(folder / "third", {**settings, "ISSUER": issuer, "PORT": str(port)}):
        begun = time.monotonic()
        guard = remote_guard(issuer=issuer, audience="keyturn", poll=0.1)
        async with guard.lifespan(web.Application()):
            while guard.state().feed_age is None:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(0.01)
            assert guard.state().revoked_sessions >= sessions
        return round(time.monotonic() - begun, 2)


def check_steps(steps: Path, proof: Proof) -> None:
    """Check the longest step of the event loops."""
    longest = sorted((float(line.split()[0]), line) for line in steps.read_text("utf-8").splitlines())[-3:]
    limit = proof.count("milliseconds of a step of the event loop, at most", small=60_000, full=50)
    proof.measured("longest steps, in ms", [line for _, line in longest])
    assert longest[-1][0] <= limit, longest

"""A user with many sessions, as from an older version: all of them can be ended, and other users do not notice them."""

import asyncio
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from tests.conftest import Proof

from .backends import Backend
from .load import PASSWORD
from .processes import TIMEOUT_SECONDS
from .refreshing_clients import OK
from .seeded_sessions import SeededSessions, seed_sessions
from .two_instances import Instances, two_instances

NEW_PASSWORD: Final = "staple battery"  # noqa: S105  # a test's

_NO_LIMIT: Final = {"SESSIONS_PER_USER": "10000"}
_LISTING_CLIENTS: Final = 4


async def disable(instances: Instances, seeded: SeededSessions, administrator: str) -> None:
    """Disable the user by the API."""
    path = f"/admin/users/{seeded.subject}/disable"
    status, answer = await instances.ask(0, "POST", path, administrator)
    assert status == OK, answer


async def end_all(instances: Instances, seeded: SeededSessions, administrator: str) -> None:
    """Let the user end all sessions."""
    status, answer = await instances.ask(0, "DELETE", "/auth/sessions", seeded.access_tokens[-1])
    assert status == HTTPStatus.NO_CONTENT, answer


async def set_password(instances: Instances, seeded: SeededSessions, administrator: str) -> None:
    """Set the password of the user by the API."""
    path = f"/admin/users/{seeded.subject}/password"
    status, answer = await instances.ask(0, "PUT", path, administrator, new_password=NEW_PASSWORD)
    assert status == HTTPStatus.NO_CONTENT, answer


async def change_password(instances: Instances, seeded: SeededSessions, administrator: str) -> None:
    """Let the user change the password from the newest session, which goes on."""
    current = seeded.access_tokens.pop()
    passwords = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    status, answer = await instances.ask(0, "PUT", "/auth/password", current, **passwords)
    assert status == HTTPStatus.NO_CONTENT, answer
    newest = seeded.refresh_tokens.pop()
    for each in (0, 1):
        assert (await instances.ask(each, "GET", "/auth/me", current))[0] == OK
        assert (await instances.ask(each, "POST", "/auth/refresh", refresh_token=newest))[0] == OK


async def test_all_sessions_of_a_user_end(store: Backend, tmp_path: Path) -> None:
    """One request ends all sessions of a user, whichever kind of request it is: neither instance accepts a token of
    one of them.
    """
    ends = {"one": disable, "two": end_all, "three": set_password, "four": change_password}
    users = {name: await seed_sessions(store.settings, name, 30) for name in ends}
    async with two_instances(tmp_path, {**store.settings, **_NO_LIMIT}) as instances:
        administrator = await instances.administrator()
        for name, end in ends.items():
            await end(instances, users[name], administrator)
            await check_refused(instances, users[name], within=TIMEOUT_SECONDS)
        revoked = sum(len(each.refresh_tokens) for each in users.values())
        assert instances.log().count("session_was_revoked") == revoked


@pytest.mark.proof("sessions")
async def test_disabling_a_user_with_many_sessions(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Disabling a user with 1,000 sessions is acknowledged within 2 seconds, in SQL also with 10,000. Then no instance
    accepts a refresh token, and this one no access token of the user. Within 5 seconds the other one accepts none.
    """
    counts = [
        proof.count("sessions", small=50, full=1_000),
        proof.count("sessions of another user", small=100, full=10_000),
    ]
    users = [await seed_sessions(store.settings, f"mallory {count}", count) for count in counts]
    to_acknowledge = proof.count("seconds until it is acknowledged, at most", small=20, full=2)
    to_refuse = proof.count("seconds until all are refused, at most", small=20, full=5)
    async with two_instances(tmp_path, {**store.settings, **_NO_LIMIT}) as instances:
        administrator = await instances.administrator()
        for count, seeded in zip(counts, users, strict=True):
            begun = time.monotonic()
            bounded = count == counts[0] or store.kind != "valkey"
            async with asyncio.timeout(to_acknowledge if bounded else TIMEOUT_SECONDS):
                await disable(instances, seeded, administrator)
            proof.measured(f"seconds until {count} were acknowledged", round(time.monotonic() - begun, 3))
            proof.measured(f"access tokens of {count} tried", len(seeded.access_tokens))
            waited = await check_refused(instances, seeded, within=to_refuse)
            proof.measured(f"seconds until {count} were refused", round(waited, 2))


@pytest.mark.proof("sessions")
async def test_sweep_ends_sessions_beyond_the_limit(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Without a sign-in two instances bring a user under ``KEYTURN_SESSIONS_PER_USER``: those sessions stay that were
    refreshed last, and each of the others has one audit event.
    """
    count = proof.count("sessions", small=30, full=1_000)
    limit = proof.count("KEYTURN_SESSIONS_PER_USER", small=10, full=100)
    seeded = await seed_sessions(store.settings, "mallory", count)
    begun = time.monotonic()
    async with two_instances(tmp_path, {**store.settings, "SESSIONS_PER_USER": str(limit)}) as instances:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while instances.log().count("too_many_sessions") < count - limit:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(0.05)
        proof.measured("seconds until the sessions had ended", round(time.monotonic() - begun, 2))
        refused = seeded.refresh_tokens[:-limit]
        await instances.check_refreshes_are_refused(refused[:10] + refused[-10:])
        for token in seeded.refresh_tokens[-limit:]:
            assert (await instances.ask(0, "POST", "/auth/refresh", refresh_token=token))[0] == OK
        assert instances.log().count("too_many_sessions") == count - limit


@pytest.mark.proof("sessions")
async def test_me_is_answered_while_many_sessions_are_listed(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """While four clients list a user's many sessions in a loop, the instance answers ``/auth/me``."""
    seeded = await seed_sessions(store.settings, "mallory", proof.count("sessions", small=100, full=1_000))
    requests = proof.count("requests of /auth/me", small=20, full=500)
    async with two_instances(tmp_path, {**store.settings, **_NO_LIMIT}) as instances:
        token = await instances.administrator()
        before = await times_of_me(instances, token, requests)
        lists: list[int] = []
        listing = [asyncio.create_task(list_repeatedly(instances, seeded, lists)) for _ in range(_LISTING_CLIENTS)]
        meanwhile = await times_of_me(instances, token, requests)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while len(lists) < _LISTING_CLIENTS:
                await times_of_me(instances, token, 1)
        for each in listing:
            each.cancel()
        await asyncio.gather(*listing)
    proof.measured("median and longest ms of /auth/me before", before)
    proof.measured("median and longest ms of /auth/me meanwhile", meanwhile)
    proof.measured("lists meanwhile", len(lists))


async def list_repeatedly(instances: Instances, seeded: SeededSessions, lists: list[int]) -> None:
    """List the user's sessions until the task is cancelled. Add the length of each list to ``lists``."""
    with suppress(asyncio.CancelledError):
        while True:
            status, answer = await instances.ask(0, "GET", "/auth/sessions", seeded.access_tokens[0])
            assert status == OK, answer
            lists.append(len(answer["sessions"]))


async def times_of_me(instances: Instances, token: str, requests: int) -> list[float]:
    """Return the median and the longest time of ``/auth/me``, in milliseconds."""
    took = []
    for _ in range(requests):
        begun = time.perf_counter()
        assert (await instances.ask(0, "GET", "/auth/me", token))[0] == OK
        took.append(round(1000 * (time.perf_counter() - begun), 2))
    return [round(median(took), 2), max(took)]


async def check_refused(instances: Instances, seeded: SeededSessions, *, within: float) -> float:
    """Check that the first instance accepts no access token, and no instance a refresh token. Wait until the second one
    accepts no access token. Return how many seconds that took.
    """
    begun = time.monotonic()
    async with asyncio.timeout(within):
        assert await instances.accepted(0, seeded.access_tokens) == 0
        await instances.wait_until_refused(1, seeded.access_tokens)
    waited = time.monotonic() - begun
    await instances.check_refreshes_are_refused(seeded.refresh_tokens[:10] + seeded.refresh_tokens[-10:])
    return waited

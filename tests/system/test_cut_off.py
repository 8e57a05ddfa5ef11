"""``keys compromised --revoke-sessions`` ends everyone's sessions on all instances."""

import asyncio
import time
from pathlib import Path

import jwt
import pytest
from aiohttp import ClientSession

from tests.conftest import Proof

from .backends import Backend
from .processes import running
from .refreshing_clients import OK, UNAUTHORIZED
from .seeded_sessions import seed_sessions
from .test_key_rotation import fast_rotation, keys
from .two_instances import Instances, two_instances


@pytest.mark.proof("sessions")
async def test_command_ends_everyones_sessions(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """After the command no instance accepts a refresh token of an older session, and soon none accepts an access token,
    also if the compromised key did not sign it. A sign-in that follows the command lives, on both instances. An
    instance that starts later refuses the old access tokens, too.
    """
    settings = {**fast_rotation(store), "ACCESS_TOKEN_TTL": "15m", "SESSIONS_PER_USER": "10000"}
    async with two_instances(tmp_path, settings) as instances:
        count = proof.count("older sessions", small=50, full=10_000)
        seeded = await seed_sessions(settings, "mallory", count)
        fresh = [await instances.sign_in(each) for each in (0, 1)]
        refresh_tokens = seeded.refresh_tokens[:10] + [each["refresh_token"] for each in fresh]
        access_tokens = seeded.access_tokens + [each["access_token"] for each in fresh]
        assert await instances.accepted(1, access_tokens) == len(access_tokens)

        [signing, pending] = await asyncio.to_thread(keys, settings, "list")
        begun = time.monotonic()
        *_, done = await asyncio.to_thread(keys, settings, "compromised", pending["kid"], "--revoke-sessions")
        proof.measured("seconds of the command", round(time.monotonic() - begun, 2))
        begun = time.monotonic()
        later = [await instances.sign_in(each) for each in (0, 1)]
        await instances.check_refreshes_are_refused(refresh_tokens)
        async with asyncio.timeout(proof.count("seconds until all are refused, at most", small=20, full=5)):
            for each in (0, 1):
                await instances.wait_until_refused(each, access_tokens)
        proof.measured("seconds until all were refused", round(time.monotonic() - begun, 2))

        assert _auth_time(access_tokens[-1]) <= done["cut_off"] < _auth_time(later[0]["access_token"])
        assert {jwt.get_unverified_header(token)["kid"] for token in access_tokens} == {signing["kid"]}
        for each in (0, 1):
            for tokens in later:
                await _check_continues(instances, each, tokens)
    (tmp_path / "late").mkdir()
    with running(tmp_path / "late", settings) as service:
        async with ClientSession(service.url) as client:
            assert await _statuses(client, [access_tokens[0], access_tokens[-1]]) == [UNAUTHORIZED] * 2
            assert await _statuses(client, [each["access_token"] for each in later]) == [OK] * 2


async def _check_continues(instances: Instances, instance: int, tokens: dict[str, str]) -> None:
    """Check that an instance accepts both tokens."""
    assert (await instances.ask(instance, "GET", "/auth/me", tokens["access_token"]))[0] == OK
    assert (await instances.ask(instance, "POST", "/auth/refresh", refresh_token=tokens["refresh_token"]))[0] == OK


async def _statuses(client: ClientSession, access_tokens: list[str]) -> list[int]:
    """Return the statuses of ``/auth/me``."""
    statuses = []
    for token in access_tokens:
        async with client.get("/auth/me", headers={"Authorization": f"Bearer {token}"}) as response:
            statuses.append(response.status)
    return statuses


def _auth_time(access_token: str) -> int:
    """Return the time of the sign-in, in whole seconds since the epoch."""
    return int(jwt.decode(access_token, options={"verify_signature": False})["auth_time"])

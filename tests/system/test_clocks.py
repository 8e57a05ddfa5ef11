"""A wall clock that is wrong for seconds ends no session, revives none, and destroys no key."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import pytest

from app.domain import base64url
from tests.conftest import Proof

from .backends import Backend
from .clocked_instances import ClockedInstance, MovedClock, clocked_instance
from .processes import run
from .refreshing_clients import NO_CONTENT, OK, UNAUTHORIZED

_UNAVAILABLE: Final = 503
_LEEWAY: Final = 30
_DAY: Final = 86_400
_ALL_STEPS: Final = (20, 120, 3_600, 8 * _DAY, 40 * _DAY)
_FEW_STEPS: Final = (3_600, 40 * _DAY)
_POLL_SECONDS: Final = 0.1


class Sessions:
    """The sessions of a test: those that must live, and those that have ended."""

    def __init__(self, instances: list[ClockedInstance]) -> None:
        self.instances = instances
        self.live: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []

    async def open(self) -> None:
        """Sign in at both instances. One session of each ends at once, at the other instance."""
        for each, other in (self.instances, self.instances[::-1]):
            self.live.append(await each.sign_in())
            await self.end(await each.sign_in(), at=other)

    async def end(self, tokens: dict[str, str], *, at: ClockedInstance) -> None:
        """Log out of a session."""
        status, _ = await at.ask("POST", "/auth/logout", refresh_token=tokens["refresh_token"])
        assert status == NO_CONTENT
        self.ended.append(tokens)

    async def wait_until_refused(self) -> None:
        """Wait until every instance refuses the access tokens of the sessions that ended."""
        for each in self.instances:
            for tokens in self.ended:
                while (await each.ask("GET", "/auth/me", tokens["access_token"]))[0] == OK:  # noqa: ASYNC110  # only polling shows it
                    await asyncio.sleep(_POLL_SECONDS)

    async def check(self) -> None:
        """Check on every instance that each live session can be used and refreshed, and no other one."""
        for each in self.instances:
            for tokens in self.live:
                assert (await each.ask("GET", "/auth/me", tokens["access_token"]))[0] == OK, each.log()
                status, granted = await each.ask("POST", "/auth/refresh", refresh_token=tokens["refresh_token"])
                assert status == OK, (granted, each.log())
                tokens.update(granted)
            for tokens in self.ended:
                assert (await each.ask("GET", "/auth/me", tokens["access_token"]))[0] == UNAUTHORIZED, each.log()
                status, _ = await each.ask("POST", "/auth/refresh", refresh_token=tokens["refresh_token"])
                assert status == UNAUTHORIZED


def _settings(store: Backend) -> dict[str, str]:
    """Return settings with keys in the store, which rotate every 30 days."""
    others = {name: value for name, value in store.settings.items() if not name.startswith("KEY")}
    return others | {"KEY_ENCRYPTION_KEY": base64url.encode(bytes(range(32))), "CLOCK_LEEWAY": str(_LEEWAY)}


async def _kids(instance: ClockedInstance) -> list[str]:
    _, jwk_set = await instance.ask("GET", "/.well-known/jwks.json")
    return [each["kid"] for each in jwk_set["keys"]]


@pytest.mark.proof("clocks")
async def test_a_clock_that_steps_for_seconds(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """One instance of two has a wrong clock for a while, again and again. Meanwhile it is not ready and says why, and
    it never accepts a token of a session that ended. The other one serves. Afterwards both serve, every session and key
    is there, and no ended session lives.
    """
    steps = _ALL_STEPS if proof.count("sizes of steps", small=2, full=len(_ALL_STEPS)) > 2 else _FEW_STEPS
    seconds = proof.count("seconds of a step", small=2, full=5)
    async with AsyncExitStack() as life:
        instances = [
            await life.enter_async_context(clocked_instance(tmp_path / name, _settings(store)))
            for name in ("stepping", "steady")
        ]
        sessions = Sessions(instances)
        await sessions.open()
        kids = await _kids(instances[1])
        await sessions.wait_until_refused()
        # Revocations of the last two minutes would be read again, so that it did not matter if they were forgotten.
        await asyncio.sleep(proof.count("seconds before the first step", small=0, full=125))
        for size in steps:
            for step in (size, -size):
                await _step(sessions, step, seconds)
                assert await _kids(instances[0]) == await _kids(instances[1]) == kids
        proof.measured("live sessions", len(sessions.live))
        proof.measured("ended sessions", len(sessions.ended))


async def _step(sessions: Sessions, step: int, seconds: int) -> None:
    """Move the clock of the first instance for a while."""
    stepping, steady = sessions.instances
    live, ended = sessions.live[0], sessions.ended[0]
    stepping.clock.move(step)
    if abs(step) > _LEEWAY:
        health = await stepping.wait_for("clock in doubt")
        assert health["reason"].startswith("The clock of this machine "), health
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        for tokens in (live, ended):
            status, _ = await stepping.ask("GET", "/auth/me", tokens["access_token"])
            expected = OK if tokens is live else UNAUTHORIZED
            assert status == (expected if abs(step) <= _LEEWAY else _UNAVAILABLE), stepping.log()
        status, _ = await stepping.ask("POST", "/auth/refresh", refresh_token=ended["refresh_token"])
        assert status == (UNAUTHORIZED if abs(step) <= _LEEWAY else _UNAVAILABLE)
        assert (await steady.ask("GET", "/auth/me", live["access_token"]))[0] == OK
        await asyncio.sleep(_POLL_SECONDS)
    await sessions.end(await steady.sign_in(), at=steady)
    stepping.clock.move(0)
    await stepping.wait_for("ready")
    await sessions.wait_until_refused()
    await sessions.check()
    await sessions.open()
    await sessions.wait_until_refused()


@pytest.mark.proof("clocks")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_a_start_with_a_wrong_clock(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """An instance whose clock differs from the store's listens, but answers 503 and says why, until its clock is right.
    Then it serves, also on a store that was empty. It has ended no session, revived none and made no key. Commands are
    refused on such a machine.
    """
    sizes = _ALL_STEPS[1:] if proof.count("sizes of steps", small=1, full=4) > 1 else (7_200,)
    settings = _settings(store)
    async with AsyncExitStack() as life:
        first = await life.enter_async_context(clocked_instance(tmp_path / "first", settings, ahead=7_200))
        await _check_not_serving(first)
        refused = await asyncio.to_thread(_list_users, settings, first.clock)
        assert refused.returncode == 1
        assert "The clock of this machine is 7,200 s ahead of the clock of the store. Set it right" in refused.stderr
        first.clock.move(0)
        await first.wait_for("ready")
        other = await life.enter_async_context(clocked_instance(tmp_path / "other", settings))
        sessions = Sessions([first, other])
        await sessions.open()
        kids = await _kids(first)
        await sessions.wait_until_refused()
        for size in sizes:
            for ahead in (size, -size):
                late = clocked_instance(tmp_path / f"late{ahead}", settings, ahead=ahead)
                async with late as instance:
                    await _check_not_serving(instance)
                    instance.clock.move(0)
                    await instance.wait_for("ready")
                    checked = Sessions([instance, other])
                    checked.live, checked.ended = sessions.live, sessions.ended
                    await checked.check()
                    assert await _kids(instance) == kids


def _list_users(settings: dict[str, str], clock: MovedClock) -> CompletedProcess[str]:
    """Run a command on a machine with this clock."""
    variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
    return run(sys.executable, "-m", "app", "users", "list", variables={**variables, **clock.variables})


async def _check_not_serving(instance: ClockedInstance) -> None:
    """Check that an instance refuses what needs the time, and says that its clock is wrong."""
    health = await instance.health()
    assert health["status"] == "clock in doubt", health
    assert "the clock of the store" in health["reason"]
    answers: list[tuple[int, Any]] = [
        await instance.ask("POST", "/auth/login", username="anyone", password="anything"),  # noqa: S106  # it is no password
        await instance.ask("GET", "/.well-known/jwks.json"),
        await instance.ask("GET", "/auth/me", "a token"),
    ]
    assert [status for status, _ in answers] == [_UNAVAILABLE] * len(answers)
    assert (await instance.ask("GET", "/livez"))[0] == OK
    assert "ahead of the clock of the store" in instance.log() or "behind the clock of the store" in instance.log()

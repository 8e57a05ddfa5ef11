"""Browser tabs that share one refresh token are never signed out."""

import random
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .backends import ALL_KINDS, Backend
from .processes import Service, running
from .sharing_tabs import Browser

_ROUNDS_OF_A_SESSION: Final = (1, 6)
"""In some sessions there are more than 32 rotations, the most that are kept."""


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ALL_KINDS, indirect=True)
async def test_tabs_that_share_a_token_stay_signed_in(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Eight tabs with one stored token refresh twice in each round, at random moments, and lose some answers. They use
    two instances; a store in memory has only one. After each round the service accepts the token of every tab, and in
    the end no session has ended.
    """
    rounds = proof.count("rounds of eight tabs", small=4, full=1_000)
    seed = proof.seed()
    choose = random.Random(seed)  # noqa: S311  # it only chooses numbers
    sessions: list[str] = []
    with ExitStack() as life:
        services = start_instances(store, tmp_path, life)
        async with Browser([each.url for each in services], seed=seed) as browser:
            while rounds:
                await browser.sign_in()
                for _ in range(min(rounds, choose.randint(*_ROUNDS_OF_A_SESSION))):
                    await browser.refresh_in_all_tabs()
                    current = await browser.check_every_tab_continues()
                    rounds -= 1
                sessions.append(current)
            for each in sessions:
                await browser.refresh(each)
        log = "".join(each.log() for each in services)
    for event in ("reuse_detected", "session_was_revoked", "token_untraced"):
        assert event not in log
    proof.measured("sessions", len(sessions))
    proof.measured("refresh tokens", len(browser.seen))
    proof.measured("requests", dict(browser.requests))
    proof.measured("events", {each: len(re.findall(each, log)) for each in ("token_refreshed", "token_replayed")})


def start_instances(store: Backend, folder: Path, life: ExitStack) -> list[Service]:
    """Start two instances, or one if the store is in memory. No sign-in ends the session of another one."""
    services = []
    for name in ("one",) if store.kind == "memory" else ("one", "other"):
        (folder / name).mkdir()
        services.append(life.enter_context(running(folder / name, {**store.settings, "SESSIONS_PER_USER": "10000"})))
    return services

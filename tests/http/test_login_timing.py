"""A login takes the same time for known and unknown usernames."""

import random
import time
from collections.abc import Sequence
from statistics import median
from typing import Any, Final

import pytest

from app.domain.rate_limits.rate_limit import RateLimit
from tests.conftest import Proof

from .conftest import Start
from .service import Answer

_NO_LIMIT: Final = RateLimit(1_000_000, 1)
_BUDGETS: Final = ("login_account_budget", "login_address_budget", "login_network_budget", "login_budget")
_UNLIMITED: Final[dict[str, Any]] = dict.fromkeys(_BUDGETS, _NO_LIMIT)
_SPLITS: Final = 500


def noise(times: Sequence[float], choose: random.Random) -> float:
    """Return the largest difference between the medians of two random halves, over many splits."""
    most = 0.0
    for _ in range(_SPLITS):
        shuffled = choose.sample(times, len(times))
        half = len(times) // 2
        most = max(most, abs(median(shuffled[:half]) - median(shuffled[half:])))
    return most


@pytest.mark.proof("login")
async def test_known_and_unknown_names_take_as_long(start: Start, proof: Proof) -> None:
    """The medians of the two kinds differ less than the medians of two halves of one kind."""
    service = await start(hashing=True, **_UNLIMITED)
    choose = random.Random(proof.seed())  # noqa: S311  # it only orders requests
    rounds = proof.count("logins of each kind", small=20, full=1_000)
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    answers = set()
    for number in range(rounds):
        for kind in choose.sample(sorted(times), 2):
            username = "alice" if kind == "known" else f"name{number:04}"
            began = time.perf_counter()
            answer = await service.login(username, "wrong")
            times[kind].append(time.perf_counter() - began)
            answers.add(_comparable(answer))
    assert len(answers) == 1
    difference = abs(median(times["known"]) - median(times["unknown"]))
    allowed = max(noise(each, choose) for each in times.values())
    proof.measured("difference of the medians (ms)", round(difference * 1_000, 4))
    proof.measured("noise between halves of one kind (ms)", round(allowed * 1_000, 4))
    if rounds >= 1_000:
        assert difference < allowed


def _comparable(answer: Answer) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """Return a response without ids and dates."""
    headers = ((name, value) for name, value in answer.headers.items() if name.lower() not in ("x-request-id", "date"))
    return answer.status, answer.body, tuple(headers)

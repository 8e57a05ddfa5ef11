"""Running a contract's tests without pytest, against an adapter that should fail them."""

from collections.abc import Callable, Coroutine, Iterator
from inspect import getmembers, isfunction, signature
from typing import Any

import pytest

from app.contracts.counts import Counts

_REPOSITORIES = frozenset({"rate_limits", "clients", "events", "keys", "sessions", "swept", "users"})
"""Fixtures of the kits."""

Test = Callable[..., Coroutine[Any, Any, None]]


async def failures(tier: type[Any], adapter: Callable[[], object], proof: Counts) -> set[str]:
    """Return the names of the tests of ``tier`` that ``adapter`` fails as a test should, by an ``AssertionError``."""

    class Contract(tier):  # type: ignore[misc]  # the tier is known when this runs
        async def connections(self, n: int) -> list[object]:
            return [adapter()] * n

    failed = set()
    for name, test in all_of(tier).items():
        for arguments in cases(test):
            kit = Contract()
            fixtures: dict[str, object] = {"proof": proof} if "proof" in signature(test).parameters else {}
            for repository in _REPOSITORIES & signature(test).parameters.keys():
                [fixtures[repository]] = await kit.connections(1)
            try:
                await test(kit, **arguments, **fixtures)
            except (AssertionError, pytest.fail.Exception):
                failed.add(name)
    return failed


def all_of(tier: type[Any]) -> dict[str, Test]:
    """Return the tests of a tier by their names."""
    return {name: test for name, test in getmembers(tier, isfunction) if name.startswith("test_")}


def cases(test: Test) -> Iterator[dict[str, object]]:
    """Return the arguments of each case of a test, which has one ``parametrize`` at most."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield {}
        return
    [mark] = marks
    names, cases = mark.args
    for case in cases:
        yield {names: case} if isinstance(names, str) else dict(zip(names, case, strict=True))

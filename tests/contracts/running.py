"""Run the tests of a contract without pytest, on an adapter that should fail them."""

from collections.abc import Callable, Coroutine, Iterator
from inspect import getmembers, isfunction, signature
from typing import Any

import pytest

from app.contracts.kit import Counts, RepositoryContract

Test = Callable[..., Coroutine[Any, Any, None]]
Tier = type[RepositoryContract[Any]]

_WORDS_OF_A_SENTENCE = 4


async def failures(tier: Tier, adapter: Callable[[], object], proof: Counts) -> set[str]:
    """Return the names of the tests of ``tier`` that ``adapter`` fails by an ``AssertionError``."""
    return {*await messages(tier, adapter, proof)}


async def messages(tier: Tier, adapter: Callable[[], object], proof: Counts, tests: str = "") -> dict[str, str]:
    """Return for each test of ``tier`` that ``adapter`` fails what its ``AssertionError`` says. Run all of
    them, or those that ``tests`` names.

    All connections are one object, unless the adapter has a method ``connections``.
    """

    class Contract(tier):  # type: ignore[misc, valid-type]  # the tier is known when this runs
        async def connections(self, n: int) -> list[Any]:
            connect = getattr(adapter, "connections", None)
            return connect(n) if connect else [adapter()] * n

    failed = {}
    for name, test in all_of(tier).items():
        if tests and name.removeprefix("test_") not in tests.split():
            continue
        for arguments in cases(test):
            contract = Contract()
            if "proof" in signature(test).parameters:
                arguments["proof"] = proof
            if "repository" in signature(test).parameters:
                [arguments["repository"]] = await contract.connections(1)
            try:
                await test(contract, **arguments)
            except (AssertionError, pytest.fail.Exception) as error:
                failed[name] = str(error)
    return failed


def all_of(tier: type[object]) -> dict[str, Test]:
    """Return the tests of a tier by name, without those of the base of all tiers."""
    tests = {name: test for name, test in getmembers(tier, isfunction) if name.startswith("test_")}
    return {name: test for name, test in tests.items() if not hasattr(RepositoryContract, name)}


def cases(test: Test) -> Iterator[dict[str, object]]:
    """Return the arguments of each case of a test that has at most one ``parametrize``."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    if not marks:
        yield {}
        return
    [mark] = marks
    names, cases = mark.args
    for case in cases:
        yield {names: case} if isinstance(names, str) else dict(zip(names, case, strict=True))


async def assert_noticed(tier: Tier, adapter: Callable[[], object], proof: Counts, noticed_by: str) -> None:
    """Check that ``adapter`` fails the tests whose names, without ``test_``, are the words of ``noticed_by``."""
    failed = await messages(tier, adapter, proof, tests=noticed_by)
    assert sorted({f"test_{word}" for word in noticed_by.split()} - failed.keys()) == []
    short = [each for each in failed.values() if len(each.split("\n")[0].split()) < _WORDS_OF_A_SENTENCE]
    assert short == [], short


async def assert_every_test_fails(tier: Tier, adapters: set[Callable[[], object]], proof: Counts) -> None:
    """Check that each test of ``tier`` is failed by at least one of ``adapters``."""
    failed = set().union(*[await failures(tier, adapter, proof) for adapter in adapters])
    assert sorted(all_of(tier).keys() - failed) == []

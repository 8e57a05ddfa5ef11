"""The kit of the revocation list notices lists that are wrong in one way each."""

from collections.abc import Sequence
from inspect import signature

import pytest

from app.adapters.memory.revocation_list import MemoryRevocationList
from app.contracts.revocation_list import RevocationListContract
from app.domain.model.identifiers import SessionId
from app.domain.model.session import Revocation

from .running import all_of, cases


class Positional(MemoryRevocationList):
    """Lists in the order in which revocations became known."""

    def __init__(self) -> None:
        super().__init__()
        self._known: list[Revocation] = []

    def add(self, revocation: Revocation) -> None:
        super().add(revocation)
        self._known.append(revocation)

    def since(self, moment: float) -> Sequence[Revocation]:
        return [each for each in self._known if each.revoked_at >= moment and each.session_id in self]


class Exclusive(MemoryRevocationList):
    """Lists what came after the moment only."""

    def since(self, moment: float) -> Sequence[Revocation]:
        return [each for each in super().since(moment) if each.revoked_at > moment]


class Nostalgic(MemoryRevocationList):
    """Goes on listing what it forgot."""

    def __init__(self) -> None:
        super().__init__()
        self._all = MemoryRevocationList()

    def add(self, revocation: Revocation) -> None:
        super().add(revocation)
        self._all.add(revocation)

    def since(self, moment: float) -> Sequence[Revocation]:
        return self._all.since(moment)


class Boastful(MemoryRevocationList):
    """Knows all up to now, whatever it was told."""

    def complete(self, *, until: float) -> None:
        super().complete(until=until + 1)


class Empty(MemoryRevocationList):
    """Holds nothing."""

    def __contains__(self, session_id: SessionId) -> bool:
        return False


class Hoarding(MemoryRevocationList):
    """Forgets nothing."""

    def forget(self, *, revoked_before: float) -> None:
        pass


@pytest.mark.parametrize(
    ("adapter", "noticed_by"),
    [
        (Positional, "lists_in_the_order"),
        (Exclusive, "lists_in_the_order"),
        (Nostalgic, "lists_what_is_left"),
        (Boastful, "how_far_it_is_complete"),
        (Empty, "holds_what_was_added learnt_again already_stays"),
        (Hoarding, "older_than_a_moment whatever_the_order lists_what_is_left"),
    ],
)
def test_a_fault_is_noticed(adapter: type[MemoryRevocationList], noticed_by: str) -> None:
    """Each fault fails the tests of the sentences that it breaks; the list without it fails none."""
    assert _failures(MemoryRevocationList) == set()
    failed = _failures(adapter)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


def _failures(adapter: type[MemoryRevocationList]) -> set[str]:
    failed = set()
    for name, test in all_of(RevocationListContract).items():
        assert "revoked" in signature(test).parameters
        for arguments in cases(test):
            try:
                test(RevocationListContract(), revoked=adapter(), **arguments)  # type: ignore[unused-coroutine]  # none
            except AssertionError:
                failed.add(name)
    return failed

"""The kit of the revocation list notices lists that are wrong in one way each."""

from collections.abc import Sequence
from inspect import signature

import pytest

from app.domain.identifiers import SessionId
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revoked_session import RevokedSession
from tests.domain.revocation_list_contract import RevocationListContract

from .running import all_of, cases


class Positional(RevocationList):
    """Lists in the order in which revocations became known."""

    def __init__(self) -> None:
        super().__init__()
        self._known: list[RevokedSession] = []

    def add(self, revocation: RevokedSession) -> None:
        super().add(revocation)
        self._known.append(revocation)

    def since(self, moment: float) -> Sequence[RevokedSession]:
        return [each for each in self._known if each.revoked_at >= moment and each.session_id in self]


class Exclusive(RevocationList):
    """Lists what came after the moment only."""

    def since(self, moment: float) -> Sequence[RevokedSession]:
        return [each for each in super().since(moment) if each.revoked_at > moment]


class Nostalgic(RevocationList):
    """Goes on listing what it forgot."""

    def __init__(self) -> None:
        super().__init__()
        self._all = RevocationList()

    def add(self, revocation: RevokedSession) -> None:
        super().add(revocation)
        self._all.add(revocation)

    def since(self, moment: float) -> Sequence[RevokedSession]:
        return self._all.since(moment)


class Boastful(RevocationList):
    """Knows all up to now, whatever it was told."""

    def mark_synced(self, *, until: float) -> None:
        super().mark_synced(until=until + 1)


class Empty(RevocationList):
    """Holds nothing."""

    def __contains__(self, session_id: SessionId) -> bool:
        return False


class Hoarding(RevocationList):
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
def test_a_fault_is_noticed(adapter: type[RevocationList], noticed_by: str) -> None:
    """Each fault fails the tests of the sentences that it breaks; the list without it fails none."""
    assert _failures(RevocationList) == set()
    failed = _failures(adapter)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


def _failures(adapter: type[RevocationList]) -> set[str]:
    failed = set()
    for name, test in all_of(RevocationListContract).items():
        assert "revoked" in signature(test).parameters
        for arguments in cases(test):
            try:
                test(RevocationListContract(), revoked=adapter(), **arguments)  # type: ignore[unused-coroutine]  # none
            except AssertionError:
                failed.add(name)
    return failed

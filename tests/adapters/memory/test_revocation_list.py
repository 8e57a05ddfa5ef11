"""The revocation list in memory: the kit, and what only this adapter has."""

from app.domain.tokens.revocation_list import RevocationList
from tests.domain.revocation_list_contract import RevocationListContract, revocation


class TestMemoryRevocationList(RevocationListContract):
    """The in-memory revocation list passes the kit."""

    def revocation_list(self) -> RevocationList:
        return RevocationList()


def test_it_keeps_nothing_that_it_forgot() -> None:
    """A list that is swept as it fills does not grow."""
    revoked = RevocationList()
    for number in range(1_000):
        revoked.add(revocation(number, at=number))
        revoked.forget(revoked_before=number - 9)
    assert {len(structure) for structure in (revoked._revoked, revoked._by_time)} == {10}

"""The revocation list in memory: the kit, and what only this adapter has."""

from app.adapters.memory.revocation_list import MemoryRevocationList
from app.contracts.revocation_list import RevocationListContract, revocation
from app.ports.revocation_list import RevocationList


class TestMemoryRevocationList(RevocationListContract):
    """The in-memory revocation list passes the kit."""

    def revocation_list(self) -> RevocationList:
        return MemoryRevocationList()


def test_it_keeps_nothing_that_it_forgot() -> None:
    """A list that is swept as it fills does not grow."""
    revoked = MemoryRevocationList()
    for number in range(1_000):
        revoked.add(revocation(number, at=number))
        revoked.forget(revoked_before=number - 9)
    assert {len(structure) for structure in (revoked._revoked, revoked._by_time)} == {10}

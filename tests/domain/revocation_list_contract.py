"""The contract of a revocation list (``app.ports.revocation_list``). It never waits, so there is no race to test."""

from itertools import permutations

import pytest

from app.domain.identifiers import SessionId
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revoked_session import RevokedSession


def revocation(number: int, *, at: float) -> RevokedSession:
    """Return the revocation of a session that ``number`` makes the id of."""
    return RevokedSession(SessionId(number.to_bytes(16, "big")), at)


class RevocationListContract:
    """Every method does what its docstring says; an adapter overrides ``revocation_list``."""

    def revocation_list(self) -> RevocationList:
        """Return an empty list."""
        raise NotImplementedError

    @pytest.fixture
    def revoked(self) -> RevocationList:
        """Return the list of a test."""
        return self.revocation_list()

    def test_it_holds_what_was_added(self, revoked: RevocationList) -> None:
        """A session is on the list from its revocation on, and no other is."""
        assert revocation(1, at=100).session_id not in revoked
        revoked.add(revocation(1, at=100))
        assert revocation(1, at=100).session_id in revoked
        assert revocation(2, at=100).session_id not in revoked

    def test_it_forgets_what_is_older_than_a_moment(self, revoked: RevocationList) -> None:
        """What was revoked before goes, what was revoked at the moment or after stays."""
        for number, at in ((1, 99), (2, 100), (3, 101)):
            revoked.add(revocation(number, at=at))
        revoked.forget(revoked_before=100)
        assert [revocation(number, at=0).session_id in revoked for number in (1, 2, 3)] == [False, True, True]

    @pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
    def test_it_forgets_whatever_the_order(self, revoked: RevocationList, order: tuple[int, ...]) -> None:
        """A store lists revocations in no order, and clocks differ: the time of each counts, not its place."""
        for number in order:
            revoked.add(revocation(number, at=100 + number))
        revoked.forget(revoked_before=103)
        assert [revocation(number, at=0).session_id in revoked for number in (1, 2, 3)] == [False, False, True]

    @pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))), ids=str)
    def test_it_lists_in_the_order_of_time(self, revoked: RevocationList, order: tuple[int, ...]) -> None:
        """From a moment on, the earliest first, however they became known; of one moment, the least id first."""
        listed = [revocation(1, at=99), revocation(2, at=100), revocation(3, at=101), revocation(4, at=101)]
        for number in order:
            revoked.add(listed[number - 1])
        assert list(revoked.since(0)) == listed
        assert list(revoked.since(100)) == listed[1:]
        assert list(revoked.since(101.5)) == []

    def test_it_lists_what_is_left(self, revoked: RevocationList) -> None:
        """What was forgotten is not listed."""
        for number in (1, 2, 3):
            revoked.add(revocation(number, at=100 + number))
        revoked.forget(revoked_before=103)
        assert list(revoked.since(0)) == [revocation(3, at=103)]

    def test_it_knows_how_far_it_is_complete(self, revoked: RevocationList) -> None:
        """Nothing was learnt at first; then the moment is the one that was noted."""
        assert revoked.synced_until == 0
        revoked.mark_synced(until=100.5)
        assert revoked.synced_until == 100.5

    def test_what_is_known_already_stays(self, revoked: RevocationList) -> None:
        """Heard again with an earlier time, a revocation is not forgotten any sooner."""
        revoked.add(revocation(1, at=200))
        revoked.add(revocation(1, at=100))
        revoked.forget(revoked_before=150)
        assert revocation(1, at=0).session_id in revoked

    def test_what_was_forgotten_can_be_learnt_again(self, revoked: RevocationList) -> None:
        """Forgetting leaves nothing behind that would hide a later revocation."""
        revoked.add(revocation(1, at=100))
        revoked.forget(revoked_before=200)
        revoked.add(revocation(1, at=300))
        assert revocation(1, at=0).session_id in revoked

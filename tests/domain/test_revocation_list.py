"""The list of revoked sessions."""

import gc
import sys
from itertools import permutations

import pytest

from app.domain.identifiers import SessionId
from app.domain.tokens.revocation_list import RevocationList
from app.domain.tokens.revoked_session import RevokedSession, RevokedSessions


def revocation(number: int, *, at: float) -> RevokedSession:
    """Return the revocation at ``at`` of a session with the id ``number``."""
    return RevokedSession(SessionId(number.to_bytes(16, "big")), at)


@pytest.fixture
def revoked() -> RevocationList:
    """Return an empty list."""
    return RevocationList()


def test_it_contains_the_added_sessions_only(revoked: RevocationList) -> None:
    """A session is on the list after it was added, and no other session is."""
    assert revocation(1, at=100).session_id not in revoked
    revoked.add(revocation(1, at=100))
    assert revocation(1, at=100).session_id in revoked
    assert revocation(2, at=100).session_id not in revoked
    assert len(revoked) == 1


def test_forget_removes_sessions_revoked_before_a_time(revoked: RevocationList) -> None:
    """Sessions revoked at that time or later stay."""
    for number, at in ((1, 99), (2, 100), (3, 101)):
        revoked.add(revocation(number, at=at))
    revoked.forget(revoked_before=100)
    assert [revocation(number, at=0).session_id in revoked for number in (1, 2, 3)] == [False, True, True]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=str)
def test_forget_does_not_depend_on_the_order_of_adding(revoked: RevocationList, order: tuple[int, ...]) -> None:
    """The time of each revocation decides, and forgotten sessions are not listed any more."""
    for number in order:
        revoked.add(revocation(number, at=100 + number))
    revoked.forget(revoked_before=103)
    assert [revocation(number, at=0).session_id in revoked for number in (1, 2, 3)] == [False, False, True]
    assert list(revoked.since(0)) == [revocation(3, at=103)]


@pytest.mark.parametrize("order", list(permutations((1, 2, 3, 4))), ids=str)
def test_since_lists_the_earliest_first(revoked: RevocationList, order: tuple[int, ...]) -> None:
    """The list is ordered by time and then by id, in whatever order the sessions were added."""
    listed = [revocation(1, at=99), revocation(2, at=100), revocation(3, at=101), revocation(4, at=101)]
    for number in order:
        revoked.add(listed[number - 1])
    assert list(revoked.since(0)) == listed
    assert list(revoked.since(100)) == listed[1:]
    assert list(revoked.since(101.5)) == []


def test_synced_until_is_the_time_that_was_marked(revoked: RevocationList) -> None:
    """It is 0 before the first sync."""
    assert revoked.synced_until == 0
    revoked.mark_synced(until=100.5)
    assert revoked.synced_until == 100.5


def test_a_session_that_is_added_again_keeps_its_time(revoked: RevocationList) -> None:
    """A second revocation with an earlier time does not make the list forget the session sooner."""
    revoked.add(revocation(1, at=200))
    revoked.add(revocation(1, at=100))
    revoked.forget(revoked_before=150)
    assert revocation(1, at=0).session_id in revoked


def test_a_forgotten_session_can_be_added_again(revoked: RevocationList) -> None:
    """Forgetting a session does not hide a later revocation of it."""
    revoked.add(revocation(1, at=100))
    revoked.forget(revoked_before=200)
    revoked.add(revocation(1, at=300))
    assert revocation(1, at=0).session_id in revoked


def test_forgotten_sessions_take_no_memory(revoked: RevocationList) -> None:
    """A list that forgets as it grows keeps a constant size."""
    for number in range(1_000):
        revoked.add(revocation(number, at=number))
        revoked.forget(revoked_before=number - 9)
    assert (len(revoked), sum(map(len, revoked._revoked))) == (10, 10)


def test_the_cut_off_never_moves_back(revoked: RevocationList) -> None:
    """There is none at first, and an earlier one changes nothing."""
    assert revoked.cut_off is None
    for cut_off, kept in ((100, 100), (99, 100), (101, 101)):
        revoked.revoke_until(cut_off)
        assert revoked.cut_off == kept


def test_the_garbage_collector_does_not_look_at_the_ids(revoked: RevocationList) -> None:
    """A full collection takes as long with a million revocations as with none. Newer versions of CPython track every
    dictionary, but the service excludes these before they are filled.
    """
    revoked.add_each(revocation(number, at=number) for number in range(10_000))
    if sys.version_info < (3, 14):
        assert not any(map(gc.is_tracked, revoked._revoked))


def test_a_session_that_is_twice_in_one_call_keeps_its_first_time(revoked: RevocationList) -> None:
    """It counts once, and the version goes up by one."""
    revoked.add_each([revocation(1, at=100), revocation(2, at=101), revocation(1, at=102)])
    assert list(revoked.since(0)) == [revocation(1, at=100), revocation(2, at=101)]
    assert (len(revoked), revoked.version) == (2, 2)


def test_columns_are_a_sequence_of_sessions() -> None:
    """Columns have the sessions that they were made of, one by one and in slices, and select some of them."""
    sessions = [revocation(number, at=100 + number) for number in range(5)]
    columns = RevokedSessions.of(sessions)
    assert ([*columns], columns[1], len(columns)) == (sessions, sessions[1], 5)
    assert [*columns[1:3]] == sessions[1:3]
    assert [*columns.selected([True, False, True, False, False])] == [sessions[0], sessions[2]]
    assert RevokedSessions.of(columns) is columns
    assert columns.selected([1] * 5) is columns

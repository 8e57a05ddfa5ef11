"""The revoked sessions in the order of their revocation."""

import random
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identifiers import SessionId
from app.domain.tokens import revocation_order
from app.domain.tokens.revocation_order import RevocationOrder, RevocationPosition
from app.domain.tokens.revoked_session import RevokedSession

SESSIONS = st.builds(
    RevokedSession,
    st.integers(0, 40).map(lambda number: SessionId(number.to_bytes(16, "big"))),
    st.integers(0, 20).map(float),
)


def by_time(revoked: RevokedSession) -> tuple[float, bytes]:
    """Return the place of a revoked session."""
    return revoked.revoked_at, revoked.session_id


@pytest.fixture(autouse=True, scope="module")
def small_blocks() -> object:
    """Let a block have four sessions, so that a few of them need several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(revocation_order, "MAX_BLOCK", 4)
        yield


@given(
    st.lists(st.lists(SESSIONS, max_size=12, unique_by=lambda each: each.session_id), max_size=6),
    st.lists(SESSIONS),
    st.integers(0, 21),
    st.integers(0, 10),
)
def test_it_is_a_sorted_list(
    added: list[list[RevokedSession]], discarded: list[RevokedSession], moment: int, limit: int
) -> None:
    """Whatever is added, discarded and removed, the sessions are those of a sorted list, and so is every part."""
    order, expected = RevocationOrder(), set()
    for some in added:
        order.add_each([each for each in some if each not in expected])
        expected |= set(some)
    for each in discarded:
        order.discard(each)
        expected.discard(each)
    every = sorted(expected, key=by_time)
    assert [each for block in order.blocks(RevocationPosition(0.0)) for each in block] == every
    first = bisect_left(every, float(moment), key=lambda each: each.revoked_at)
    assert [each for block in order.blocks(RevocationPosition(moment)) for each in block] == every[first:]
    removed = every[: min(first, limit)]
    assert [*order.remove_before(moment, limit=limit)] == [each.session_id for each in removed]
    assert [each for block in order.blocks(RevocationPosition(0.0)) for each in block] == every[len(removed) :]
    assert len(order) == len(every) - len(removed)


def test_whole_blocks_are_few_and_leave_nothing_out() -> None:
    """From whatever position one begins, each whole block begins at or before it, and their ends lead to the last."""
    order = RevocationOrder()
    every = [RevokedSession(SessionId(number.to_bytes(16, "big")), 1.0 + number // 7) for number in range(50)]
    random.Random(1).shuffle(every)  # noqa: S311  # the order needs no secure randomness
    for each in every:
        order.add_each([each])
    beginnings = set()
    for moment in range(1, 11):
        following: RevocationPosition | None = RevocationPosition(moment)
        found: set[RevokedSession] = set()
        while following is not None:
            block = order.block_after(following, whole=True)
            assert block.after <= following
            beginnings.add(block.after)
            found |= set(block)
            following = block.next
        assert found >= {each for each in every if each.revoked_at >= moment}
    assert len(beginnings) <= 26


def test_position_is_a_text_of_32_characters() -> None:
    """It is read as the same position, and no other text is."""
    position = RevocationPosition(1_764_100_795.25, SessionId(bytes(range(16))))
    assert RevocationPosition.parse(position.text()) == position
    assert len(position.text()) == 32
    for text in ("", "A", position.text()[1:], position.text() + "A"):
        with pytest.raises(ValueError, match=r"."):
            RevocationPosition.parse(text)

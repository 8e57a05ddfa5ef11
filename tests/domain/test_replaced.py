"""What a session keeps of the secrets that its rotations replaced."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.sessions.replaced import MAX_REPLACED, NOTHING_REPLACED, ReplacedSecret, ReplacedSecrets
from app.domain.sessions.session import SessionPolicy
from app.testing.builders import refresh_token, session_of
from app.testing.system import NOW

DIGEST, SALT = b"\x11" * 32, b"\x22" * 32

TIMES = st.floats(NOW - 400, NOW + 400)


def after(*times: float, now: float = NOW) -> list[float]:
    """Return the times that are kept after a rotation at ``now``, if these were kept before it."""
    before = ReplacedSecrets.of(*(ReplacedSecret(DIGEST, SALT, at) for at in times))
    return [each.replaced_at for each in before.followed_by(DIGEST, SALT, now=now, lifetime=150, leeway=30)]


@given(st.lists(st.tuples(st.none() | st.binary(min_size=32, max_size=32).filter(any), TIMES), max_size=40))
def test_packed_secrets_are_read_as_they_were(secrets: list[tuple[bytes | None, float]]) -> None:
    """Each secret takes 72 bytes. An unknown digest stays unknown."""
    replaced = [ReplacedSecret(digest, SALT, at) for digest, at in secrets]
    packed = ReplacedSecrets.of(*replaced)
    assert len(packed.packed) == 72 * len(replaced) == 72 * len(packed)
    assert list(packed) == replaced


@given(st.lists(TIMES, max_size=40).map(sorted), TIMES)
def test_a_rotation_keeps_at_most_32_in_the_order_of_their_times(times: list[float], now: float) -> None:
    """The new one is the last, no time is before the one before it, and none is far ahead of the clock."""
    kept = after(*times, now=now)
    assert 1 <= len(kept) <= MAX_REPLACED
    assert all(one <= next_one for one, next_one in pairwise(kept))
    assert now <= kept[-1] <= now + 30
    assert all(now - at < 150 for at in kept)


def test_an_old_one_is_dropped() -> None:
    """What is older than its lifetime is not written again."""
    assert after(NOW - 150, NOW - 149.999) == [NOW - 149.999, NOW]


def test_a_time_within_the_leeway_is_kept() -> None:
    """The clock of another instance may be ahead. The rotation after it has the same time, not an earlier one."""
    assert after(NOW + 30) == [NOW + 30, NOW + 30]


def test_a_time_beyond_the_leeway_is_taken_for_now() -> None:
    """Otherwise a token that was replaced while a clock was wrong would work until that time is reached."""
    assert after(NOW - 5, NOW + 30.5) == [NOW - 5, NOW, NOW]


def test_the_oldest_of_33_is_dropped() -> None:
    """A session never keeps more than 32 replaced secrets."""
    assert after(*(NOW - 100 + number for number in range(32))) == [*(NOW - 99 + number for number in range(31)), NOW]


def test_nothing_replaced_has_no_last_one() -> None:
    """A session that was never rotated has neither a time nor a salt."""
    assert (NOTHING_REPLACED.last_at(), NOTHING_REPLACED.last_salt(), len(NOTHING_REPLACED)) == (None, None, 0)


def test_the_previous_version_finds_its_salt() -> None:
    """An instance of the previous version needs the salt of the last rotation, and nothing else."""
    replaced = ReplacedSecrets.of(ReplacedSecret(DIGEST, DIGEST, NOW - 1), ReplacedSecret(DIGEST, SALT, NOW))
    assert (replaced.last_salt(), replaced.last_at()) == (SALT, NOW)


def test_a_rotation_whose_salt_was_erased_leaves_a_gap() -> None:
    """If the last rotation is not among the replaced secrets, an unknown one takes its place until it is too old."""
    policy = SessionPolicy()
    session = session_of(refresh_token(), generation=1, rotated_at=NOW)
    replaced = policy.replaced_after(session, salt=SALT, now=NOW + 100)
    assert [(each.digest, each.replaced_at) for each in replaced] == [(None, NOW), (session.secret_digest, NOW + 100)]
    assert len(policy.replaced_after(session, salt=SALT, now=NOW + policy.replaced_lifetime())) == 1


def test_the_first_rotation_leaves_no_gap() -> None:
    """A session that never rotated has replaced nothing before its first rotation."""
    assert len(SessionPolicy().replaced_after(session_of(refresh_token()), salt=SALT, now=NOW + 1)) == 1

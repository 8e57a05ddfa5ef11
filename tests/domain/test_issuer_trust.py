"""Which of an issuer's keys are trusted."""

from app.domain.verifier.issuer_trust import IssuerTrust


def trust(*held: str) -> IssuerTrust:
    """Return the trust in the keys of a JWK Set."""
    trust = IssuerTrust()
    trust.set_keys(held)
    return trust


def test_without_a_feed_the_jwk_set_counts() -> None:
    """There may be none yet."""
    assert trust("a", "b").kids() == {"a", "b"}


def test_a_feed_takes_away_what_it_drops_or_leaves_out() -> None:
    """Both at once."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["a", "b"], ["b"])
    assert keys.kids() == {"a"}


def test_what_was_left_out_can_be_named_again_and_what_was_dropped_cannot() -> None:
    """Instances notice a new key one after the other; a drop is for good."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["a"], ["c"])
    keys.apply_feed(["a", "b", "c"], [])
    assert keys.kids() == {"a", "b"}
    keys.set_keys(["a", "b", "c"])
    assert keys.kids() == {"a", "b"}


def test_a_key_that_the_feed_could_not_judge_is_trusted() -> None:
    """It became known later, and may be the one that signs the next feed; that one judges it."""
    keys = trust("a")
    keys.apply_feed(["a"], [])
    keys.set_keys(["a", "b"])
    assert keys.kids() == {"a", "b"}
    keys.apply_feed(["a"], [])
    assert keys.kids() == {"a"}


def test_a_cached_jwk_set_brings_nothing_back_while_feeds_come() -> None:
    """A key that was left out stays out, however often it is fetched."""
    keys = trust("a", "b")
    keys.apply_feed(["b"], [])
    keys.set_keys(["b"])
    keys.set_keys(["a", "b"])
    assert keys.kids() == {"b"}


def test_without_fresh_feeds_a_younger_jwk_set_counts() -> None:
    """But for what was dropped; one that is older than the last feed does not."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["b"], ["c"])
    keys.feed_is_fresh = False
    assert keys.kids() == {"b"}
    keys.set_keys(["a", "b", "c"])
    assert keys.kids() == {"a", "b"}


def test_it_knows_what_is_missing() -> None:
    """A key that is neither held nor dropped has to be fetched."""
    keys = trust("a")
    keys.apply_feed(["a"], ["x"])
    assert not keys.lacks(["a", "x"])
    assert keys.lacks(["a", "b"])

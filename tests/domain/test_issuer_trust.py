"""Which of an issuer's keys are trusted."""

from app.domain.verifier.issuer_trust import IssuerTrust


def trust(*kids: str) -> IssuerTrust:
    """Return an ``IssuerTrust`` that knows a JWK Set with these keys."""
    trust = IssuerTrust()
    trust.set_keys(kids)
    return trust


def test_without_a_feed_all_keys_of_the_jwk_set_are_trusted() -> None:
    """Before the first feed nothing is excluded."""
    assert trust("a", "b").kids() == {"a", "b"}


def test_a_feed_excludes_dropped_and_unnamed_keys() -> None:
    """One feed drops a key and does not name another: both are excluded."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["a", "b"], ["b"])
    assert keys.kids() == {"a"}


def test_an_unnamed_key_can_return_and_a_dropped_key_cannot() -> None:
    """Instances notice a new key one after the other, so a later feed may name it again. A drop is final."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["a"], ["c"])
    keys.apply_feed(["a", "b", "c"], [])
    assert keys.kids() == {"a", "b"}
    keys.set_keys(["a", "b", "c"])
    assert keys.kids() == {"a", "b"}


def test_a_key_newer_than_the_feed_is_trusted_until_the_next_feed() -> None:
    """The new key may be the one that signs the next feed."""
    keys = trust("a")
    keys.apply_feed(["a"], [])
    keys.set_keys(["a", "b"])
    assert keys.kids() == {"a", "b"}
    keys.apply_feed(["a"], [])
    assert keys.kids() == {"a"}


def test_a_cached_jwk_set_does_not_bring_an_excluded_key_back() -> None:
    """While feeds are fresh, a key that the feed does not name stays excluded, however often it is fetched."""
    keys = trust("a", "b")
    keys.apply_feed(["b"], [])
    keys.set_keys(["b"])
    keys.set_keys(["a", "b"])
    assert keys.kids() == {"b"}


def test_with_a_stale_feed_a_newer_jwk_set_is_trusted() -> None:
    """A JWK Set that is older than the last feed changes nothing, and a dropped key stays excluded."""
    keys = trust("a", "b", "c")
    keys.apply_feed(["b"], ["c"])
    keys.feed_is_fresh = False
    assert keys.kids() == {"b"}
    keys.set_keys(["a", "b", "c"])
    assert keys.kids() == {"a", "b"}


def test_a_key_is_missing_if_it_is_neither_known_nor_dropped() -> None:
    """Only such a key has to be fetched."""
    keys = trust("a")
    keys.apply_feed(["a"], ["x"])
    assert not keys.lacks(["a", "x"])
    assert keys.lacks(["a", "b"])

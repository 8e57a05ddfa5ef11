"""The memory of used assertions."""

from app.domain.clients.used_assertions import UsedAssertions
from app.domain.identifiers import ClientId

CLIENT, OTHER_CLIENT = ClientId("one"), ClientId("other")


def test_an_assertion_is_accepted_once_until_it_is_forgotten() -> None:
    """A second use is refused for 10 seconds, but another client may use the same id."""
    used = UsedAssertions()
    assert used.use(CLIENT, "a", now=0, seconds=10)
    assert not used.use(CLIENT, "a", now=9, seconds=10)
    assert used.use(OTHER_CLIENT, "a", now=9, seconds=10)
    assert used.use(CLIENT, "a", now=10, seconds=10)


def test_a_full_memory_refuses_new_assertions() -> None:
    """Nothing is forgotten early to make room: the new assertion is refused instead."""
    used = UsedAssertions(max_assertions=2)
    assert [used.use(CLIENT, each, now=0, seconds=10) for each in "abc"] == [True, True, False]
    assert not used.use(CLIENT, "a", now=1, seconds=10)
    assert used.use(CLIENT, "c", now=10, seconds=10)

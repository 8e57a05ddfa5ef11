"""Used assertions in memory."""

from app.domain.clients.used_assertions import UsedAssertions
from app.domain.identifiers import ClientId

ONE, OTHER = ClientId("one"), ClientId("other")


def test_an_assertion_is_used_once_until_its_time_is_over() -> None:
    """Another client may use the same id; afterwards it is forgotten."""
    used = UsedAssertions()
    assert used.use(ONE, "a", now=0, seconds=10)
    assert not used.use(ONE, "a", now=9, seconds=10)
    assert used.use(OTHER, "a", now=9, seconds=10)
    assert used.use(ONE, "a", now=10, seconds=10)


def test_there_is_an_end_to_its_memory() -> None:
    """Where there is no room nothing that is remembered is forgotten before its time: the newcomer is refused."""
    used = UsedAssertions(most=2)
    assert [used.use(ONE, each, now=0, seconds=10) for each in "abc"] == [True, True, False]
    assert not used.use(ONE, "a", now=1, seconds=10)
    assert used.use(ONE, "c", now=10, seconds=10)

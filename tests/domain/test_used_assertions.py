"""The memory of used assertions."""

import pytest

from app.domain.clients.used_assertions import UsedAssertions
from app.domain.errors import InvalidClient
from app.domain.identifiers import ClientId

CLIENT, OTHER_CLIENT = ClientId("one"), ClientId("other")


def refusal(used: UsedAssertions, token_id: str, *, client_id: ClientId = CLIENT, now: float = 0) -> str | None:
    """Use an assertion that is remembered for 10 seconds. Return why it is refused, or ``None``."""
    try:
        used.use(client_id, token_id, now=now, until=int(now) + 10)
    except InvalidClient as error:
        return error.reason
    return None


def test_an_assertion_is_accepted_once_until_it_is_forgotten() -> None:
    """A second use is refused for 10 seconds, but another client may use the same id."""
    used = UsedAssertions()
    assert refusal(used, "a") is None
    assert refusal(used, "a", now=9.9) == "used_before"
    assert refusal(used, "a", client_id=OTHER_CLIENT, now=9) is None
    assert refusal(used, "a", now=10) is None


def test_a_client_that_fills_its_share_is_the_only_one_refused() -> None:
    """Nothing is forgotten early to make room. The client can go on when its own assertions have expired."""
    used = UsedAssertions(max_assertions=100, max_of_client=2)
    assert [refusal(used, each) for each in "abc"] == [None, None, "too_many_assertions"]
    assert refusal(used, "a", now=1) == "used_before"
    assert [refusal(used, each, client_id=OTHER_CLIENT) for each in "abc"] == [None, None, "too_many_assertions"]
    assert refusal(used, "c", now=10) is None


def test_a_full_memory_still_has_a_few_places_for_each_client() -> None:
    """Several clients together cannot keep another one out."""
    used = UsedAssertions(max_assertions=6, max_of_client=3, reserved=2)
    for client_id in ("a", "b"):
        assert [refusal(used, each, client_id=ClientId(client_id)) for each in "123"] == [None] * 3
    answers = [refusal(used, each, client_id=CLIENT) for each in "123"]
    assert answers == [None, None, "too_many_assertions"]


@pytest.mark.parametrize("lengths", [(10, 10, 20), (20, 10, 5)], ids=str)
def test_each_assertion_is_remembered_for_its_own_time(lengths: tuple[int, ...]) -> None:
    """An assertion that expires soon is forgotten before an older one that expires later."""
    used = UsedAssertions()
    for number, seconds in enumerate(lengths):
        used.use(CLIENT, str(number), now=0, until=seconds)
    for now in (4, 5, 9, 10, 19, 20):
        used.use(OTHER_CLIENT, f"at {now}", now=now, until=now + 1)
        assert len(used) == 1 + sum(seconds > now for seconds in lengths)


def test_a_long_id_takes_no_more_memory_than_a_short_one() -> None:
    """Only the SHA-256 of an id is kept, so that no text of a client fills the memory."""
    used = UsedAssertions()
    used.use(CLIENT, "x" * 5_000, now=0, until=10)
    assert [len(digest) for digests in used._used.values() for digest in digests] == [32]
    assert refusal(used, "x" * 5_000) == "used_before"
    assert refusal(used, "x" * 4_999) is None

"""When keys sign, and when they are gone."""

import pytest

from app.domain.keys.policy import NOTICE_SECONDS, KeyPolicy
from app.domain.keys.signing_key import ALWAYS, KeyState, SigningKey

POLICY = KeyPolicy(period=10_000, jwks_max_age=600, access_token_lifetime=900, leeway=30)
OLD, NEW, NEXT = SigningKey("old", 1_000, 0), SigningKey("new", 5_000, 1_000), SigningKey("next", 9_000, 5_000)
KEYS = (NEXT, OLD, NEW)
OLD_IS_GONE = 5_000 + 900 + 600 + 30 + NOTICE_SECONDS


FIRST = SigningKey("first", ALWAYS, 500.5)


def test_the_lead_covers_every_cache() -> None:
    """A key is published for as long as verifiers cache the JWK Set, plus the leeway and the notice."""
    assert POLICY.lead() == 600 + 30 + NOTICE_SECONDS
    assert POLICY.earliest_activation(77) == 77 + POLICY.lead()


@pytest.mark.parametrize(
    ("now", "states"),
    [
        (999.9, "pending pending pending"),
        (1_000, "active pending pending"),
        (4_999.9, "active pending pending"),
        (5_000, "retiring active pending"),
        (OLD_IS_GONE - 0.1, "retiring active pending"),
        (OLD_IS_GONE, "gone active pending"),
        (9_000, "gone retiring active"),
        (1e9, "gone gone active"),
    ],
)
def test_the_state_follows_from_the_times(now: float, states: str) -> None:
    """A key is pending, active until the next one is, retiring until its last token has expired, and then gone."""
    assert [POLICY.state(key, KEYS, now) for key in (OLD, NEW, NEXT)] == [KeyState(each) for each in states.split()]
    assert {key.kid for key in POLICY.published(KEYS, now)} == {
        key.kid for key, state in zip((OLD, NEW, NEXT), states.split(), strict=True) if state != "gone"
    }


def test_a_key_that_is_gone_is_deletable_after_a_day() -> None:
    """A clock that is ahead for a while deletes no key that is still needed."""
    assert POLICY.deletable(KEYS, OLD_IS_GONE + 86_399) == []
    assert POLICY.deletable(KEYS, OLD_IS_GONE + 86_400) == [OLD]


@pytest.mark.parametrize(
    ("keys", "now", "expected"),
    [
        pytest.param((), 50.5, ALWAYS, id="the first always"),
        pytest.param((FIRST,), 1_000.5, 10_501, id="a period after the first was published"),
        pytest.param((OLD,), 1_000.5, 11_000, id="a period after the last"),
        pytest.param((OLD,), 20_000.5, 20_001 + POLICY.lead(), id="late, and no sooner than verifiers have it"),
    ],
)
def test_the_scheduled_activation(keys: tuple[SigningKey, ...], now: float, expected: float) -> None:
    """A key activates a period after the last one, but not before the lead is over, in whole seconds."""
    assert POLICY.scheduled_activation(keys, now) == expected

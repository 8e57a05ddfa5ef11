"""Which of several keys signs."""

from collections.abc import Sequence

import pytest

from app.domain.keys.signing_key import SigningKey, active_key
from app.testing.system import NOW

OLD = SigningKey("old", NOW - 100)
RECENT = SigningKey("recent", NOW - 1)
STARTING = SigningKey("starting", NOW)
PENDING = SigningKey("pending", NOW + 0.001)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param([OLD], OLD, id="the only one"),
        pytest.param([OLD, RECENT], RECENT, id="the newest"),
        pytest.param([RECENT, OLD], RECENT, id="the newest, in whatever order"),
        pytest.param([OLD, RECENT, PENDING], RECENT, id="not the pending one"),
        pytest.param([RECENT, STARTING], STARTING, id="from its very moment on"),
        pytest.param([PENDING], None, id="none, all pending"),
        pytest.param([], None, id="none at all"),
    ],
)
def test_the_key_that_activated_last_signs(keys: Sequence[SigningKey], expected: SigningKey | None) -> None:
    """A pending key never signs."""
    assert active_key(keys, NOW) is expected

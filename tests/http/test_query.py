"""The strict reader of numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.http.requests.query import whole_number

texts = st.text("0123456789+-._ eExX\u0661\u00b2", max_size=8) | st.text(max_size=8) | st.integers().map(str)


@given(texts, st.integers(0, 5), st.integers(5, 10**6))
def test_only_the_canonical_form_of_a_number_is_read(text: str, minimum: int, maximum: int) -> None:
    """A text that is accepted is exactly the decimal form of the number that is returned."""
    try:
        number = whole_number(text, minimum=minimum, maximum=maximum)
    except ValueError:
        assert not any(text == str(each) for each in (minimum, maximum))
    else:
        assert text == str(number)
        assert minimum <= number <= maximum


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_each_number_within_the_limits_is_read(number: int, other: int) -> None:
    """The limits themselves are allowed."""
    assert whole_number(str(number), minimum=min(number, other), maximum=max(number, other)) == number


@pytest.mark.parametrize("digits", [4_299, 4_300, 4_301, 100_000])
def test_number_of_many_digits_is_refused(digits: int) -> None:
    """Python refuses to convert more than 4,300 digits, so such a text is not converted at all."""
    with pytest.raises(ValueError, match="must be a whole number from 0 to 200"):
        whole_number("1" * digits, minimum=0, maximum=200)

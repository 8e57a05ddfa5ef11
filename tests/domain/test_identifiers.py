"""Identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import base64url
from app.domain.identifiers import SessionId, format_session_id, parse_session_id


@given(st.binary(min_size=16, max_size=16).map(SessionId))
def test_formatting_and_parsing_returns_the_session_id(session_id: SessionId) -> None:
    """The ``sid`` of a session has 22 characters, and no other session has it."""
    text = format_session_id(session_id)
    assert len(text) == 22
    assert parse_session_id(text) == session_id


@pytest.mark.parametrize(
    "text",
    ["", "A" * 21, "A" * 20, "A" * 24, base64url.encode(bytes(17)), "A" * 21 + "B", "A" * 22 + "==", "A" * 21 + "é"],
)
def test_text_that_is_not_a_session_id_is_refused(text: str) -> None:
    """Other lengths and texts that are not canonical raise ``ValueError``."""
    with pytest.raises(ValueError):  # noqa: PT011  # its contract says ValueError, and no more
        parse_session_id(text)

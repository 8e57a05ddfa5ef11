"""Scope (RFC 6749 §3.3)."""

import pytest

from app.domain.scope import MAX_LENGTH, InvalidScope, Scope


def test_its_text_is_in_alphabetical_order() -> None:
    """Two spellings of one scope are equal and have one text."""
    assert Scope.parse("b a") == Scope.parse("a b")
    assert str(Scope.parse("b a")) == "a b"


@pytest.mark.parametrize("text", [" ", "a  b", " a", "a ", 'a"b', "a\\b", "a\tb", "é", "a\n", "x" * (MAX_LENGTH + 1)])
def test_malformed_text_is_refused(text: str) -> None:
    """Only tokens of the RFC's characters, parted by single spaces, are a scope."""
    with pytest.raises(InvalidScope):
        Scope.parse(text)


@pytest.mark.parametrize("requested", [None, ""])
def test_nothing_requested_is_all(requested: str | None) -> None:
    """A request that names no scope gets the whole."""
    assert Scope.parse("a b").narrowed_to(requested) == Scope.parse("a b")


def test_it_narrows_and_never_widens() -> None:
    """A part can be requested, nothing beyond."""
    assert Scope.parse("a b").narrowed_to("b") == Scope.parse("b")
    with pytest.raises(InvalidScope):
        Scope.parse("a b").narrowed_to("b c")

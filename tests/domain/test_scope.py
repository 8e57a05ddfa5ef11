"""Scope (RFC 6749 §3.3)."""

import pytest

from app.domain.scope import MAX_LENGTH, InvalidScope, Scope


def test_the_text_is_in_alphabetical_order() -> None:
    """Two texts with the same scope tokens give equal scopes with the same text."""
    assert Scope.parse("b a") == Scope.parse("a b")
    assert Scope.parse("b a").text == str(Scope.parse("b a")) == "a b"


@pytest.mark.parametrize("text", [" ", "a  b", " a", "a ", 'a"b', "a\\b", "a\tb", "é", "a\n", "x" * (MAX_LENGTH + 1)])
def test_malformed_text_is_refused(text: str) -> None:
    """Only tokens of the RFC's characters, separated by single spaces, are a scope."""
    with pytest.raises(InvalidScope):
        Scope.parse(text)


def test_a_request_can_narrow_but_not_widen() -> None:
    """A part of the scope can be requested, and nothing else."""
    assert Scope.parse("a b").narrowed_to("b") == Scope.parse("b")
    with pytest.raises(InvalidScope):
        Scope.parse("a b").narrowed_to("b c")

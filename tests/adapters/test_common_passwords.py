"""The list of common passwords."""

import pytest

from app.adapters.passwords.common_passwords import ListedPasswords


@pytest.mark.parametrize("password", ["12345678", "password1", "PASSWORD1", "iloveyou", "trustno1"])
def test_what_everybody_tries_is_on_it(password: str) -> None:
    """In whatever case."""
    assert password in ListedPasswords()


@pytest.mark.parametrize("password", ["correct horse battery", "", "password1 ", "p" * 128])
def test_what_nobody_tries_is_not(password: str) -> None:
    """A password is on the list as a whole."""
    assert password not in ListedPasswords()


def test_it_is_the_whole_list() -> None:
    """None of its lines got lost on the way."""
    assert len(ListedPasswords()._listed) > 19_000

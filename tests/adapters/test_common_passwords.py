"""The list of common passwords."""

import pytest

from app.adapters.passwords.common_passwords import ListedPasswords


@pytest.mark.parametrize("password", ["12345678", "password1", "PASSWORD1", "iloveyou", "trustno1"])
def test_common_passwords_are_on_the_list(password: str) -> None:
    """Common passwords are on the list, in upper and lower case."""
    assert password in ListedPasswords()


@pytest.mark.parametrize("password", ["correct horse battery", "", "password1 ", "p" * 128])
def test_other_passwords_are_not_on_the_list(password: str) -> None:
    """A password that only contains a common one, or that is rare, is not on the list."""
    assert password not in ListedPasswords()


def test_the_list_is_complete() -> None:
    """The installed list has all its lines."""
    assert len(ListedPasswords()._listed) > 19_000

"""Slips in the spelling of an issuer."""

import pytest

from app.domain.issuer_spelling import differ_by_slash, with_scheme


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost", "http://localhost"),
        ("localhost:8080", "http://localhost:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("id.example", "https://id.example"),
        ("id.example/tenant", "https://id.example/tenant"),
        ("keyturn:8080", "https://keyturn:8080"),
    ],
)
def test_an_address_may_lack_its_scheme(text: str, meant: str) -> None:
    """The URL that may be meant is http on this machine, and https elsewhere."""
    assert with_scheme(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://id.example",
            "ftp://id.example",
            "https:id.example",
            "https://",
            "",
            "secret",
            "correct horse.battery",
        ),
        *("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIifQ.AAAA", "id.example:0", "id.example:99999", "[::", "[:]", "a@id.example"),
    ],
)
def test_other_text_is_not_repeated(text: str) -> None:
    """What is no address without its scheme may be a secret, and no URL is suggested."""
    assert with_scheme(text) is None


def test_issuers_that_differ_by_the_slash() -> None:
    """Only the slash at the end is such a difference."""
    assert differ_by_slash("https://id.example", "https://id.example/")
    assert not differ_by_slash("https://id.example", "https://id.example")
    assert not differ_by_slash("https://id.example", "https://ID.example/")

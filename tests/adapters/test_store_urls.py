"""The parser of the URLs of stores, with passwords that nobody has percent-encoded."""

import re
from contextlib import suppress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.store_urls.known import PARSERS, check_url
from app.adapters.store_urls.parts import WrongUrl
from app.adapters.store_urls.postgres import PostgresUrl

FORMS: Final = (
    "postgresql://keyturn:{}@db.example/keyturn?sslmode=require",
    "postgresql://keyturn:{}@db1.example:5432,db2.example/keyturn",
    "postgresql://db.example/keyturn?user=keyturn&password={}",
    "redis://:{}@cache.example:6379/0",
    "rediss+cluster://keyturn:{}@cache1.example,cache2.example:6380",
    "redis+sentinel://keyturn:{}@cache.example/service/0?sentinel_password={}",
    "memory://{}",
)
_PIECE: Final = re.compile("[QXZ]{2}")
"""What is in a password and in no message."""


@given(st.sampled_from(FORMS), st.text("QXZ7/?#@:%&=+[],. ~\u00e4\0\n", min_size=1, max_size=12))
def test_no_message_has_a_piece_of_a_password(form: str, password: str) -> None:
    """Whatever the password is, the URL is parsed or refused with the one error of the parser. Neither the message, nor
    what names the servers later, has a piece of the password.
    """
    url = form.replace("{}", f"QX{password}ZQ")
    try:
        check_url(url)
        shown = str(PARSERS[url.partition(":")[0]](url))
    except WrongUrl as error:
        shown = str(error)
    assert not _PIECE.search(shown)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text makes the parser raise another error."""
    for scheme in ("", *PARSERS):
        with suppress(WrongUrl):
            check_url(f"{scheme}://{text}" if scheme else text)


@pytest.mark.parametrize(
    ("url", "hosts", "ports", "user", "password", "database"),
    [
        ("postgresql:///", (), (), None, None, None),
        ("postgres://h", ("h",), (), None, None, None),
        ("postgresql://u:p%3A%2F%40@h:5433/k%2Fl", ("h",), (5433,), "u", "p:/@", "k/l"),
        ("postgresql://u:p:q@s@[::1]:5433,h/k", ("::1", "h"), (5433, 5432), "u", "p:q@s", "k"),
        ("postgresql://%2Frun%2Fpostgresql/k", ("/run/postgresql",), (), None, None, "k"),
        ("postgresql:///k?host=/run/postgresql&port=5433&user=u", ("/run/postgresql",), (5433,), "u", None, "k"),
        ("postgresql://?host=a,b&port=1&dbname=k&password=p%2Bq", ("a", "b"), (1, 1), None, "p+q", "k"),
        ("postgresql://?port=5433", (), (5433,), None, None, None),
    ],
)
def test_the_parts_of_a_url(  # noqa: PLR0917  # pytest gives them by name
    url: str,
    hosts: tuple[str, ...],
    ports: tuple[int, ...],
    user: str | None,
    password: str | None,
    database: str | None,
) -> None:
    """Hosts, ports, credentials and the database are what libpq finds in the URL; no repr has the password."""
    parsed = PostgresUrl.parse(url)
    assert (parsed.hosts, parsed.ports, parsed.user, parsed.password, parsed.database) == (
        *(hosts, ports, user),
        *(password, database),
    )
    assert password is None or password not in repr(parsed)

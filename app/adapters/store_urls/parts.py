"""Split the URL of a store into its parts (RFC 3986 §3).

A part that is not what it should be may be a piece of a password whose ``@`` or ``/`` is not percent-encoded. So no
message quotes one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import unquote_to_bytes

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_WORD: Final = re.compile(r"[\w+.-]+")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORTS: Final = range(1, 65_536)
_MAX_HOST_LENGTH: Final = 255

_ENCODE: Final = "in a user or a password, write / ? # @ % as %2F %3F %23 %40 %25"
_HOST: Final = f"the host must be a name, an address, or an IPv6 address between [ and ]; {_ENCODE}"


class WrongUrl(ValueError):
    """A URL has a faulty part. The message names the part, and quotes nothing of a password. It begins in lower case,
    because the name of a setting comes before it.
    """


@dataclass(frozen=True, slots=True)
class UrlParts:
    """The parts of a URL that names servers, decoded. ``path`` is what comes after the slash, not decoded."""

    scheme: str
    user: str | None
    password: str | None = field(repr=False)
    hosts: tuple[tuple[str, int | None], ...]
    path: str
    options: tuple[tuple[str, str], ...] = field(repr=False)


def split_scheme(text: str) -> tuple[str, str]:
    """Return the scheme in lower case (RFC 3986 §3.1), and what comes after ``://``; raises ``WrongUrl``."""
    scheme, separator, rest = text.partition("://")
    if separator and _WORD.fullmatch(scheme) and not _SCHEME.fullmatch(scheme):
        raise WrongUrl("must begin with a scheme of letters, digits, +, - and . that begins with a letter")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise WrongUrl("must be a store's URL, such as memory://, sqlite:///keyturn.db or postgresql://host/keyturn")
    if not text.isprintable():
        raise WrongUrl("must not have a line end or another invisible character")
    return scheme.lower(), rest


def split_url(text: str) -> UrlParts:
    """Return the parts of ``text``; raises ``WrongUrl``."""
    scheme, rest = split_scheme(text)
    for character, written in ((" ", "%20"), ("#", "%23")):
        if character in rest:
            name = "a space" if character == " " else f"a {character}"
            raise WrongUrl(f"must not have {name}: write it as {written}")
    before_query, _, query = rest.partition("?")
    authority, _, path = before_query.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    if "@" in path or "@" in query:
        raise WrongUrl(f"must not have an @ after the first / or ?; {_ENCODE}")
    user, _, password = credentials.partition(":")
    if "@" in user:
        raise WrongUrl(f"must not have an @ in the user; {_ENCODE}")
    return UrlParts(
        scheme,
        decoded("user", user) or None,
        decoded("password", password) or None,
        tuple(split_host(each) for each in hosts.split(",")) if hosts else (),
        path,
        tuple(_options(query)),
    )


def split_host(text: str) -> tuple[str, int | None]:
    """Return a host and its port, if it has one; raises ``WrongUrl``."""
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise WrongUrl(_HOST)
        return _ipv6(decoded("host", address)), read_port(rest[1:]) if rest[1:] else None
    host, _, port_text = text.partition(":")
    return check_host(decoded("host", host)), read_port(port_text) if port_text else None


def read_port(text: str) -> int:
    """Return a port; raises ``WrongUrl``."""
    if not _PORT.fullmatch(text) or int(text) not in _PORTS:
        raise WrongUrl(f"the port must be a whole number from 1 to {_PORTS[-1]}; {_ENCODE}")
    return int(text)


def check_host(host: str) -> str:
    """Return a host: a name, an address, or the folder of a Unix socket; raises ``WrongUrl``."""
    try:
        fits = len(host.encode("ascii" if host.startswith("/") else "idna")) <= _MAX_HOST_LENGTH
    except UnicodeError:  # a label is empty or too long
        fits = False
    if not fits or not host or not host.isprintable() or any(each in " @,[]" for each in host):
        raise WrongUrl(_HOST)
    return host


def decoded(part: str, text: str) -> str:
    """Return ``text`` with its percent-encodings decoded (RFC 3986 §2.1); raises ``WrongUrl``, which names ``part``."""
    if _PERCENT.search(text):
        raise WrongUrl(f"the {part} has a % that begins no percent-encoding: write it as %25")
    try:
        plain = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise WrongUrl(f"the percent-encodings of the {part} must be those of UTF-8 text") from None
    if "\0" in plain:
        raise WrongUrl(f"the {part} must not have %00")
    return plain


def _ipv6(text: str) -> str:
    try:
        IPv6Address(text)
    except ValueError:
        raise WrongUrl(_HOST) from None
    return text


def _options(query: str) -> Iterator[tuple[str, str]]:
    if "+" in query:
        raise WrongUrl("must not have a + after the ?: write a space as %20, and a plus as %2B")
    for number, each in enumerate(query.split("&") if query else (), 1):
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise WrongUrl(f"option {number} after the ? must be a name, = and a value; {_ENCODE}")
        yield decoded(f"option {number}", name), decoded(f"value of option {number}", value)

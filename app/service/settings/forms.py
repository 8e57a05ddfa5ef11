"""Parsers of the values of settings. Each raises ``ValueError``, whose message says what the value must be."""

import re
import sys
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ... import COMMAND
from ...adapters.store_urls.known import check_url
from ...domain import base64url
from ...domain.audience import MAX_AUDIENCES
from ...domain.issuer_spelling import with_scheme
from ...domain.network import UNIX
from ...domain.rate_limits.rate_limit import RateLimit
from ...domain.scope import FORM, InvalidScope, Scope

ENCRYPTION_KEY_BYTES: Final = 32

_MAX_ATTEMPTS: Final = 1_000_000
_MAX_PERIOD_SECONDS: Final = 366 * 86_400

_IPV6: Final = 6
_MODE = re.compile("0?[67][0-7]{2}")
_MAX_SOCKET_PATH: Final = 103 if sys.platform == "darwin" else 107
"""Bytes (``sun_path`` in unix(7))."""

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_INTEGER = re.compile(r"[0-9]{1,10}")
_DURATION = re.compile(r"([0-9]{1,10})([smhd]?)")
_RATE_LIMIT = re.compile(r"([0-9]{1,7})/([0-9]{1,8})([smhd]?)")
_URL = re.compile(r"https?://[!-~]+")
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser of integers from ``minimum`` to ``maximum``."""

    def parse(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not minimum <= int(text) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(text)

    return parse


def duration(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser of durations from ``minimum`` to ``maximum`` seconds; it returns seconds."""

    def parse(text: str) -> int:
        match = _DURATION.fullmatch(text)
        seconds = int(match[1]) * _UNITS[match[2]] if match else -1
        if not minimum <= seconds <= maximum:
            raise ValueError(f"must be a duration such as 900, 15m or 7d, from {minimum} to {maximum} seconds")
        return seconds

    return parse


def rate_limit(text: str) -> RateLimit:
    """Return a rate limit from text such as ``10/10m``: attempts, and the time in which they come back."""
    match = _RATE_LIMIT.fullmatch(text)
    attempts, period = (int(match[1]), int(match[2]) * _UNITS[match[3]]) if match else (0, 0)
    if not 1 <= attempts <= _MAX_ATTEMPTS or not 1 <= period <= _MAX_PERIOD_SECONDS:
        raise ValueError("must be attempts and the time in which they come back, such as 10/10m or 100/100h")
    return RateLimit(attempts, period)


def proxies(text: str) -> tuple[IPv4Network | IPv6Network | str, ...]:
    """Return networks from addresses or CIDRs, separated by commas, and ``UNIX`` for a proxy at a Unix socket."""
    try:
        return tuple(UNIX if each.strip() == UNIX else _network(each.strip()) for each in text.split(","))
    except ValueError:
        raise ValueError(
            f"must be addresses or CIDRs such as 10.0.0.0/8, fd00::/8, or {UNIX}, with commas between them"
        ) from None


def _network(text: str) -> IPv4Network | IPv6Network:
    """Return a network. Raises ``ValueError`` for an IPv4-mapped one, because addresses are never compared so."""
    network = ip_network(text)
    if network.version == _IPV6 and network.network_address.ipv4_mapped:
        raise ValueError
    return network


def host(value: str) -> str:
    """Return an address to listen on: an IP address, a host name, ``*`` for all addresses, or ``unix:/path``."""
    if not value.startswith(UNIX):
        return tcp_host(value)
    path = text(value).removeprefix(UNIX)
    if not path.startswith("/") or path.endswith("/") or len(path.encode()) > _MAX_SOCKET_PATH:
        raise ValueError(
            f"must be an address, or {UNIX} and an absolute path of at most {_MAX_SOCKET_PATH} bytes, such as"
            f" {UNIX}/run/keyturn/keyturn.sock"
        )
    return value


def tcp_host(value: str) -> str:
    """Return an address to listen on that is no Unix socket. An IPv6 address may have brackets."""
    if value.startswith(UNIX):
        raise ValueError("must be an IP address, a host name, or * for all addresses; this cannot be a Unix socket")
    if value.startswith("[") and value.endswith("]"):
        try:
            return str(IPv6Address(value[1:-1]))
        except ValueError:
            raise ValueError("must be an IPv6 address such as [::1], if it has brackets") from None
    return text(value)


def socket_mode(text: str) -> int:
    """Return the mode of a Unix socket, from three octal digits. Its owner can use it."""
    if not _MODE.fullmatch(text):
        raise ValueError("must be an octal mode with which the owner can connect, such as 660, 666 or 600")
    return int(text, 8)


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser that accepts one of these words, in upper or lower case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text.lower()

    return parse


def text(value: str) -> str:
    """Return text that is printable and not empty."""
    if not value or not value.isprintable():
        raise ValueError("must be printable text, and not empty")
    return value


def audiences(value: str) -> tuple[str, ...]:
    """Return audiences, separated by commas. None has a fragment, because requests name them (RFC 8707 §2)."""
    given = tuple(text(each.strip(" ")) for each in value.split(","))
    if len(given) > MAX_AUDIENCES or len(set(given)) < len(given) or any("#" in each for each in given):
        raise ValueError(f"must be at most {MAX_AUDIENCES} different audiences without #, with commas between them")
    return given


def secret(text: str) -> str:
    """Return text that is not empty and can be encoded as UTF-8."""
    if not text:
        raise ValueError("must not be empty")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be UTF-8 text") from None
    return text


def flag(text: str) -> bool:
    """Return ``True`` for ``1`` and ``False`` for ``0``."""
    if text not in ("0", "1"):
        raise ValueError("must be 0 or 1")
    return text == "1"


def scope(text: str) -> Scope:
    """Return a scope (RFC 6749 §3.3), whose tokens are separated by single spaces."""
    try:
        return Scope.parse(text)
    except InvalidScope as error:
        raise ValueError(f"must be {FORM}") from error


def issuer(text: str) -> str:
    """Return the URL of an issuer: http or https, without query and fragment (RFC 8414 §2)."""
    meant = with_scheme(text)
    if meant is not None:
        raise ValueError(f"must begin with a scheme, which is missing (did you mean {meant}?)")
    if not _URL.fullmatch(text) or "?" in text or "#" in text or not _has_authority(text):
        raise ValueError("must be an http or https URL without query or fragment (RFC 8414 §2)")
    return text


def _has_authority(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def origins(text: str) -> tuple[str, ...]:
    """Return origins (RFC 6454 §6.2), separated by commas, in the form in which browsers send them."""
    given = tuple(each.strip(" ") for each in text.split(","))
    if not all(map(_is_origin, given)):
        raise ValueError(
            "must be origins as browsers send them, such as https://app.example or http://localhost:3000, with commas"
            " between them: in lower case, without a path, without the scheme's own port, and never *"
        )
    return given


def _is_origin(text: str) -> bool:
    match = _ORIGIN.fullmatch(text)
    return bool(match and _has_authority(text) and match["port"] != _DEFAULT_PORTS[match["scheme"]])


def path(text: str) -> Path:
    """Return the path of a file or directory."""
    if not text or not text.isprintable():
        raise ValueError("must be the path of a file or directory, and not empty")
    return Path(text)


def store_url(text: str) -> str:
    """Return the URL of a store, with its scheme in lower case."""
    return check_url(text)


def encryption_keys(text: str) -> tuple[bytes, ...]:
    """Return keys of ``ENCRYPTION_KEY_BYTES`` bytes each, from base64url, separated by commas."""
    try:
        keys = tuple(base64url.decode(each.strip().rstrip("=")) for each in text.split(","))
    except ValueError:
        keys = ()
    if not keys or any(len(key) != ENCRYPTION_KEY_BYTES for key in keys):
        raise ValueError(
            f"must be {ENCRYPTION_KEY_BYTES} random bytes in base64url, as {COMMAND} keys encryption-key prints them"
        )
    return keys

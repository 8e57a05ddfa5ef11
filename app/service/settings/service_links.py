"""Variables that are no settings: those of Kubernetes for Services whose name begins with ``keyturn``."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from .declared import PREFIX

_OF_SERVICE: Final = f"{PREFIX.rstrip('_')}(?:_[A-Z0-9_]+)?"
_PORT_NUMBER: Final = "[1-9][0-9]{0,4}"
_ADDRESS: Final = "(?P<address>[0-9a-f:.]+)"
_ADDRESS_IN_URL: Final = r"(?P<address>[0-9.]+|\[[0-9a-f:.]+\])"
_SHAPES: Final = tuple(
    (re.compile(f"{_OF_SERVICE}_{name}"), re.compile(value))
    for name, value in (
        ("SERVICE_HOST", _ADDRESS),
        ("SERVICE_PORT(?:_[A-Z0-9_]+)?", f"(?P<port>{_PORT_NUMBER})"),
        ("PORT", f"(?:tcp|udp|sctp)://{_ADDRESS_IN_URL}:(?P<port>{_PORT_NUMBER})"),
        (
            "PORT_(?P<named>[0-9]+)_(?P<protocol>TCP|UDP|SCTP)",
            f"(?P<protocol>tcp|udp|sctp)://{_ADDRESS_IN_URL}:(?P<named>(?P<port>{_PORT_NUMBER}))",
        ),
        ("PORT_[0-9]+_(?P<protocol>TCP|UDP|SCTP)_PROTO", "(?P<protocol>tcp|udp|sctp)"),
        ("PORT_(?P<named>[0-9]+)_(?:TCP|UDP|SCTP)_PORT", f"(?P<named>(?P<port>{_PORT_NUMBER}))"),
        ("PORT_[0-9]+_(?:TCP|UDP|SCTP)_ADDR", _ADDRESS),
    )
)
"""Names, and the values that belong to them. A part that has the same name in both must be the same in both."""

_MAX_PORT: Final = 65_535


def service_links(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the variables that Kubernetes made, in order. They are no settings.

    A pod gets them for each Service of its namespace, unless its ``enableServiceLinks`` is ``false``. Their names and
    values together tell them from settings, so that a mistyped setting is still an error.
    """
    return sorted(name for name, value in environment.items() if is_service_link(name, value))


def is_service_link(name: str, value: str) -> bool:
    """Return whether Kubernetes makes such a variable for a Service. No setting accepts such a value."""
    return any(_fits(shape.fullmatch(name), content.fullmatch(value)) for shape, content in _SHAPES)


def _fits(name: re.Match[str] | None, value: re.Match[str] | None) -> bool:
    """Return whether the parts of the value are valid and agree with those of the name."""
    if name is None or value is None:
        return False
    named, parts = name.groupdict(), value.groupdict()
    agree = all(parts.get(part, text).upper() == text for part, text in named.items())
    return agree and _is_address(parts.get("address")) and int(parts.get("port") or 1) <= _MAX_PORT


def _is_address(text: str | None) -> bool:
    """Return whether the text is an IP address, with or without brackets, or is no part of the value."""
    try:
        return text is None or bool(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        return False

"""Load the names of ``keyturn.guard`` when they are first used.

The guards of other frameworks are modules of the same package. They must not import the server of aiohttp.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

_PLACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "..adapters.errors.aiohttp": ("problem",),
        "..adapters.guards.aiohttp": ("Guard", "TokenSource"),
        "..adapters.guards.aiohttp_marks": ("closed_when_stale", "open_when_stale", "public", "requires"),
        "..adapters.guards.aiohttp_request": ("PRINCIPAL", "accept_token", "optional_principal", "while_valid"),
        "..adapters.guards.aiohttp_resource": ("ErrorRenderer",),
        "..adapters.guards.token_sources": ("BearerHeader", "Cookie"),
        "..domain.clocks.errors": ("ClockInDoubt",),
        "..domain.errors": ("ConfigurationError", "KeyturnError"),
        "..domain.tokens.claims": ("AccessTokenClaims",),
        "..domain.tokens.errors": (
            "ExpiredToken",
            "InsufficientScope",
            "InvalidToken",
            "MissingToken",
            "SessionRevoked",
        ),
        "..domain.verifier.errors": ("KeysUnknown", "RevocationsUnknown"),
        "..domain.verifier.guard_state": ("GuardState",),
        "..ports.guard_telemetry": ("GuardTelemetry",),
        ".factories": ("RemoteGuard", "guard", "remote_guard"),
        ".metrics": ("guard_metrics",),
    }
)

PLACE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {name: place for place, names in _PLACES.items() for name in names}
)
"""The module of each name, relative to this package."""


def load(name: str) -> object:
    """Return what ``keyturn.guard`` calls ``name``. Raises ``AttributeError`` for another name."""
    place = PLACE_OF.get(name)
    if place is None:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    return getattr(import_module(place, __package__), name)

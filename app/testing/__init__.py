"""Fakes for every port of the domain's services, the services on them, and a testing kit for guarded applications.

May import: the domain, the ports, the standard library. The kit alone, ``issuer`` and ``plugin``, imports the guard.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .issuer import TestIssuer

__all__ = ["TestIssuer"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import the kit when it is used: the fakes need no adapter. Raises ``AttributeError`` for another name."""
        if name != "TestIssuer":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .issuer import TestIssuer  # noqa: PLC0415  # only its users need the adapters

        return TestIssuer

"""Keyturn: a token service on aiohttp, and the guard that protects routes with its tokens."""

from typing import Final

VERSION: Final = "0.1.0"

COMMAND: Final = f"python -m {__name__}"
"""What runs the command line, under whichever name this package is installed."""

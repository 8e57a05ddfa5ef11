"""Keyturn: a token service on aiohttp, and the guard that protects routes with its tokens."""

from typing import Final

COMMAND: Final = f"python -m {__name__}"
"""What runs the command line, under whichever name this package is installed."""

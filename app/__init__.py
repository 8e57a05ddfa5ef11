"""Keyturn: a token service on aiohttp, and the guard that protects routes with its tokens."""

from typing import Final

VERSION: Final = "0.1.0"

COMMAND: Final = f"python -m {__name__}"
"""The shell command that runs the command line, by the name under which this package is imported."""

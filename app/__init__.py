"""Keyturn: a token service on aiohttp, and the guard that protects routes with its tokens."""

from typing import Final

VERSION: Final = "0.1.0"

COMMAND: Final = "keyturn" if __name__ == "keyturn" else "./scripts/keyturn"
"""The shell command that runs the command line: as an installed package it has another name than in a clone."""

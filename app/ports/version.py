"""The version of the ports that a store serves."""

from typing import Final

PORTS_VERSION: Final = 1
"""Raised when a store that was complete no longer is, or when a docstring of a port asks for more than before. A member
that is added with a default raises nothing.
"""

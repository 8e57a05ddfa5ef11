"""The settings: environment variables, read once into a frozen value.

May import: the domain, the ports.
"""

from .settings import Settings

__all__ = ["Settings"]

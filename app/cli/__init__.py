"""The command line: a file for each group of commands.

May import: everything.
"""

from .command_line import main

__all__ = ["main"]

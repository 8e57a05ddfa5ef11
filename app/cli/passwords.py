"""Reading a password: never from an argument, which other users of the machine can see."""

import getpass
import sys

from ..domain.errors import ConfigurationError


def typed_password() -> str:
    """Return the password that is typed twice at a terminal, or the first line of another standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigurationError("The two passwords differ; nothing was changed.")
    return password

"""A user as a line of output."""

from collections.abc import Mapping

from ..domain.identifiers import name_fault
from ..domain.login.user import User


def as_text(user: User) -> str:
    """Return a line of text for people."""
    return f"{user.subject}  {printable(user.username)}  {user.scope.text}" + ("  disabled" if user.disabled else "")


def describe(user: User) -> Mapping[str, object]:
    """Return the members that JSON shows to programs."""
    return {"sub": user.subject, "username": user.username, "scope": user.scope.text, "disabled": user.disabled}


def printable(username: str) -> str:
    """Return the username, in quotes if an older version accepted it and no new user could have it.

    Escape characters that a terminal would interpret or not show.
    """
    return username if name_fault(username) is None and username.isprintable() else quoted(username)


def quoted(username: str) -> str:
    """Return the username in quotes. If not all of its characters show, it is in ASCII, with the others as escapes."""
    shows = name_fault(username.strip(" ")) is None and username.isprintable()
    return repr(username) if shows else ascii(username)

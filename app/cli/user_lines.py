"""A user as a line of output."""

import json

from ..domain.login.user import User


def as_text(user: User) -> str:
    """Return a line of text for people."""
    return f"{user.subject}  {printable(user)}  {user.scope.text}" + ("  disabled" if user.disabled else "")


def as_json(user: User) -> str:
    """Return a line of JSON for programs."""
    return json.dumps(
        {"sub": user.subject, "username": user.username, "scope": user.scope.text, "disabled": user.disabled}
    )


def printable(user: User) -> str:
    """Return the username, escaped if it has characters that a terminal would interpret."""
    return user.username if user.username.isprintable() else ascii(user.username)

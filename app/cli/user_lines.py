"""How commands print a user."""

import json

from ..domain.login.user import User


def as_text(user: User) -> str:
    """Return a line for people."""
    return f"{user.subject}  {printable(user)}  {user.scope}" + ("  disabled" if user.disabled else "")


def as_json(user: User) -> str:
    """Return a line for programs."""
    return json.dumps(
        {"sub": user.subject, "username": user.username, "scope": str(user.scope), "disabled": user.disabled}
    )


def printable(user: User) -> str:
    """Return the name such that it stays in its line, whatever a terminal makes of its characters."""
    return user.username if user.username.isprintable() else ascii(user.username)

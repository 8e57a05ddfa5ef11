"""Users."""

from dataclasses import dataclass, field
from typing import Final

from ..identifiers import Subject
from ..scope import Scope

MAX_USERNAME_LENGTH: Final = 255
"""Characters."""

MAX_PASSWORD_LENGTH: Final = 128
"""Characters. Longer passwords are refused, never truncated."""

SUBJECT_BYTES: Final = 16
"""Random bytes of a user's id; as text it has 22 characters."""


@dataclass(frozen=True, slots=True)
class User:
    """A user. ``password_hash`` is a PHC string, or a bcrypt hash of an imported user.

    ``credential_version`` goes up by one when the password or the scope changes, or the user is disabled. A session of
    an older version cannot be refreshed.
    """

    subject: Subject
    username: str
    password_hash: str = field(repr=False)
    scope: Scope
    credential_version: int = 1
    disabled: bool = False

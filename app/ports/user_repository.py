"""The repository of users."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.identifiers import Subject
from ..domain.login.user import User
from ..domain.scope import Scope


class UserRepository(Protocol):
    """Stores users. Each method is atomic, and its effect is durable when it returns.

    Every method raises ``StoreUnavailable`` if the store does not answer.
    """

    async def add(self, user: User) -> None:
        """Store a new user; raises ``AlreadyExists`` if the username or the subject is taken.

        Of several concurrent calls with the same username or subject, one succeeds.
        """
        ...

    async def find(self, subject: Subject) -> User | None:
        """Return the user with this id, or ``None``."""
        ...

    async def find_by_username(self, username: str) -> User | None:
        """Return the user with exactly this name, or ``None``."""
        ...

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        """Replace the stored hash ``expected`` by ``new``; the credential version stays as it is.

        Return whether this call made the change. It does not if the stored hash is not ``expected``, or no user has
        this id.
        """
        ...

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        """Replace the stored hash ``expected`` by ``new``, and raise the credential version by one. If ``expected`` is
        ``None``, replace any hash.

        Return the changed user. Return ``None``, and change nothing, if the stored hash is not ``expected``, or no user
        has this id.
        """
        ...

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        """Disable or enable the user. Disabling a user who is enabled raises the credential version by one.

        Return the user after the change, or ``None`` if no user has this id.
        """
        ...

    async def set_scope(self, subject: Subject, *, scope: Scope) -> User | None:
        """Give the user another scope, and raise the credential version by one.

        Return the changed user, or ``None`` if no user has this id.
        """
        ...

    async def delete(self, subject: Subject) -> bool:
        """Delete the user. Another user can have the name then.

        Return whether this call deleted them. It does not if no user has this id.
        """
        ...

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        """Return at most ``limit`` users with names after ``after``, ordered by the code points of the names.

        "" comes before every name. ``after`` may be a text that no name can be, such as one with a zero byte.
        """
        ...

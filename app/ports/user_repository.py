"""Users."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.identifiers import Subject
from ..domain.login.user import User


class UserRepository(Protocol):
    """Keeps users. Every method raises ``StoreUnavailable`` when the store does not answer."""

    async def add(self, user: User) -> None:
        """Keep a new user; raises ``AlreadyExists`` if the username or the subject is taken. Of several at once with
        one username, one succeeds.
        """
        ...

    async def find(self, subject: Subject) -> User | None:
        """Return the user of this id, or ``None``."""
        ...

    async def find_by_username(self, username: str) -> User | None:
        """Return the user of this name, compared character by character, or ``None``."""
        ...

    async def replace_password_hash(self, subject: Subject, *, expected: str, new: str) -> bool:
        """Atomically put ``new`` in the place of ``expected``, leaving the credential version as it is.

        Returns ``False``, and changes nothing, if the stored hash is not ``expected`` any more or the user is gone.
        """
        ...

    async def change_password(self, subject: Subject, *, new: str, expected: str | None) -> User | None:
        """Atomically put the hash ``new`` in the place of ``expected``, or of whatever is there if that is ``None``,
        and raise the credential version by one.

        Returns the user as they are then; ``None``, and changes nothing, if the stored hash is another or the user is
        gone.
        """
        ...

    async def set_disabled(self, subject: Subject, *, disabled: bool) -> User | None:
        """Atomically disable or enable the user; disabling one who is not raises the credential version by one.

        Returns the user as they are then, ``None`` if they are gone.
        """
        ...

    async def list_users(self, *, after: str, limit: int) -> Sequence[User]:
        """Return at most ``limit`` users whose names come after ``after``, by the code points of the names, in that
        order; "" comes before every name.
        """
        ...

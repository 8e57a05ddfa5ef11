"""Password hashing."""

from typing import Protocol


class PasswordHasher(Protocol):
    """Hashes passwords off the event loop. Methods raise ``HashingOverloaded`` if too many wait, or memory is short,
    and ``HashingAbandoned``, a ``CancelledError``, if they are cancelled while the password waits.
    """

    async def hash(self, password: str) -> str:
        """Return a salted hash of ``password`` in PHC string format, in the current cost."""
        ...

    async def verify(self, password: str, hashed: str, *, reserved: bool = False) -> bool:
        """Tell whether ``hashed`` is of ``password``, in whatever cost it was made; an unreadable hash is of none.

        A few places are for ``reserved`` verifications alone, which a flood of others does not take.
        """
        ...

    async def verify_dummy(self, password: str) -> None:
        """Spend what a verification in the current cost takes: for users who do not exist."""
        ...

    def can_verify(self, hashed: str) -> bool:
        """Tell whether ``hashed`` has a form that ``verify`` reads, and costs no more than a sign-in may."""
        ...

    def is_outdated(self, hashed: str) -> bool:
        """Tell whether ``hashed`` was made in another cost than the current one."""
        ...

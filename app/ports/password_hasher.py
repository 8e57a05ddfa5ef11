"""Password hashing."""

from typing import Protocol


class PasswordHasher(Protocol):
    """Hashes passwords outside the event loop.

    ``hash``, ``verify`` and ``verify_dummy`` raise ``HashingOverloaded`` if too many passwords wait or memory is short.
    They raise ``HashingCancelled``, a ``CancelledError``, if they are cancelled while the password waits.
    """

    async def hash(self, password: str) -> str:
        """Return a salted hash of ``password`` with the current cost, as a PHC string."""
        ...

    async def verify(self, forms: tuple[str, ...], hashed: str, *, known_user: bool = False) -> str | None:
        """Return the first of the ``forms`` of a password that ``hashed`` is a hash of, with any cost. Return ``None``
        if ``hashed`` is a hash of none of them, unreadable, or costs more than the settings could ever allow. A hash
        that is unreadable or costs too much is not run, and the call takes as long as ``verify_dummy``.

        Every form is verified, also after one that matches: the time depends on their number, not on the result. All
        forms together take one place in the queue.

        ``known_user`` is true for a user who is known by a device or a session. Some places in the queue are reserved
        for them, so that a flood of other sign-ins does not take these places.
        """
        ...

    async def verify_dummy(self, forms: tuple[str, ...]) -> None:
        """Take as long as ``verify`` of the same ``forms`` with the current cost. The caller uses it for an unknown
        username.
        """
        ...

    def find_fault(self, hashed: str) -> str | None:
        """Return why no user may be imported with ``hashed``: ``verify`` cannot read it, no password can match it, or
        its cost is above the limit for a sign-in. Return ``None`` for a good hash.

        The text begins with a verb and does not quote the salt and the digest of ``hashed``.
        """
        ...

    def is_outdated(self, hashed: str) -> bool:
        """Return whether ``hashed`` was made with another cost than the current one."""
        ...

"""Passwords that cost nothing to hash."""

import asyncio

from ..domain.login.errors import HashingCancelled, HashingOverloaded
from ..ports.common_passwords import CommonPasswords
from ..ports.password_hasher import PasswordHasher


class FakePasswordHasher(PasswordHasher):
    """Returns ``plain:PASSWORD`` as the hash of a password, and counts the calls. A hash ``old:PASSWORD`` is outdated.

    ``verifications`` counts every verified form of a password. A test that clears ``open`` makes verifications wait
    until ``open`` is set. ``known_users`` lists the argument ``known_user`` of each call.
    """

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.known_users: list[bool] = []
        self.verifications = 0
        self.hashes = 0
        self.overloaded = False

    async def hash(self, password: str) -> str:
        if self.overloaded:
            raise HashingOverloaded
        self.hashes += 1
        return f"plain:{password}"

    async def verify(self, forms: tuple[str, ...], hashed: str, *, known_user: bool = False) -> str | None:
        self.known_users.append(known_user)
        try:
            await self.open.wait()
        except asyncio.CancelledError as cancelled:
            raise HashingCancelled from cancelled
        self.verifications += len(forms)
        return next((form for form in forms if hashed == f"{hashed.partition(':')[0]}:{form}"), None)

    async def verify_dummy(self, forms: tuple[str, ...]) -> None:
        await self.verify(forms, "")

    def find_fault(self, hashed: str) -> str | None:
        return None if ":" in hashed else "must have a colon"

    def is_outdated(self, hashed: str) -> bool:
        return hashed.startswith("old:")


class FakeCommonPasswords(CommonPasswords):
    """A list of two passwords."""

    def __contains__(self, password: str) -> bool:
        return password.casefold() in {"password1", "iloveyou!"}

"""Passwords: judging and hashing new ones."""

from ...ports.common_passwords import CommonPasswords
from ...ports.password_hasher import PasswordHasher
from ..errors import InvalidRequest
from .credentials import PasswordPolicy, composed, password_faults


class Passwords:
    """Judges a password before it is hashed; those that users have already are never judged again."""

    def __init__(self, *, common: CommonPasswords, hasher: PasswordHasher, policy: PasswordPolicy) -> None:
        self._common = common
        self._hasher = hasher
        self._policy = policy

    def check(self, password: str, *, username: str, field: str = "password") -> str:
        """Return ``password`` as it is to be hashed; raises ``InvalidRequest``, naming ``field``, for one that the user
        ``username`` may not have.
        """
        password = composed(password)
        common = password in self._common
        faults = password_faults(password, self._policy, username=composed(username), is_common=common, field=field)
        if errors := list(faults):
            raise InvalidRequest("The password is not acceptable.", errors=errors)
        return password

    async def hash(self, password: str) -> str:
        """Return the hash of a password that was checked; raises ``HashingOverloaded``."""
        return await self._hasher.hash(password)

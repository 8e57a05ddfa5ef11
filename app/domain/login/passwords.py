"""New passwords: checking and hashing them."""

from ...ports.common_passwords import CommonPasswords
from ...ports.password_hasher import PasswordHasher
from ..errors import InvalidRequest
from .credentials import PasswordPolicy, normalized, password_errors


class Passwords:
    """Checks a new password before it is hashed. Passwords that users already have are never checked again."""

    def __init__(self, *, common: CommonPasswords, hasher: PasswordHasher, policy: PasswordPolicy) -> None:
        self._common = common
        self._hasher = hasher
        self._policy = policy

    def check(self, password: str, *, username: str, field: str = "password") -> str:
        """Return the normalized password, for ``hash``.

        Raises ``InvalidRequest``, which names ``field``, if the user ``username`` may not have this password.
        """
        password = normalized(password)
        is_common = password in self._common
        errors = password_errors(
            password, self._policy, username=normalized(username), is_common=is_common, field=field
        )
        if found := list(errors):
            raise InvalidRequest("The password is not acceptable.", errors=found)
        return password

    async def hash(self, password: str) -> str:
        """Return the hash of a password that ``check`` returned; raises ``HashingOverloaded``."""
        return await self._hasher.hash(password)

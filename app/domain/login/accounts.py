"""Accounts: creating, importing, finding and listing users."""

from collections.abc import Sequence
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.password_hasher import PasswordHasher
from ...ports.randomness import Randomness
from ...ports.user_repository import UserRepository
from .. import base64url
from ..audit.events import UserCreated
from ..errors import AlreadyExists, FieldError, InvalidRequest
from ..identifiers import Subject
from ..scope import Scope
from .credentials import comparable, normalized, username_errors
from .errors import UserNotFound
from .passwords import Passwords
from .user import SUBJECT_BYTES, User

_PAGE: Final = 1_000


class Accounts:
    """Creates, finds and lists users. ``by`` is the administrator who does it, ``None`` at the command line."""

    def __init__(
        self,
        *,
        users: UserRepository,
        passwords: Passwords,
        hasher: PasswordHasher,
        randomness: Randomness,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._hasher = hasher
        self._randomness = randomness
        self._clock = clock
        self._audit = audit

    async def create(self, username: str, password: str, *, scope: Scope, by: Subject | None = None) -> User:
        """Create a user with a random id, and return them.

        Raises ``InvalidRequest`` for a name that does not have 1 to 255 characters or that ``name_fault`` refuses, and
        for a password that the policy refuses; ``AlreadyExists`` for a name that is taken; ``HashingOverloaded`` and
        ``StoreUnavailable``.
        """
        username, password = await self.check(username, password)
        return await self._add(username, await self._passwords.hash(password), scope, disabled=False, by=by)

    async def check(self, username: str, password: str) -> tuple[str, str]:
        """Return the name and the password of a new user as ``create`` takes them, and create nothing.

        Raises ``InvalidRequest``, ``AlreadyExists`` and ``StoreUnavailable`` as ``create`` does.
        """
        username = await self._check_username(username)
        password = self._passwords.check(password, username=username)
        if await self._users.find_by_username(username) is not None:
            raise AlreadyExists
        return username, password

    async def import_user(self, username: str, password_hash: str, *, scope: Scope, disabled: bool = False) -> User:
        """Create a user whose password another system hashed, and return them. The next sign-in hashes it again.

        Raises ``InvalidRequest`` for a hash that cannot be verified or costs too much, and everything that ``create``
        raises.
        """
        username = await self._check_username(username)
        fault = self._hasher.find_fault(password_hash)
        if fault is not None:
            raise InvalidRequest("The hash is not acceptable.", errors=[FieldError("password_hash", fault)])
        return await self._add(username, password_hash, scope, disabled=disabled, by=None)

    async def find(self, subject: Subject) -> User:
        """Return the user of this id; raises ``UserNotFound``."""
        user = await self._users.find(subject)
        if user is None:
            raise UserNotFound
        return user

    async def find_by_username(self, username: str) -> User:
        """Return the user of this name; raises ``UserNotFound``."""
        user = await self._users.find_by_username(normalized(username))
        if user is None:
            raise UserNotFound
        return user

    async def find_similar(self, username: str, *, limit: int) -> Sequence[str]:
        """Return at most ``limit`` names of users that people may take for ``username``. It reads all users."""
        wanted, found, after = comparable(normalized(username)), list[str](), ""
        while len(found) < limit and (page := await self._users.list_users(after=after, limit=_PAGE)):
            found += [user.username for user in page if comparable(user.username) == wanted]
            after = page[-1].username
        return found[:limit]

    async def list_users(self, *, after: str, limit: int, prefix: str = "") -> Sequence[User]:
        """Return at most ``limit`` users, in the order of their names, from the first name after ``after``. If there is
        a ``prefix``, return only those whose names begin with it. No other names are read than those that follow it.
        """
        prefix = normalized(prefix)
        if after >= prefix:
            listed = await self._users.list_users(after=after, limit=limit)
        else:
            same = await self._users.find_by_username(prefix)
            listed = [*([same] if same else []), *await self._users.list_users(after=prefix, limit=limit)][:limit]
        return [each for each in listed if each.username.startswith(prefix)]

    async def _add(
        self, username: str, password_hash: str, scope: Scope, *, disabled: bool, by: Subject | None
    ) -> User:
        subject = Subject(base64url.encode(self._randomness.token_bytes(SUBJECT_BYTES)))
        user = User(subject, username, password_hash, scope, disabled=disabled)
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        await self._users.add(user)
        self._audit.record(UserCreated(at=now, subject=user.subject, by=by))
        return user

    async def _check_username(self, username: str) -> str:
        """Return the name of a new user, normalized.

        Raises ``InvalidRequest``, but ``AlreadyExists`` if an older version has accepted the name: that user stays.
        """
        username = normalized(username)
        if errors := list(username_errors(username)):
            if await self._users.find_by_username(username) is not None:
                raise AlreadyExists
            raise InvalidRequest("The username is not acceptable.", errors=errors)
        return username

"""Authentication: finding out who it is."""

from contextlib import suppress

from ...ports.audit import AuditTrail
from ...ports.clock import Clock
from ...ports.password_hasher import PasswordHasher
from ...ports.users import UserRepository
from ..errors import HashingOverloaded, InvalidCredentials
from ..model.events import LoginFailed
from ..model.grant import TokenGrant
from ..model.identifiers import ClientId
from ..model.session import Origin
from ..model.user import User
from .issuance import Issuance


class Authentication:
    """Signs users in by username and password. Every refusal costs one verification and looks the same."""

    def __init__(
        self,
        *,
        users: UserRepository,
        hasher: PasswordHasher,
        issuance: Issuance,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._users = users
        self._hasher = hasher
        self._issuance = issuance
        self._clock = clock
        self._audit = audit

    async def sign_in(
        self, username: str, password: str, *, client_id: ClientId, requested: str | None, origin: Origin
    ) -> TokenGrant:
        """Return the tokens of a new session with the scope ``requested``, or all of the user's.

        Raises ``InvalidCredentials``, ``InvalidScope``, ``HashingOverloaded`` and ``StoreUnavailable``.
        """
        user = await self._authenticate(username, password, origin)
        if self._hasher.is_outdated(user.password_hash):
            await self._rehash(user, password)
        return await self._issuance.open_session(user, client_id=client_id, requested=requested, origin=origin)

    async def _authenticate(self, username: str, password: str, origin: Origin) -> User:
        user = await self._users.find_by_username(username)
        if user is None:
            await self._hasher.verify_nothing(password)
            raise self._failure("unknown_user", None, origin)
        if not await self._hasher.verify(password, user.password_hash):
            raise self._failure("wrong_password", user, origin)
        if user.disabled:
            raise self._failure("disabled_user", user, origin)
        return user

    def _failure(self, reason: str, user: User | None, origin: Origin) -> InvalidCredentials:
        subject = None if user is None else user.subject
        self._audit.record(LoginFailed(at=self._clock.now(), reason=reason, subject=subject, address=origin.address))
        return InvalidCredentials()

    async def _rehash(self, user: User, password: str) -> None:
        """Bring the stored hash to the current cost; under load that can wait for another sign-in."""
        with suppress(HashingOverloaded):
            new = await self._hasher.hash(password)
            await self._users.replace_password_hash(user.subject, expected=user.password_hash, new=new)

"""Authentication: finding out who it is."""

from contextlib import suppress
from dataclasses import dataclass, field

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.password_hasher import PasswordHasher
from ...ports.randomness import Randomness
from ...ports.user_repository import UserRepository
from ..audit.events import LoginFailed
from ..identifiers import ClientId, SessionId
from ..requester import Requester
from ..sessions.issuing import IssuedTokens
from ..sessions.opening import SessionOpening
from ..sessions.revocation import Revocation
from ..sessions.session import RevocationReason
from .admission import Admission
from .credentials import composed
from .device import DEVICE_ID_BYTES, Device, make_device_token
from .errors import HashingOverloaded, InvalidCredentials, WrongCurrentPassword
from .user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """What a sign-in gives: the tokens, and what makes the device known at the next one."""

    tokens: IssuedTokens
    device_token: str = field(repr=False)


class Authentication:
    """Signs users in by username and password. Every refusal of a password costs one verification and looks the same;
    an attempt that is not admitted costs none.
    """

    def __init__(
        self,
        *,
        users: UserRepository,
        hasher: PasswordHasher,
        session_opening: SessionOpening,
        revocation: Revocation,
        admission: Admission,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
    ) -> None:
        self._users = users
        self._hasher = hasher
        self._session_opening = session_opening
        self._revocation = revocation
        self._admission = admission
        self._clock = clock
        self._randomness = randomness
        self._audit = audit

    async def sign_in(
        self,
        username: str,
        password: str,
        *,
        client_id: ClientId,
        requested: str | None,
        requester: Requester,
        device: str | None = None,
    ) -> LoginResult:
        """Return the tokens of a new session with the scope ``requested``, or all of the user's. ``device`` is the
        device token of an earlier sign-in, if the client has one.

        Raises ``TooManyAttempts``, ``InvalidCredentials``, ``InvalidScope``, ``HashingOverloaded`` and
        ``StoreUnavailable``.
        """
        username, password = composed(username), composed(password)
        async with self._admission.sign_in(username, device, requester) as admitted:
            user = await self._authenticate(admitted.user, password, requester, admitted.device)
        if self._hasher.is_outdated(user.password_hash):
            await self._rehash(user, password)
        granted = await self._session_opening.open_session(
            subject=user.subject,
            scope=user.scope.narrowed_to(requested),
            credential_version=user.credential_version,
            client_id=client_id,
            requester=requester,
        )
        user = await self._check_that_nothing_changed(user, granted, requester)
        return LoginResult(tokens=granted, device_token=self._device_token(user, admitted.device))

    async def confirm(self, user: User, password: str, *, session_id: SessionId, requester: Requester) -> None:
        """Return if a signed-in user gave their own password.

        Raises ``TooManyAttempts``, ``WrongCurrentPassword``, ``HashingOverloaded`` and ``StoreUnavailable``.
        """
        async with self._admission.known_user(user, session_id, requester):
            if not await self._hasher.verify(composed(password), user.password_hash, reserved=True):
                self._note_failure("wrong_current_password", user, requester)
                raise WrongCurrentPassword

    async def _authenticate(self, user: User | None, password: str, requester: Requester, known: Device | None) -> User:
        if user is None:
            await self._hasher.verify_dummy(password)
            self._note_failure("unknown_user", None, requester)
            raise InvalidCredentials
        if not await self._hasher.verify(password, user.password_hash, reserved=known is not None):
            self._note_failure("wrong_password", user, requester)
            raise InvalidCredentials
        if user.disabled:
            self._note_failure("disabled_user", user, requester)
            raise InvalidCredentials
        return user

    async def _check_that_nothing_changed(self, user: User, granted: IssuedTokens, requester: Requester) -> User:
        """Return the user as they are now; end the new session if their password was changed, or they were disabled,
        while they signed in: whoever did that may have looked for sessions before this one was there.
        """
        now = await self._users.find(user.subject)
        if now is None or (now.credential_version, now.disabled) != (user.credential_version, False):
            disabled = now is not None and now.disabled
            reason = RevocationReason.USER_DISABLED if disabled else RevocationReason.PASSWORD_CHANGED
            await self._revocation.revoke_by_id(granted.session_id, reason)
            self._note_failure("credentials_changed", user, requester)
            raise InvalidCredentials
        return now

    def _device_token(self, user: User, known: Device | None) -> str:
        device_id = self._randomness.token_bytes(DEVICE_ID_BYTES) if known is None else known.device_id
        return make_device_token(Device(user.subject, device_id, int(self._clock.now())), user)

    def _note_failure(self, reason: str, user: User | None, requester: Requester) -> None:
        subject = None if user is None else user.subject
        self._audit.record(LoginFailed(at=self._clock.now(), reason=reason, subject=subject, address=requester.address))

    async def _rehash(self, user: User, password: str) -> None:
        """Bring the stored hash to the current cost; under load that can wait for another sign-in."""
        with suppress(HashingOverloaded):
            new = await self._hasher.hash(password)
            await self._users.replace_password_hash(user.subject, expected=user.password_hash, new=new)

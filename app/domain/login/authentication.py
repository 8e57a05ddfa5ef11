"""Authentication: signing in by username and password."""

from collections.abc import Sequence
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
from .admission import Admission, Admitted
from .credentials import normalized, password_forms
from .device import DEVICE_ID_BYTES, Device, make_device_token
from .errors import HashingOverloaded, InvalidCredentials, WrongCurrentPassword
from .user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginResult:
    """The tokens of a new session, and the device token that the client sends with its next sign-in."""

    tokens: IssuedTokens
    device_token: str = field(repr=False)


class Authentication:
    """Signs users in. A wrong password, an unknown user and a disabled user get the same error, and cost the same: one
    verification of each form of the sent password. A sign-in that is not admitted costs no verification.
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
        requested_scope: str | None,
        requester: Requester,
        device_token: str | None = None,
        targets: Sequence[str] = (),
    ) -> LoginResult:
        """Open a session with ``requested_scope``, or with all of the user's scope if nothing is requested.

        It is for the audiences ``targets`` (RFC 8707), or for all of the service if there are none.

        ``device_token`` is the one of an earlier sign-in, if the client has one.

        Raises ``TooManyAttempts``, ``InvalidCredentials``, ``InvalidScope``, ``InvalidTarget``, ``HashingOverloaded``,
        ``StoreUnavailable``, and ``Unavailable`` while a new session would be over at once.
        """
        self._revocation.check_cut_off()
        username, forms = normalized(username), password_forms(password)
        async with self._admission.sign_in(username, device_token, requester) as admitted:
            user, matching = await self._verify(admitted, forms, requester)
        composed = forms[0]
        if matching != composed or self._hasher.is_outdated(user.password_hash):
            await self._renew_hash(user, composed)
        tokens = await self._session_opening.open_session(
            subject=user.subject,
            scope=user.scope.narrowed_to(requested_scope) if requested_scope else user.scope,
            credential_version=user.credential_version,
            client_id=client_id,
            requester=requester,
            targets=targets,
        )
        user = await self._check_credentials_unchanged(user, tokens, requester)
        known = admitted.device
        device_id = self._randomness.token_bytes(DEVICE_ID_BYTES) if known is None else known.device_id
        device = Device(user.subject, device_id, seen_at=int(self._clock.now()))
        return LoginResult(tokens=tokens, device_token=make_device_token(device, user))

    async def confirm(self, user: User, password: str, *, session_id: SessionId, requester: Requester) -> None:
        """Verify the password of a user who is signed in.

        Raises ``TooManyAttempts``, ``WrongCurrentPassword``, ``HashingOverloaded`` and ``StoreUnavailable``.
        """
        async with self._admission.known_user(user, session_id, requester):
            if await self._hasher.verify(password_forms(password), user.password_hash, known_user=True) is None:
                self._record_failure("wrong_current_password", user, requester)
                raise WrongCurrentPassword

    async def _verify(self, admitted: Admitted, forms: tuple[str, ...], requester: Requester) -> tuple[User, str]:
        """Return the user and the form of the password that matches.

        Raises ``InvalidCredentials`` if none matches, or the user is disabled.
        """
        user, is_known = admitted.user, admitted.device is not None
        if user is None:
            await self._hasher.verify_dummy(forms)
            reason = "unknown_user"
        elif (matching := await self._hasher.verify(forms, user.password_hash, known_user=is_known)) is None:
            reason = "wrong_password"
        elif user.disabled:
            reason = "disabled_user"
        else:
            return user, matching
        self._record_failure(reason, user, requester)
        raise InvalidCredentials

    async def _renew_hash(self, user: User, password: str) -> None:
        """Hash the password with the current cost. Under load a later sign-in does it."""
        with suppress(HashingOverloaded):
            new = await self._hasher.hash(password)
            await self._users.replace_password_hash(user.subject, expected=user.password_hash, new=new)

    async def _check_credentials_unchanged(self, user: User, tokens: IssuedTokens, requester: Requester) -> User:
        """Read the user again and return them. End the new session if the password or the scope was changed, or the
        user disabled or deleted, during this sign-in: that change may have revoked the user's sessions before the new
        one was stored.

        Raises ``InvalidCredentials`` when it ends the session.
        """
        current = await self._users.find(user.subject)
        if current is not None and (current.credential_version, current.disabled) == (user.credential_version, False):
            return current
        await self._revocation.revoke_by_id(tokens.session_id, _reason_of_change(user, current))
        self._record_failure("credentials_changed", user, requester)
        raise InvalidCredentials

    def _record_failure(self, reason: str, user: User | None, requester: Requester) -> None:
        subject = None if user is None else user.subject
        self._audit.record(LoginFailed(at=self._clock.now(), reason=reason, subject=subject, address=requester.address))


def _reason_of_change(before: User, now: User | None) -> RevocationReason:
    """Return what happened to a user during a sign-in."""
    if now is None:
        return RevocationReason.USER_DELETED
    if now.disabled:
        return RevocationReason.USER_DISABLED
    return RevocationReason.PASSWORD_CHANGED if now.scope == before.scope else RevocationReason.SCOPE_CHANGED

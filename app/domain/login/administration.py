"""Administration: disabling, enabling and deleting users, and setting their passwords and scopes."""

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.user_repository import UserRepository
from ..audit.events import PasswordChanged, ScopeChanged, UserDeleted, UserDisabled, UserEnabled
from ..identifiers import Subject
from ..scope import Scope
from ..sessions.revocation import Revocation
from ..sessions.session import RevocationReason
from .errors import UserNotFound
from .passwords import Passwords
from .user import User


class Administration:
    """Changes users. ``by`` is the administrator who does it, ``None`` at the command line.

    Each act raises the credential version before it revokes the sessions. So a session that is opened or refreshed in
    between cannot be refreshed again. Each act can be repeated if the caller does not know whether it was done.
    """

    def __init__(
        self,
        *,
        users: UserRepository,
        passwords: Passwords,
        revocation: Revocation,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._revocation = revocation
        self._clock = clock
        self._audit = audit

    async def disable(self, subject: Subject, *, by: Subject | None = None) -> User:
        """Stop the user from signing in, and revoke all their sessions; raises ``UserNotFound``."""
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        user = _found(await self._users.set_disabled(subject, disabled=True))
        self._audit.record(UserDisabled(at=now, subject=subject, by=by))
        await self._revocation.revoke_by_subject(subject, RevocationReason.USER_DISABLED)
        return user

    async def enable(self, subject: Subject, *, by: Subject | None = None) -> User:
        """Allow the user to sign in again; raises ``UserNotFound``."""
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        user = _found(await self._users.set_disabled(subject, disabled=False))
        self._audit.record(UserEnabled(at=now, subject=subject, by=by))
        return user

    async def set_password(self, subject: Subject, password: str, *, by: Subject | None = None) -> User:
        """Set the user's password, and revoke all their sessions.

        Raises ``UserNotFound``, ``InvalidRequest`` for a password that the policy refuses, and ``HashingOverloaded``.
        """
        username = _found(await self._users.find(subject)).username
        new = await self._passwords.hash(self._passwords.check(password, username=username))
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        user = _found(await self._users.change_password(subject, new=new, expected=None))
        self._audit.record(PasswordChanged(at=now, subject=subject, by=by))
        await self._revocation.revoke_by_subject(subject, RevocationReason.PASSWORD_CHANGED)
        return user

    async def set_scope(self, subject: Subject, scope: Scope, *, by: Subject | None = None) -> User:
        """Set the user's scope, and revoke all their sessions, which have the old one; raises ``UserNotFound``."""
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        user = _found(await self._users.set_scope(subject, scope=scope))
        self._audit.record(ScopeChanged(at=now, subject=subject, by=by, scope=scope.text))
        await self._revocation.revoke_by_subject(subject, RevocationReason.SCOPE_CHANGED)
        return user

    async def delete(self, subject: Subject, *, by: Subject | None = None) -> User:
        """Revoke all sessions of the user, delete the user and return them; raises ``UserNotFound``.

        The user is disabled first: nobody signs in before the sessions are revoked, and if that fails, the user is
        still there and the act can be repeated. The audit records about the user stay.
        """
        now = self._clock.now()  # before the change: a clock in doubt refuses it
        user = _found(await self._users.set_disabled(subject, disabled=True))
        await self._revocation.revoke_by_subject(subject, RevocationReason.USER_DELETED)
        if not await self._users.delete(subject):
            raise UserNotFound
        self._audit.record(UserDeleted(at=now, subject=subject, by=by))
        return user


def _found(user: User | None) -> User:
    if user is None:
        raise UserNotFound
    return user

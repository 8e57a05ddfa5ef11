"""Password change: a signed-in user replaces their own password."""

from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..audit.events import PasswordChanged
from ..errors import StoreUnavailable
from ..identifiers import SessionId, Subject
from ..requester import Requester
from ..sessions.revocation import Revocation
from ..sessions.session import RevocationReason, Session
from .authentication import Authentication
from .errors import WrongCurrentPassword
from .passwords import Passwords
from .user import User

_ATTEMPTS: Final = 3


class PasswordChange:
    """Changes a password if the user gives the current one, and revokes all their other sessions."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        authentication: Authentication,
        passwords: Passwords,
        revocation: Revocation,
        clock: Clock,
        audit: AuditTrail,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._authentication = authentication
        self._passwords = passwords
        self._revocation = revocation
        self._clock = clock
        self._audit = audit

    async def change(
        self, subject: Subject, session_id: SessionId, *, current: str, new: str, requester: Requester
    ) -> None:
        """Replace the password ``current`` by ``new``, and revoke all sessions except ``session_id``.

        If the password was changed but the sessions could not be revoked, the same request can be sent again: it
        revokes them.

        Raises ``WrongCurrentPassword``, also if a concurrent change was first; ``InvalidRequest`` for a password that
        the policy refuses; ``HashingOverloaded``; and everything that ``Authentication.confirm`` raises.
        """
        user = await self._users.find(subject)
        session = await self._sessions.find(session_id)
        if user is None or session is None:
            raise WrongCurrentPassword
        password = self._passwords.check(new, username=user.username, field="new_password")
        if session.credential_version == user.credential_version:
            await self._authentication.confirm(user, current, session_id=session_id, requester=requester)
            user = await self._change(user, await self._passwords.hash(password))
            self._audit.record(PasswordChanged(at=self._clock.now(), subject=subject, by=subject))
        else:
            await self._authentication.confirm(user, password, session_id=session_id, requester=requester)
        await self._end_other_sessions(session, user)

    async def _change(self, user: User, new: str) -> User:
        """Store the hash ``new``, and return the changed user.

        Try again if a concurrent sign-in only renewed the stored hash: the confirmed password is still the right one.
        Raises ``WrongCurrentPassword`` if the password was changed or no user has this id.
        """
        version = user.credential_version
        for _ in range(_ATTEMPTS):
            changed = await self._try_to_change(user, new)
            if changed is not None:
                return changed
            current = await self._users.find(user.subject)
            if current is None or current.credential_version != version:
                break
            user = current
        raise WrongCurrentPassword

    async def _try_to_change(self, user: User, new: str) -> User | None:
        """Return the changed user; ``None`` if the stored hash is another one. If the store does not answer, read
        whether the change was made.
        """
        try:
            return await self._users.change_password(user.subject, new=new, expected=user.password_hash)
        except StoreUnavailable:
            stored = await self._users.find(user.subject)
            if stored is None or stored.password_hash != new:
                raise
            return stored

    async def _end_other_sessions(self, session: Session, user: User) -> None:
        """Revoke the other sessions, then set this one's credential version: until then ``change`` can be repeated."""
        await self._revocation.revoke_by_subject(
            user.subject, RevocationReason.PASSWORD_CHANGED, keep=session.session_id
        )
        await self._sessions.set_credential_version(
            session.session_id,
            expected_version=session.credential_version,
            credential_version=user.credential_version,
            now=self._clock.now(),
        )

"""The repository of sessions."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.replaced import ReplacedSecrets
from ..domain.sessions.session import RevocationReason, Session, SessionPosition
from ..domain.tokens.revoked_session import RevokedSession


class CrowdedSubjects(NamedTuple):
    """A page of subjects. ``next`` is the cursor of the next page, ``None`` after the last one."""

    subjects: Sequence[Subject]
    next: str | None


class RevocationPage(NamedTuple):
    """A page of revoked sessions, in any order. ``next`` is the cursor of the next page, ``None`` after the last."""

    revoked: Sequence[RevokedSession]
    next: str | None


class SessionRepository(Protocol):
    """Stores sessions. Each method that changes one session is atomic. A change is durable when the method returns.

    The cut-off is one time for all sessions, in whole seconds: a session whose ``created_at`` is in or before that
    second has ended. Every method treats such a session as ``Session.ended_by`` returns it, whatever its own entry in
    the store says.

    Every method raises ``StoreUnavailable`` if the store does not answer; it is then unknown whether the change was
    made. A read sees every change that was acknowledged before it. Times are seconds since the epoch. Digests have 32
    bytes. A session is live at ``now`` if ``Session.is_live`` says so.
    """

    async def add(self, session: Session) -> None:
        """Store a new session; raises ``AlreadyExists`` if its id is taken.

        Of several concurrent calls with the same id, one succeeds.
        """
        ...

    async def find(self, session_id: SessionId) -> Session | None:
        """Return the session, also if it has expired or was revoked; ``None`` if it is unknown or was deleted."""
        ...

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        replaced: ReplacedSecrets,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        """Replace the digest of the current secret if it is ``expected_digest`` and the session is live at ``now``.

        The change is the one of ``Session.advanced``. Return whether this call made the change. Of any number of
        concurrent calls with the same ``expected_digest``, at most one returns ``True``.
        """
        ...

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        """Revoke the session, as ``Session.revoked`` does. When this has returned, no ``advance`` of it succeeds.

        Return whether this call revoked it. A session that is revoked already keeps its reason and its time.
        """
        ...

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        """Set the credential version if it is ``expected_version`` and the session is live at ``now``.

        The change is the one of ``Session.with_credential_version``. Return whether this call made the change.
        """
        ...

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        """Revoke every session of ``subject`` that is live at ``now``, except ``keep``; return those that this call
        revoked, as they are now.

        If the store cannot revoke all in one step, it revokes the newest first. Each step is bounded and atomic. After
        a failure, the same call continues where the first one stopped. A session that is added while the call runs may
        stay live.
        """
        ...

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        """Revoke sessions of ``subject`` until at most ``limit`` are live; return those that this call revoked, as they
        are now.

        The ones with the oldest ``rotated_at`` are revoked, never ``keep``. One call may revoke at most 1,000 sessions.
        ``limit`` is at least 1. Concurrent calls never leave fewer than ``limit`` live, whatever they keep.
        """
        ...

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        """Return a page of the subjects that may have more than ``more_than`` live sessions.

        ``after`` is the cursor of the page, "" for the first one. One call reads a bounded part of the store. All pages
        together have every subject that had so many sessions while they were read.
        """
        ...

    async def set_cut_off(self, cut_off: int) -> None:
        """End every session that began in or before the second ``cut_off``. An earlier cut-off than the stored one
        changes nothing.

        When this has returned, no ``advance`` of such a session succeeds.
        """
        ...

    async def find_cut_off(self) -> int | None:
        """Return the cut-off; ``None`` if none was set."""
        ...

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        """Return at most ``limit`` sessions of ``subject`` that are live at ``now``, the oldest first.

        They are ordered by ``Session.position``, and all are after the position ``after``. They are fewer than
        ``limit`` only if no more follow.
        """
        ...

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        """Return a page of the sessions revoked at or after ``moment`` (seconds since the epoch).

        ``after`` is the cursor of the page, "" for the first one. One call reads a bounded part of the store. A
        page may be empty although others follow. All pages together have every session that was revoked when the first
        one was read. Sessions that the cut-off ended are left out.
        """
        ...

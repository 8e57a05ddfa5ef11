"""The contract of a session repository (``app.ports.session_repository``)."""

from .session_atomicity import SessionAtomicity
from .session_behaviour import SessionBehaviour
from .session_concurrency import SessionConcurrency
from .session_cut_off import SessionCutOff
from .session_deadlocks import SessionDeadlocks
from .session_excess import SessionExcess
from .session_lists import SessionLists
from .session_reads import SessionReads
from .session_rotation import SessionRotation
from .session_subject_concurrency import SubjectConcurrency
from .session_subjects import SubjectRevocation


class SessionRepositoryContract(
    SessionBehaviour,
    SessionRotation,
    SessionLists,
    SessionReads,
    SubjectRevocation,
    SessionExcess,
    SessionCutOff,
    SessionAtomicity,
    SessionConcurrency,
    SubjectConcurrency,
    SessionDeadlocks,
):
    """All tiers. The behaviour is in seven classes, and the concurrency in three: one session, many, and deadlocks."""

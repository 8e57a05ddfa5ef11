"""The contract of a session repository (``app.ports.session_repository``)."""

from .session_atomicity import SessionAtomicity
from .session_behaviour import SessionBehaviour
from .session_concurrency import SessionConcurrency
from .session_cut_off import SessionCutOff
from .session_excess import SessionExcess
from .session_lists import SessionLists
from .session_rotation import SessionRotation
from .session_subject_concurrency import SubjectConcurrency
from .session_subjects import SubjectRevocation


class SessionRepositoryContract(
    SessionBehaviour,
    SessionRotation,
    SessionLists,
    SubjectRevocation,
    SessionExcess,
    SessionCutOff,
    SessionAtomicity,
    SessionConcurrency,
    SubjectConcurrency,
):
    """All tiers. The behaviour is in six classes, and the concurrency in two: one session, and many."""

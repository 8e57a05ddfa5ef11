"""The contract of a session repository (``app.ports.session_repository``)."""

from .session_atomicity import SessionAtomicity
from .session_behaviour import SessionBehaviour
from .session_concurrency import SessionConcurrency
from .session_cut_off import SessionCutOff
from .session_lists import SessionLists
from .session_rotation import SessionRotation
from .session_subject_concurrency import SubjectConcurrency
from .session_subjects import SessionsOfSubjects


class SessionRepositoryContract(
    SessionBehaviour,
    SessionRotation,
    SessionLists,
    SessionsOfSubjects,
    SessionCutOff,
    SessionAtomicity,
    SessionConcurrency,
    SubjectConcurrency,
):
    """All tiers. The behaviour is in five classes, and the concurrency in two: one session, and many."""

"""The contract of a session repository (``app.ports.session_repository``)."""

from .session_atomicity import SessionAtomicity
from .session_behaviour import SessionBehaviour
from .session_concurrency import SessionConcurrency
from .session_lists import SessionLists


class SessionRepositoryContract(SessionBehaviour, SessionLists, SessionAtomicity, SessionConcurrency):
    """All tiers. The behaviour is in two classes: acts and lists."""

"""The contract of a session repository (``app.ports.sessions``)."""

from .session_atomicity import SessionAtomicity
from .session_behaviour import SessionBehaviour
from .session_concurrency import SessionConcurrency
from .session_lists import SessionLists
from .session_retention import SessionRetention


class SessionRepositoryContract(SessionBehaviour, SessionLists, SessionRetention, SessionAtomicity, SessionConcurrency):
    """All tiers. The first three are the port's behaviour: its acts, its lists, its forgetting."""

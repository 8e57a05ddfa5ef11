"""Which sessions a subject has."""

from collections.abc import Iterable

from ...domain.identifiers import SessionId, Subject


class SubjectIndex:
    """Most subjects have one session, which stands for itself; only several take a dictionary, of 240 bytes."""

    def __init__(self) -> None:
        self._sessions: dict[Subject, SessionId | dict[SessionId, None]] = {}

    def add(self, subject: Subject, session_id: SessionId) -> None:
        """Note a session that is not noted yet."""
        noted = self._sessions.get(subject)
        if noted is None:
            self._sessions[subject] = session_id
        elif isinstance(noted, dict):
            noted[session_id] = None
        else:
            self._sessions[subject] = {noted: None, session_id: None}

    def sessions(self, subject: Subject) -> Iterable[SessionId]:
        """Return the subject's sessions."""
        noted = self._sessions.get(subject, {})
        return noted if isinstance(noted, dict) else (noted,)

    def remove(self, subject: Subject, session_id: SessionId) -> None:
        """Forget a noted session."""
        noted = self._sessions[subject]
        if isinstance(noted, dict):
            del noted[session_id]
        if noted in (session_id, {}):
            del self._sessions[subject]

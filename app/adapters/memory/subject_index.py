"""The sessions of each subject."""

from collections.abc import Iterable

from ...domain.identifiers import SessionId, Subject


class SubjectIndex:
    """Maps a subject to the id of its only session, or to a dictionary of several ids. Most subjects have one session,
    and a dictionary takes 240 bytes.
    """

    def __init__(self) -> None:
        self._sessions: dict[Subject, SessionId | dict[SessionId, None]] = {}

    def add(self, subject: Subject, session_id: SessionId) -> None:
        """Add a session that is not in the index."""
        ids = self._sessions.get(subject)
        if ids is None:
            self._sessions[subject] = session_id
        elif isinstance(ids, dict):
            ids[session_id] = None
        else:
            self._sessions[subject] = {ids: None, session_id: None}

    def sessions(self, subject: Subject) -> Iterable[SessionId]:
        """Return the ids of the subject's sessions."""
        ids = self._sessions.get(subject, {})
        return ids if isinstance(ids, dict) else (ids,)

    def subjects_with_more_than(self, number: int) -> list[Subject]:
        """Return the subjects with more than ``number`` sessions, at least two."""
        return [subject for subject, ids in self._sessions.items() if isinstance(ids, dict) and len(ids) > number]

    def remove(self, subject: Subject, session_id: SessionId) -> None:
        """Remove a session that is in the index."""
        ids = self._sessions[subject]
        if isinstance(ids, dict):
            del ids[session_id]
        if ids in (session_id, {}):
            del self._sessions[subject]

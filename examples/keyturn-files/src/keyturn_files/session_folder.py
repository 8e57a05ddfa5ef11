"""The files of the sessions and of the cut-off. Only an act that holds the lock of the directory uses them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from keyturn.domain.identifiers import SessionId, Subject
from keyturn.domain.sessions.session import Session

from .directory import Directory
from .session_file import dump, load

_CUT_OFF: Final = "cut-off"


class SessionFolder:
    """One file for each session, named after its id, and one for the cut-off."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def is_stored(self, session_id: SessionId) -> bool:
        return self._file(session_id).exists()

    def read(self, session_id: SessionId) -> Session | None:
        """Return the session as the cut-off leaves it."""
        if not self.is_stored(session_id):
            return None
        return load(self._file(session_id).read_bytes()).ended_by(self.cut_off())

    def read_all(self) -> Iterator[Session]:
        """Return the sessions as their own files say."""
        return (load(file.read_bytes()) for file in self._directory.path.glob("[!.]*.json"))

    def live(self, subject: Subject, now: float) -> list[Session]:
        """Return the live sessions of ``subject``, the oldest first."""
        cut_off = self.cut_off()
        mine = (each.ended_by(cut_off) for each in self.read_all() if each.subject == subject)
        return sorted((each for each in mine if each.is_live(now)), key=Session.position)

    def write(self, session: Session | None) -> bool:
        """Write the session, and return ``True``. Without one, return ``False``."""
        if session is not None:
            self._directory.write(self._file(session.session_id).name, dump(session))
        return session is not None

    def write_all(self, sessions: Iterable[Session | None]) -> Sequence[Session]:
        """Write the sessions one after another; return them."""
        return [each for each in sessions if each is not None and self.write(each)]

    def delete(self, session: Session) -> None:
        self._file(session.session_id).unlink()

    def cut_off(self) -> int | None:
        file = self._directory.path / _CUT_OFF
        return int(file.read_text()) if file.exists() else None

    def write_cut_off(self, cut_off: int) -> None:
        self._directory.write(_CUT_OFF, str(cut_off).encode())

    def _file(self, session_id: SessionId) -> Path:
        return self._directory.path / f"{session_id.hex()}.json"

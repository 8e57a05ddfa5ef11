"""A session as the text of a file."""

from keyturn.adapters.records.encoding import decode, encode
from keyturn.adapters.records.sessions import session_of, session_record
from keyturn.domain.sessions.session import Session


def dump(session: Session) -> bytes:
    """Return the record of a session as JSON."""
    return encode(session_record(session))


def load(text: bytes) -> Session:
    """Return the session that ``dump`` wrote."""
    return session_of(decode(text))

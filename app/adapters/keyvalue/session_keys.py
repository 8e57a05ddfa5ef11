"""The keys of a session: its record, and the entries that lists of sessions read."""

from collections.abc import Mapping
from hashlib import sha256
from struct import Struct
from typing import Final, NamedTuple

from ...domain.identifiers import SESSION_ID_BYTES, SessionId, Subject
from ...domain.sessions.session import Session, SessionPosition
from ..records.encoding import decode, encode
from ..records.sessions import session_of, session_record

_DOUBLE: Final = Struct(">d")
_BITS: Final = Struct(">Q")
_SIGN: Final = 1 << 63
_ALL: Final = (1 << 64) - 1
TIME_BYTES: Final = 8
HASH_BYTES: Final = 32


class Place(NamedTuple):
    """The part of an index entry that says which session it is of, and its time."""

    at: float
    session_id: SessionId


class SessionKeys:
    """Returns the keys below ``prefix``. After the prefix a key has at most 58 bytes, however long the subject is."""

    def __init__(self, prefix: bytes) -> None:
        self.cut_off = prefix + b"cut-off"
        self.probe = prefix + b"probe"
        self.by_end = prefix + b"e/"
        self.revoked = prefix + b"r/"
        self.unrevoked = prefix + b"u/"
        self.with_replaced = prefix + b"p/"
        self.by_subject = prefix + b"o/"
        self._session = prefix + b"s/"
        self._guard = prefix + b"g/"

    def session(self, session_id: SessionId) -> bytes:
        """Return the key of a session's record."""
        return self._session + session_id

    def of_subject(self, subject: Subject) -> bytes:
        """Return what the keys of the unrevoked sessions of a subject begin with. A subject may be longer than a key
        may be, so its SHA-256 stands for it.
        """
        return self.by_subject + _hash_of(subject)

    def guard(self, subject: Subject) -> bytes:
        """Return the key that every limit on the sessions of this subject changes. 256 keys do for all subjects."""
        return self._guard + _hash_of(subject)[:1]

    def entries(self, session: Session | None) -> Mapping[bytes, bytes]:
        """Return every key of a session with its value; none for a session that is deleted."""
        if session is None:
            return {}
        entries = {
            self.session(session.session_id): encode(session_record(session)),
            self.by_end + _place(session.ends_at(), session): b"",
        }
        if session.revoked_at is not None:
            entries[self.revoked + _place(session.revoked_at, session)] = time_key(session.created_at)
        else:
            entries[self.unrevoked + _place(session.created_at, session)] = b""
            entries[self.of_subject(session.subject) + _place(session.created_at, session)] = _text(session.subject)
        if session.replaced:
            entries[self.with_replaced + _place(session.rotated_at, session)] = b""
        return entries


def stored_session(value: bytes) -> Session:
    """Return the session of a value; raises ``UnreadableRecord``."""
    return session_of(decode(value))


def place_of(key: bytes) -> Place:
    """Return the time and the session id at the end of a key."""
    return Place(time_of(key[-TIME_BYTES - SESSION_ID_BYTES :]), SessionId(key[-SESSION_ID_BYTES:]))


def position_key(position: SessionPosition) -> bytes:
    """Return the end of a key, as of a session at this position."""
    return time_key(position.created_at) + position.session_id


def time_key(at: float) -> bytes:
    """Return 8 bytes, whose order is that of the times, negative ones included. All bits are kept."""
    [bits] = _BITS.unpack(_DOUBLE.pack(at + 0.0))
    return _BITS.pack(bits ^ _ALL if bits & _SIGN else bits ^ _SIGN)


def time_of(key: bytes) -> float:
    """Return the time of ``time_key``."""
    [bits] = _BITS.unpack(key[:TIME_BYTES])
    [at] = _DOUBLE.unpack(_BITS.pack(bits ^ _SIGN if bits & _SIGN else bits ^ _ALL))
    return float(at)


def after_all(prefix: bytes) -> bytes:
    """Return a key after all that begin with ``prefix``, which has a byte below 255."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1])


def _place(at: float, session: Session) -> bytes:
    return time_key(at) + session.session_id


def _text(text: str) -> bytes:
    """Return a text in UTF-8, also one with halves of surrogate pairs."""
    return text.encode("utf-8", "surrogatepass")


def _hash_of(subject: Subject) -> bytes:
    return sha256(_text(subject)).digest()

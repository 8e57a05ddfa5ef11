"""The names of keys. All keys of one session, and the revocations of its shard, are in one slot of a cluster."""

from typing import Final

from ...domain import base64url
from ...domain.identifiers import SessionId, Subject, format_session_id, parse_session_id

SHARDS: Final = 64
"""More than a cluster has nodes, fewer than a second's list of revocations minds."""

SIGNING_KEYS: Final = "keyturn:{signing-keys}:keys"
SIGNING_KEY_SUCCESSORS: Final = "keyturn:{signing-keys}:successors"

SESSION_KEYS: Final = "keyturn:{*}:session:*"
"""The pattern of the keys of all sessions."""

CHANNEL: Final = "keyturn:revocations"


def session_key(session_id: SessionId) -> str:
    """Return where a session is: a hash."""
    return f"keyturn:{{{_shard(session_id)}}}:session:{format_session_id(session_id)}"


def session_of(key: bytes) -> SessionId:
    """Return the session whose key this is."""
    return parse_session_id(key.rpartition(b":")[2].decode())


def salt_key(session_id: SessionId) -> str:
    """Return where the salt of its last rotation is: a string of its own, which expires by itself."""
    return f"keyturn:{{{_shard(session_id)}}}:salt:{format_session_id(session_id)}"


def revocations_key(session_id: SessionId) -> str:
    """Return where the revocations of the session's shard are: a sorted set, by their times."""
    return _revocations(_shard(session_id))


def all_revocations_keys() -> list[str]:
    """Return where the revocations of each shard are."""
    return [_revocations(shard) for shard in range(SHARDS)]


def subject_key(subject: Subject) -> str:
    """Return where the ids of a subject's sessions are: a sorted set, by the times of their sign-ins."""
    return f"keyturn:{{{subject}}}:sessions"


def limit_key(key: bytes) -> str:
    """Return where what is left of a budget is; the key tells neither a name nor an address. All are in one slot,
    because an attempt is taken from several at once.
    """
    return f"keyturn:{{budgets}}:{base64url.encode(key)}"


def _revocations(shard: int) -> str:
    return f"keyturn:{{{shard}}}:revoked"


def _shard(session_id: SessionId) -> int:
    """Session ids are random: their first byte spreads them evenly."""
    return session_id[0] % SHARDS

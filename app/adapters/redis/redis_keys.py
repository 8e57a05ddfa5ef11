"""The Redis keys. The keys of a session and the revocations of its shard are in one slot of a cluster."""

from typing import Final

from ...domain import base64url
from ...domain.identifiers import SessionId, Subject, format_session_id, parse_session_id

SHARDS: Final = 64
"""More shards than a cluster has nodes, but few enough to read the revocations of all shards every second."""

SIGNING_KEYS: Final = "keyturn:{signing-keys}:keys"
SIGNING_KEY_SUCCESSORS: Final = "keyturn:{signing-keys}:successors"

SESSION_PATTERN: Final = "keyturn:{*}:session:*"
"""Matches the keys of all sessions."""

REVOCATION_CHANNEL: Final = "keyturn:revocations"


def session(session_id: SessionId) -> str:
    """Return the key of a session, which is a hash."""
    return f"keyturn:{{{_shard(session_id)}}}:session:{format_session_id(session_id)}"


def parse_session(redis_key: bytes) -> SessionId:
    """Return the id of the session with this key."""
    return parse_session_id(redis_key.rpartition(b":")[2].decode())


def salt(session_id: SessionId) -> str:
    """Return the key of a session's salt. It is a Redis string of its own, so that it can expire before the session."""
    return f"keyturn:{{{_shard(session_id)}}}:salt:{format_session_id(session_id)}"


def revocations(session_id: SessionId) -> str:
    """Return the key of the revocations in the session's shard: a sorted set, ordered by time."""
    return _revocations_of_shard(_shard(session_id))


def all_revocations() -> list[str]:
    """Return the keys of the revocations in each shard."""
    return [_revocations_of_shard(shard) for shard in range(SHARDS)]


def sessions_of_subject(subject: Subject) -> str:
    """Return the key of the ids of a subject's sessions: a sorted set, ordered by the times of the sign-ins."""
    return f"keyturn:{{{subject}}}:sessions"


def rate_limit(key: bytes) -> str:
    """Return the Redis key of a rate limit. It shows neither a username nor an address.

    All rate limits are in one slot, because one script takes an attempt from several of them.
    """
    return f"keyturn:{{budgets}}:{base64url.encode(key)}"


def _revocations_of_shard(shard: int) -> str:
    return f"keyturn:{{{shard}}}:revoked"


def _shard(session_id: SessionId) -> int:
    """Return the shard of a session. Session ids are random, so their first byte spreads them evenly."""
    return session_id[0] % SHARDS

"""The Redis keys. The keys of a session and the revocations of its shard are in one slot of a cluster."""

from typing import Final

from ...domain import base64url
from ...domain.identifiers import SessionId, Subject, format_session_id

SHARDS: Final = 64
"""More shards than a cluster has nodes, but few enough to read the revocations of all shards every second."""

SIGNING_KEYS: Final = "keyturn:{signing-keys}:keys"
SIGNING_KEY_SUCCESSORS: Final = "keyturn:{signing-keys}:successors"

PROBES: Final = tuple(f"keyturn:{{{shard}}}:probe" for shard in range(SHARDS))
"""Keys of which one on each primary is written to, to see whether it takes writes."""

SUBJECT_PATTERN: Final = "keyturn:{*}:sessions"
"""Matches the keys of all subjects' lists and no others, because a text in base64url has no ``}``."""

REVOCATION_CHANNEL: Final = "keyturn:revocations"

_BEFORE_SUBJECT: Final = "keyturn:{"
_AFTER_SUBJECT: Final = "}:sessions"


def session(session_id: SessionId) -> str:
    """Return the key of a session, which is a hash."""
    return of_session(session_id)[0]


def of_session(session_id: SessionId) -> list[str]:
    """Return the keys of a session, of its salt and of its replaced secrets. The last two are Redis strings of their
    own, so that they can expire before the session.
    """
    shard, sid = shard_of(session_id), format_session_id(session_id)
    return [f"keyturn:{{{shard}}}:{kind}:{sid}" for kind in ("session", "salt", "replaced")]


def of_probe(probe: str) -> list[str]:
    """Return the keys that the script of a check writes to, of which ``probe`` is the first."""
    return [probe, *(f"{probe}:{kind}" for kind in ("sorted", "set", "string"))]


def cut_off(shard: int) -> str:
    """Return the key of the cut-off in a shard."""
    return f"keyturn:{{{shard}}}:cut_off"


def revocations(shard: int) -> str:
    """Return the key of the revocations in a shard: a sorted set, ordered by time."""
    return f"keyturn:{{{shard}}}:revoked"


def sessions_of_subject(subject: Subject) -> str:
    """Return the key of the ids of a subject's sessions: a sorted set, ordered by the times of the sign-ins."""
    return f"{_BEFORE_SUBJECT}{subject}{_AFTER_SUBJECT}"


def ending_of_subject(subject: Subject) -> str:
    """Return the key of the ids of those of a subject's sessions that are about to end: a set, beside their list."""
    return f"{_BEFORE_SUBJECT}{subject}}}:ending"


def parse_sessions_of_subject(redis_key: str) -> Subject:
    """Return the subject whose sessions have this key."""
    return Subject(redis_key.removeprefix(_BEFORE_SUBJECT).removesuffix(_AFTER_SUBJECT))


def rate_limit(key: bytes) -> str:
    """Return the Redis key of a rate limit. It shows neither a username nor an address.

    All rate limits are in one slot, because one script takes an attempt from several of them.
    """
    return f"keyturn:{{budgets}}:{base64url.encode(key)}"


def shard_of(session_id: SessionId) -> int:
    """Return the shard of a session. Session ids are random, so their first byte spreads them evenly."""
    return session_id[0] % SHARDS


_TYPES: Final = {
    "session": "hash",
    "revoked": "zset",
    "sessions": "zset",
    "ending": "set",
    "keys": "hash",
    "successors": "hash",
}


def type_of(redis_key: str) -> str:
    """Return the type of a Redis key, as ``TYPE`` names it. All others than these are Redis strings."""
    return _TYPES.get(redis_key.partition("}:")[2].partition(":")[0], "string")


def is_cut_off(redis_key: str) -> bool:
    """Return whether the Redis key is that of a cut-off."""
    return redis_key.endswith("}:cut_off")

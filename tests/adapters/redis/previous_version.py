"""The scripts of the version before the replaced secrets, as they were, and what that version does with them."""

from hashlib import sha1
from typing import Any, Final

from app.adapters.redis import redis_keys
from app.adapters.redis.commands import RedisCommands
from app.adapters.redis.script import Script
from app.adapters.redis.session_hash import to_fields
from app.domain.identifiers import SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken
from app.domain.sessions.session import Session


def _script(text: str) -> Script:
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest(), confirmed=True)


ADD: Final = _script("""
if redis.call('EXISTS', KEYS[1]) == 1 then
    return 0
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if ARGV[2] ~= '' then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end
return 1
""")

FIND: Final = _script("""
local session = redis.call('HGETALL', KEYS[1])
local salt = redis.call('GET', KEYS[2])
if ARGV[1] == '1' and (salt or redis.call('HEXISTS', KEYS[1], 'revoked_at') == 1) then
    redis.call('HSET', KEYS[1], 'generation', redis.call('HGET', KEYS[1], 'generation'))
end
return {session, salt}
""")

ADVANCE: Final = _script("""
local digest, revoked_at, expires_at, idle_expires_at =
    unpack(redis.call('HMGET', KEYS[1], 'secret_digest', 'revoked_at', 'expires_at', 'idle_expires_at'))
local now = tonumber(ARGV[5])
if digest ~= ARGV[1] or revoked_at or tonumber(expires_at) <= now then
    return 0
end
if idle_expires_at ~= '' and tonumber(idle_expires_at) <= now then
    return 0
end
redis.call('HSET', KEYS[1], 'secret_digest', ARGV[2], 'rotated_at', ARGV[5], 'idle_expires_at', ARGV[6])
redis.call('HINCRBY', KEYS[1], 'generation', 1)
if tonumber(ARGV[4]) > 0 then
    redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
end
local ends_at = math.min(tonumber(expires_at), tonumber(ARGV[6]) or math.huge)
redis.call('PEXPIRE', KEYS[1], math.ceil((ends_at - now) * 1000 + ARGV[7]))
return 1
""")

_SALT_MS: Final = 60_000
_MEMORY_MS: Final = 990_000


class PreviousVersion:
    """An instance of the previous version on the same store."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def add(self, session: Session) -> None:
        """Store a session that was never rotated."""
        arguments = (_MEMORY_MS, b"", _SALT_MS, *to_fields(session))
        assert await self._commands.run_script(ADD, _keys(session.session_id), *arguments) == 1

    async def rotate(self, current: RefreshToken, *, salt: bytes, now: float) -> RefreshToken:
        """Rotate the session of its current token, and return the successor."""
        fields, _ = await self._find(current.session_id)
        successor = ratchet.successor(current, salt=salt, generation=int(fields[b"generation"]) + 1)
        digests = ratchet.digest(current.secret), ratchet.digest(successor.secret)
        arguments = (*digests, salt, _SALT_MS, repr(now), "", _MEMORY_MS)
        assert await self._commands.run_script(ADVANCE, _keys(current.session_id), *arguments) == 1
        return successor

    async def replay(self, token: RefreshToken) -> RefreshToken | None:
        """Return the current token if ``token`` is its predecessor; the previous version follows only the last salt."""
        fields, salt = await self._find(token.session_id)
        if salt is None:
            return None
        successor = ratchet.successor(token, salt=salt, generation=int(fields[b"generation"]))
        return successor if ratchet.digest(successor.secret) == fields[b"secret_digest"] else None

    async def _find(self, session_id: SessionId) -> tuple[dict[bytes, bytes], bytes | None]:
        fields, salt = await self._commands.run_script(FIND, _keys(session_id), "0")
        values: Any = zip(fields[::2], fields[1::2], strict=True)
        return dict(values), salt


def _keys(session_id: SessionId) -> list[str]:
    return redis_keys.of_session(session_id)[:2]

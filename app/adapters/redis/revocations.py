"""The revocations and the cut-off, of which each shard has its own part."""

from collections.abc import Iterator, Sequence
from typing import Final

from ...domain.identifiers import SessionId
from ...domain.tokens.revoked_session import RevokedSession
from . import redis_keys
from .commands import RedisCommands
from .script import SET_CUT_OFF

_SHARDS: Final = range(redis_keys.SHARDS)

_MAX_CUT_OFF_SECONDS: Final = 3_600
"""A cut-off is set within this time of the clock, by every instance. No session that it ended can be revoked later."""


class Revocations:
    """Reads all shards. The cut-off is in each shard, so that a script can obey it."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def set_cut_off(self, cut_off: int) -> None:
        """Set the cut-off in every shard. A call that failed halfway can be repeated."""
        runs = [([redis_keys.cut_off(shard)], (str(cut_off),)) for shard in _SHARDS]
        await self._commands.run_each(SET_CUT_OFF, runs)

    async def find_cut_off(self) -> int | None:
        """Return the cut-off if any shard has it: after a call that failed halfway, tokens are refused early."""
        found = await self._commands.run_command("GET", [redis_keys.cut_off(shard) for shard in _SHARDS])
        return max((int(each) for each in found if each is not None), default=None)

    async def list_since(self, moment: float) -> Sequence[RevokedSession]:
        """Return the revocations at or after ``moment`` (s) of sessions that the cut-off did not end."""
        keys = [redis_keys.revocations(shard) for shard in _SHARDS]
        shards = await self._commands.run_command("ZRANGEBYSCORE", keys, repr(moment), "+inf", "WITHSCORES")
        revoked = [each for shard in shards for each in _pairs(shard)]
        cut_off = await self.find_cut_off() if revoked else None
        return revoked if cut_off is None else await self._without_cut_off(revoked, cut_off)

    async def _without_cut_off(self, revoked: Sequence[RevokedSession], cut_off: int) -> Sequence[RevokedSession]:
        """Return the revocations of sessions that began after the cut-off. A session that is no longer there stays."""
        early = [each for each in revoked if each.revoked_at < cut_off + _MAX_CUT_OFF_SECONDS]
        keys = [redis_keys.session(each.session_id) for each in early]
        times = await self._commands.run_command("HGET", keys, "created_at")
        ended = {each.session_id for each, at in zip(early, times, strict=True) if at and int(float(at)) <= cut_off}
        return [each for each in revoked if each.session_id not in ended]


def _pairs(reply: Sequence[bytes]) -> Iterator[RevokedSession]:
    """Yield each member with its score."""
    for member, revoked_at in zip(reply[::2], reply[1::2], strict=True):
        yield RevokedSession(SessionId(member), float(revoked_at))

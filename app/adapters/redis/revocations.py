"""The revocations and the cut-off, of which each shard has its own part."""

from collections.abc import Iterator, Sequence
from typing import Final

from ...domain.identifiers import SESSION_ID_BYTES, SessionId
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import RevocationPage
from . import redis_keys
from .commands import RedisCommands
from .script import LIST_SUBJECT, SET_CUT_OFF

_SHARDS: Final = range(redis_keys.SHARDS)

_MAX_CUT_OFF_SECONDS: Final = 3_600
"""A cut-off is set within this time of the clock, by every instance. No session that it ended can be revoked later."""

_PAGE_OF_ALL: Final = 16
"""The most revocations of one shard that the first page has. It reads all shards at once."""

_PAGE_OF_ONE: Final = 1_000
"""The revocations on a page of one shard."""


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
        return max((int(each) for each in found if each is not None and each.isdigit()), default=None)

    async def list_since(self, moment: float, after: str) -> RevocationPage:
        """Return a page of the revocations at or after ``moment`` (s) of sessions that the cut-off did not end.

        The first page has all of the shards, or ends in the first one that has more. Each further page is of one shard.
        Its cursor is the shard, and the time and the id of the last revocation that was read.
        """
        members, following = await (self._of_one(moment, after) if after else self._of_all(moment))
        revoked = [each for each in members if len(each.session_id) == SESSION_ID_BYTES]
        cut_off = await self.find_cut_off() if revoked else None
        listed = revoked if cut_off is None else await self._without_cut_off(revoked, cut_off)
        return RevocationPage(listed, following)

    async def _of_all(self, moment: float) -> tuple[Sequence[RevokedSession], str | None]:
        keys = [redis_keys.revocations(shard) for shard in _SHARDS]
        limits = ("LIMIT", "0", str(_PAGE_OF_ALL))
        replies = await self._commands.run_command("ZRANGEBYSCORE", keys, repr(moment), "+inf", "WITHSCORES", *limits)
        revoked: list[RevokedSession] = []
        for shard, reply in zip(_SHARDS, replies, strict=True):
            revoked += (page := list(_pairs(reply)))
            if len(page) == _PAGE_OF_ALL:
                return revoked, _cursor(shard, page[-1])
        return revoked, None

    async def _of_one(self, moment: float, after: str) -> tuple[Sequence[RevokedSession], str | None]:
        number, time, session_id = (*after.split(" "), "", "")[:3]
        shard = int(number)
        place = (repr(float(time or moment)), bytes.fromhex(session_id), _PAGE_OF_ONE, "after")
        page = list(_pairs(await self._commands.run_script(LIST_SUBJECT, [redis_keys.revocations(shard)], *place)))
        if len(page) == _PAGE_OF_ONE:
            return page, _cursor(shard, page[-1])
        return page, f"{shard + 1}" if shard + 1 in _SHARDS else None

    async def _without_cut_off(self, revoked: Sequence[RevokedSession], cut_off: int) -> Sequence[RevokedSession]:
        """Return the revocations of sessions that began after the cut-off. A session that is no longer there stays."""
        early = [each for each in revoked if each.revoked_at < cut_off + _MAX_CUT_OFF_SECONDS]
        keys = [redis_keys.session(each.session_id) for each in early]
        times = await self._commands.run_command("HGET", keys, "created_at")
        ended = {each.session_id for each, at in zip(early, times, strict=True) if at and int(float(at)) <= cut_off}
        return [each for each in revoked if each.session_id not in ended]


def _cursor(shard: int, last: RevokedSession) -> str:
    return f"{shard} {last.revoked_at!r} {last.session_id.hex()}"


def _pairs(reply: Sequence[bytes]) -> Iterator[RevokedSession]:
    """Yield each member with its score."""
    for member, revoked_at in zip(reply[::2], reply[1::2], strict=True):
        yield RevokedSession(SessionId(member), float(revoked_at))

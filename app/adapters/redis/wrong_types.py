"""Keys of another type than Keyturn gives them. They are moved aside, and count as absent."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from redis.exceptions import ResponseError

from ...domain.errors import StoreUnavailable
from . import redis_keys
from .script import Command

_LOG: Final = logging.getLogger("keyturn.redis")

_WRONG_TYPE: Final = "WRONGTYPE"
_ABSENT: Final = "none"

Run = Callable[[str, Command], Awaitable[Any]]
"""Runs a command on the server that has a Redis key; returns the reply or the error."""


def is_wrong_type(error: StoreUnavailable) -> bool:
    """Return whether the server refused an act because a key has another type."""
    return isinstance(error.__cause__, ResponseError) and _WRONG_TYPE in str(error.__cause__)


async def move_aside(keys: Iterable[str], run: Run) -> bool:
    """Move the keys of another type aside, and log each; return whether there were some.

    The new name ends in ``:unreadable``, so that somebody can look at the value. A cut-off is written again as another
    shard has it: without it, sessions would live again that have ended.
    """
    wrong = [key for key in dict.fromkeys(keys) if _text(await run(key, ("TYPE", key))) not in _types(key)]
    for key in wrong:
        cut_off = await _other_cut_off(key, run) if redis_keys.is_cut_off(key) else None
        command: Command = ("RENAME", key, f"{key}:unreadable") if cut_off is None else ("SET", key, cut_off)
        await run(key, command)
        done = "it was moved aside, and counts as absent" if cut_off is None else "it was written again"
        _LOG.error("a key has another type than keyturn gives it: %s", done, extra={"fields": {"key": key}})
    return bool(wrong)


def _types(key: str) -> Sequence[str]:
    return redis_keys.type_of(key), _ABSENT


async def _other_cut_off(key: str, run: Run) -> str | None:
    """Return the latest cut-off of all shards except that of ``key``."""
    others = [each for each in map(redis_keys.cut_off, range(redis_keys.SHARDS)) if each != key]
    replies = [await run(each, ("GET", each)) for each in others]
    found = [int(reply) for reply in replies if isinstance(reply, bytes | str) and reply.isdigit()]
    return str(max(found)) if found else None


def _text(reply: Any) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)

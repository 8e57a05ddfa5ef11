"""Check that a server takes writes."""

from contextlib import suppress

from ...domain.errors import StoreUnavailable
from .commands import RedisCommands
from .redis_keys import PROBES, of_probe
from .script import PROBE
from .server_faults import writes_blocked


async def check_writes(commands: RedisCommands) -> None:
    """Read, and then run a script that writes a little, on every primary.

    Raises ``StoreUnavailable``, also for 2 seconds after another change was refused.
    """
    keys = commands.one_for_each_server(PROBES)
    await commands.run_command("EXISTS", keys)
    try:
        await commands.run_each(PROBE, [(of_probe(each), ()) for each in keys])
    except StoreUnavailable as error:
        if isinstance(error.__cause__, TimeoutError):
            raise writes_blocked() from error.__cause__
        raise
    commands.refusal.check()


async def delete_probes(commands: RedisCommands) -> None:
    """Delete what ``check_writes`` has written. A user who may not delete leaves it: it expires after a minute."""
    with suppress(StoreUnavailable):
        written = [key for probe in commands.one_for_each_server(PROBES) for key in of_probe(probe)]
        await commands.run_command("DEL", written)

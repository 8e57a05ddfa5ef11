"""The clock of this machine beside that of the store."""

from collections.abc import AsyncIterator

from .examination import Examination
from .finding import Result, fault, ok, skipped


async def beside_store(examination: Examination) -> AsyncIterator[Result]:
    """Yield a fault if the clocks differ by more than the leeway: the instance would not be ready."""
    if not examination.stores_are_usable:
        yield skipped("Not checked: a store cannot be used.")
        return
    async with examination.opened() as container:
        watch = container.clock_watch()
        if watch.reason:
            yield fault(watch.reason)
        elif container.store_clock() is None:
            yield ok("The stores have the clock of this machine.")
        else:
            yield ok(
                f"The clock of this machine and that of the store differ by {abs(watch.difference):.1f} s;"
                f" KEYTURN_CLOCK_LEEWAY allows {examination.settings.clock_leeway} s."
            )

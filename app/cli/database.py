"""``keyturn database``: prepare the stores."""

from ..adapters.stop_signals import ended_by_signals
from ..service.open_stores import prepare_stores
from .call import Call


async def upgrade(call: Call) -> None:
    """Prepare the stores, and show a confirmation."""
    with ended_by_signals():
        await prepare_stores(call.settings)
    call.show({"upgraded": True}, "The stores have the schema of this program, and can be used.")

"""``keyturn database``: prepare the stores."""

from ..service.open_stores import prepare_stores
from .call import Call


async def upgrade(call: Call) -> None:
    """Prepare the stores, and show a confirmation."""
    await prepare_stores(call.settings)
    call.show({"upgraded": True}, "The stores have the schema of this program, and can be used.")

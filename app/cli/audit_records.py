"""Keeping the audit events of a command that needs no database for its work."""

import sys

from ..domain.errors import ConfigurationError, StoreUnavailable
from ..service.application import opened
from ..service.background import save_last_records
from ..service.container import Container


async def keep_events_of(container: Container) -> None:
    """Keep the events that were recorded, where there is a database for them. The act is done: that the database does
    not answer is said, and no failure.
    """
    if not container.audit_recorder().waiting or container.settings().database_url == "memory://":
        return
    database = container.database()
    try:
        await database.prepare()
        async with opened([database]):
            await save_last_records(container.audit_recorder())
    except (ConfigurationError, StoreUnavailable) as error:
        print(f"This is not in the audit trail: {error}", file=sys.stderr)

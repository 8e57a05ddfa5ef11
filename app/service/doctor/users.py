"""The user that the start creates."""

from collections.abc import AsyncIterator
from dataclasses import replace

from ..application import check_bootstrap_user
from ..container import Container
from .examination import USERS, Examination
from .finding import Result, ok, skipped


async def bootstrap(examination: Examination) -> AsyncIterator[Result]:
    """Yield that the bootstrap user is acceptable; raises the error of the start if not."""
    settings = examination.settings
    if settings.bootstrap_username is None or settings.bootstrap_password is None:
        yield skipped("KEYTURN_BOOTSTRAP_USERNAME and KEYTURN_BOOTSTRAP_PASSWORD are not set.")
        return
    found = examination.rehearsals.get(USERS)
    if examination.stores_are_usable and found is not None and not found.upgrade:
        async with examination.opened() as container:
            await check_bootstrap_user(container.accounts(), settings)
    else:  # a new store has no users either
        in_memory = replace(settings, database_url="memory://", session_url=None, session_replicas=0)
        await check_bootstrap_user(Container(settings=in_memory).accounts(), settings)
    yield ok("The start creates this user if it does not exist.")

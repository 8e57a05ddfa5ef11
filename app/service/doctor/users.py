"""The user that the start creates."""

from collections.abc import AsyncIterator
from dataclasses import replace

from ..application import check_bootstrap_user
from ..container import Container
from ..first_user import has_demo_user, how_to_add, is_missing
from .examination import USERS, Examination
from .finding import Result, ok, skipped, warning


async def bootstrap(examination: Examination) -> AsyncIterator[Result]:
    """Yield that the bootstrap user is acceptable; raises the error of the start if not."""
    settings = examination.settings
    if settings.bootstrap_username is None or settings.bootstrap_password is None:
        yield await _without_bootstrap(examination)
        return
    found = examination.rehearsals.get(USERS)
    if examination.stores_are_usable and found is not None and not found.upgrade:
        async with examination.opened() as container:
            await check_bootstrap_user(container.accounts(), settings)
    else:  # a new store has no users either
        in_memory = replace(settings, database_url="memory://", session_url=None, session_replicas=0)
        await check_bootstrap_user(Container(settings=in_memory).accounts(), settings)
    yield ok("The start creates this user if it does not exist.")


async def _without_bootstrap(examination: Examination) -> Result:
    """Return a warning if nobody can sign in."""
    settings, found = examination.settings, examination.rehearsals.get(USERS)
    if has_demo_user(settings):
        return ok("The start makes a user to try the service with, who exists until the process ends.")
    if not examination.stores_are_usable or found is None:
        return skipped("Not checked: the store of the users cannot be used.")
    if found.is_new:
        return warning(how_to_add(settings))
    if found.upgrade:
        return skipped(f"Not checked: {found.upgrade}.")
    async with examination.opened() as container:
        missing = await is_missing(container.accounts())
    return warning(how_to_add(settings)) if missing else ok("There are users.")

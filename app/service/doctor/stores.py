"""The stores: whether they can be used, and whether they take enough connections."""

from collections.abc import AsyncIterator

from ..application import losses_at_the_end
from .examination import SESSIONS, USERS, Examination
from .finding import Result, ok, skipped, warning


async def users(examination: Examination) -> AsyncIterator[Result]:
    """Yield what the start would do to the store of the users; raises its errors."""
    rehearsal = examination.rehearsals[USERS] = await examination.container().database().rehearse()
    yield _described(rehearsal.upgrade, is_new=rehearsal.is_new)


async def sessions(examination: Examination) -> AsyncIterator[Result]:
    """Yield what the start would do to the store of the sessions; raises its errors."""
    if examination.settings.session_url is None:
        if USERS in examination.rehearsals:
            examination.rehearsals[SESSIONS] = examination.rehearsals[USERS]
        yield skipped("The store of the users keeps the sessions, too.")
        return
    rehearsal = examination.rehearsals[SESSIONS] = await examination.container().session_store().rehearse()
    yield _described(rehearsal.upgrade, is_new=rehearsal.is_new)


async def connections(examination: Examination) -> AsyncIterator[Result]:
    """Compare the connections of all workers with what the server of each store allows."""
    settings, limited = examination.settings, False
    needed = settings.workers * settings.store_connections
    for name, rehearsal in examination.rehearsals.items():
        if rehearsal.connections is None or (name == SESSIONS and settings.session_url is None):
            continue
        limited = True
        if needed > rehearsal.connections:
            yield warning(
                f"KEYTURN_WORKERS and KEYTURN_STORE_CONNECTIONS make up to {needed} connections, and the server of the"
                f" {name} allows {rehearsal.connections} to this user. Lower a setting, or raise the server's limit."
            )
        else:
            yield ok(
                f"The server of the {name} allows {rehearsal.connections} connections; this service needs {needed}."
            )
    if not limited:
        yield skipped("No store has a limit of connections, or none can be used.")


async def lasting(examination: Examination) -> AsyncIterator[Result]:
    """Yield what ends with the process."""
    losses = list(losses_at_the_end(examination.settings))
    for each in losses:
        yield warning(f"{each[:1].upper()}{each[1:]}.")
    if not losses:
        yield ok("Users, sessions and signing keys outlast the process.")


def _described(upgrade: str, *, is_new: bool) -> Result:
    if not upgrade:
        return ok("The store can be reached, takes changes, and has the schema of this program.")
    text = f"The store can be reached: {upgrade}."
    return ok(text) if is_new else warning(text)

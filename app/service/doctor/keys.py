"""The signing keys: whether they can be read, may sign, and can be replaced."""

import os
from collections.abc import AsyncIterator

from ...domain.keys.lifecycle import KeyLifecycle
from ...domain.keys.signing_key import KeyState
from ..background import require_signing_key
from .examination import SESSIONS, Examination
from .finding import Result, ok, skipped, warning


async def signing(examination: Examination) -> AsyncIterator[Result]:
    """Load the keys as the start does, and make none; raises its errors."""
    shared = examination.settings.key_source == "shared"
    if shared and not examination.stores_are_usable:
        yield skipped("Not checked: the store of the keys cannot be used.")
        return
    if shared and (upgrade := examination.rehearsals[SESSIONS].upgrade):
        is_new = examination.rehearsals[SESSIONS].is_new
        yield ok("The start makes the first key.") if is_new else skipped(f"Not checked: {upgrade}.")
        return
    if not examination.stores_are_usable:
        yield await _loaded(examination, examination.container().key_lifecycle())
        return
    async with examination.opened() as container:
        if container.clock_watch().reason:
            yield skipped("Not checked: the clock is wrong.")
        else:
            yield await _loaded(examination, container.key_lifecycle())


async def _loaded(examination: Examination, keys: KeyLifecycle) -> Result:
    await keys.load()
    states = list(keys.states().values())
    if not _can_be_changed(examination):
        require_signing_key(keys)
        if examination.settings.key_policy.period is not None:
            return warning(
                f"A key signs, but this user cannot write to {examination.settings.keys_dir}, so that no key follows."
                " Let the user of the service write there, or set KEYTURN_KEY_ROTATION_PERIOD=0."
            )
    elif not states:
        return ok("The start makes the first key.")
    elif KeyState.ACTIVE not in states:
        return warning("No key is active, and the start activates the earliest one at once.")
    require_signing_key(keys)
    return ok(f"A key signs, of {len(states)} in all.")


def _can_be_changed(examination: Examination) -> bool:
    """Return whether this process may make and reschedule keys."""
    settings = examination.settings
    if settings.key_source == "directory" and settings.keys_dir is not None:
        return os.access(settings.keys_dir, os.W_OK | os.X_OK)
    return settings.key_source == "shared"

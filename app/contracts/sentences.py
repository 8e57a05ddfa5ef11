"""Checks that say in a sentence what the adapter did wrong."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ..domain.errors import KeyturnError

DEADLOCK_SECONDS: Final = 30.0
"""How long acts that run at the same time may take together. Adapters need a small part of it."""

USE_THE_RULES: Final = (
    ". `Session` has the rules of its changes (`advanced`, `revoked`, `with_credential_version`, `ended_by`): read, use"
    " them and write in one transaction, or write under the condition that what was read is still stored"
)
"""What to do about a change that differs from the port, or that another one overtook."""


@contextmanager
def must_raise(error: type[Exception], otherwise: str) -> Iterator[None]:
    """Check that the block raises ``error``. ``otherwise`` is the sentence about an adapter whose act returns."""
    try:
        yield
    except error:
        return
    raise AssertionError(otherwise)


@contextmanager
def only_errors_of_the_port(act: str, when: str) -> Iterator[None]:
    """Let an act raise errors of the domain, such as ``StoreUnavailable``, and no other."""
    try:
        yield
    except KeyturnError:
        return
    except Exception as error:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        raise AssertionError(
            f"{act} raised {kind} {when}: an exception of the driver crossed the port; raise StoreUnavailable from it"
        ) from error


async def all_end(acts: Sequence[Awaitable[Any]], what: str) -> list[Any]:
    """Run acts at the same time. Return their results; an error is a result, too.

    Fails if one does not end: ``what`` names the acts, such as "revoke_subject and erase_replaced".
    """
    tasks = [asyncio.ensure_future(act) for act in acts]
    _, waiting = await asyncio.wait(tasks, timeout=DEADLOCK_SECONDS)
    for each in waiting:
        each.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert not waiting, (
        f"{len(waiting)} of {len(tasks)} calls of {what} never ended: they wait for each other (a deadlock); lock"
        " entries always in the same order"
    )
    return results

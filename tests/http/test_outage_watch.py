"""The program that watches sessions while somebody breaks a store (``keyturn.contracts.outage``)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from app.contracts.outage import Watch, Watched
from app.domain.sessions.session import RevocationReason
from app.testing.builders import PASSWORD
from app.testing.system import NOW

from .service import Service


@pytest.fixture
async def watch(service: Service) -> AsyncIterator[Watch]:
    """Return what watches the service."""
    async with ClientSession() as client:
        yield Watch(service.url, "alice", PASSWORD, client)


async def begun(watch: Watch) -> asyncio.Task[Watched]:
    """Return the watch of two clients, both of which have a session."""
    watching = asyncio.create_task(watch.run(3_600, clients=2))
    while watch.watched.acknowledged < 4:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.01)
    return watching


async def test_an_outage_loses_nothing(service: Service, watch: Watch) -> None:
    """Requests that fail during an outage are sent again; afterwards every session goes on, and ended ones do not."""
    watching = await begun(watch)
    service.sessions.down = True
    while not watch.watched.unanswered:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.01)
    service.sessions.down = False
    watch.stop()
    watched = await watching
    assert (len(watched.ended), watched.lost) == (2, [])


async def test_a_lost_session_is_told(service: Service, watch: Watch) -> None:
    """If the store loses what it has acknowledged, the program says so."""
    watching = await begun(watch)
    subject = (await service.users.find_by_username("alice")).subject
    await service.sessions.revoke_subject(subject, reason=RevocationReason.LOGOUT, now=NOW, keep=None)
    while not watch.watched.lost:  # noqa: ASYNC110  # no event tells
        await asyncio.sleep(0.01)
    watch.stop()
    watched = await watching
    assert watched.lost[0] == "a session was lost: a refresh token that was acknowledged is refused"

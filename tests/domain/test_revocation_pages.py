"""The pages of revocations are read ahead."""

import asyncio
from contextlib import aclosing

import pytest

from app.contracts.sessions import LATER, NOW, new_session, revoked
from app.domain.errors import StoreUnavailable
from app.domain.sessions.revocation_pages import pages_of_revocations
from app.ports.session_repository import RevocationPage
from app.testing.sessions import FakeSessionRepository


class SlowPages(FakeSessionRepository):
    """Notes what is asked for and what is cancelled. Each page after the first needs ``allowed``. The page ``broken``
    fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.cancelled, self.broken = 0, 0, 0
        self.allowed = asyncio.Event()

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        self.asked += 1
        if self.asked == self.broken:
            raise StoreUnavailable
        try:
            if after:
                await self.allowed.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return await super().list_revocations(moment, after=after)


@pytest.fixture
async def sessions() -> SlowPages:
    """Return a repository with three pages of revocations."""
    repository = SlowPages()
    for number in range(6):
        await repository.add(revoked(new_session(number), now=LATER + number))
    return repository


async def test_next_page_is_read_while_the_first_is_used(sessions: SlowPages) -> None:
    """When a page is there, the store already reads the next one, and only that one. All pages come."""
    read = []
    async with aclosing(pages_of_revocations(sessions, NOW)) as pages:
        async for page in pages:
            read += [*page]
            assert sessions.asked == min(3, len(read) // 2 + 1)
            sessions.allowed.set()
    assert [each.session_id for each in read] == [new_session(number).session_id for number in range(6)]


async def test_a_page_that_is_not_needed_is_cancelled(sessions: SlowPages) -> None:
    """Whoever stops after a page leaves no read behind."""
    async with aclosing(pages_of_revocations(sessions, NOW)) as pages:
        await anext(pages)
    assert (sessions.asked, sessions.cancelled) == (2, 1)


async def test_a_page_that_cannot_be_read_is_an_error_after_the_one_before(sessions: SlowPages) -> None:
    """The page before it is used, and then the error is raised."""
    sessions.broken = 2
    async with aclosing(pages_of_revocations(sessions, NOW)) as pages:
        assert len(await anext(pages)) == 2
        with pytest.raises(StoreUnavailable):
            await anext(pages)

"""Read the revocations of a store page by page."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from ...ports.session_repository import RevocationPage, SessionRepository
from ..tokens.revoked_session import RevokedSession


async def pages_of_revocations(
    sessions: SessionRepository, moment: float
) -> AsyncGenerator[Sequence[RevokedSession], None]:
    """Yield the sessions revoked at or after ``moment`` (seconds since the epoch), in pages. While the caller uses a
    page, the store reads the next one. Between two pages, the event loop serves requests. Close this after use.

    Raises ``StoreUnavailable``.
    """
    page = await sessions.list_revocations(moment)
    while page.next is not None:
        following = asyncio.ensure_future(sessions.list_revocations(moment, after=page.next))
        try:
            await asyncio.sleep(0)  # the store begins to read
            yield page.revoked
            page = await following
        finally:
            await _end(following)
    yield page.revoked


async def _end(following: asyncio.Future[RevocationPage]) -> None:
    """Cancel a read that is not needed any more, and wait for its end."""
    if not following.done():
        following.cancel()
        await asyncio.wait([following])
    if not following.cancelled():
        following.exception()  # asyncio logs an exception that nobody reads

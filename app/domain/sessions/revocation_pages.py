"""Read the revocations of a store page by page."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from ...ports.session_repository import SessionRepository
from ..tokens.revoked_session import RevokedSession


async def pages_of_revocations(sessions: SessionRepository, moment: float) -> AsyncIterator[Sequence[RevokedSession]]:
    """Yield the sessions revoked at or after ``moment`` (seconds since the epoch), in pages. Between two pages, the
    event loop serves requests. Raises ``StoreUnavailable``.
    """
    after: str | None = ""
    while after is not None:
        page = await sessions.list_revocations(moment, after=after)
        yield page.revoked
        after = page.next
        if after is not None:
            await asyncio.sleep(0)

"""Revocations are listed page by page."""

from typing import Final

from app.contracts.sessions import LATER, NOW, began_at, new_session, revocations, revoked
from app.domain.tokens.revoked_session import RevokedSessions
from app.ports.session_store import StoreOptions

from .conftest import Stores
from .test_sessions import add_many

PAGE: Final = 5_000


async def test_pages_have_every_revocation_of_a_second(stores: Stores, url: str) -> None:
    """12,000 sessions that were revoked at two moments are on three pages, each of them once."""
    [store] = await stores(options=StoreOptions(timeout=20.0))
    await add_many(url, [revoked(new_session(number), now=LATER + number % 2) for number in range(12_000)])
    sizes, after = [], ""
    while (page := await store.sessions.list_revocations(NOW, after=after)).next is not None:
        sizes.append(len(page.revoked))
        after = page.next
    assert [*sizes, len(page.revoked)] == [PAGE, PAGE, 2_000]
    listed = [each.session_id for each in await revocations(store.sessions, NOW)]
    assert sorted(listed) == sorted(new_session(number).session_id for number in range(12_000))
    assert len(await revocations(store.sessions, LATER + 1)) == 6_000


async def test_page_passes_over_few_sessions_of_the_cut_off(stores: Stores, url: str) -> None:
    """A page reads as many rows if the cut-off ended them, and those that it did not end follow."""
    [store] = await stores(options=StoreOptions(timeout=20.0))
    ended = [revoked(began_at(number, NOW)) for number in range(PAGE + 1)]
    alive = revoked(began_at(PAGE + 1, NOW + 5), now=LATER + 1)
    await add_many(url, [*ended, alive])
    await store.sessions.set_cut_off(int(NOW))
    page = await store.sessions.list_revocations(NOW)
    assert ([*page.revoked], page.next is None) == ([], False)
    assert [each.session_id for each in await revocations(store.sessions, NOW)] == [alive.session_id]


async def test_page_is_two_columns(stores: Stores) -> None:
    """No object is made for a revocation: a million of them would take seconds."""
    [store] = await stores()
    await store.sessions.add(revoked(new_session()))
    page = await store.sessions.list_revocations(NOW)
    assert isinstance(page.revoked, RevokedSessions)
    assert [*page.revoked.session_ids] == [new_session().session_id]

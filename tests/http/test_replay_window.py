"""``POST /auth/refresh`` within the replay window: clients that share a session, and clients that repeat a request."""

import asyncio

from app.domain.audit.events import ReuseDetected, TokenRefreshed, TokenReplayed, TokenUntraced

from .forgery import segment
from .service import Service, Tokens
from .test_refresh_refused import REFUSED
from .test_sessions import listed_sids, sid


async def test_tabs_that_refresh_twice_at_once_share_the_session(service: Service, tokens: Tokens) -> None:
    """Five tabs present one stored token, and then what they got, all at the same time. All get the same token twice,
    and the session goes on.
    """
    shared = [tokens] * 5
    for generation in (1, 2):
        service.sessions.let_readers_meet(5)
        shared = await asyncio.gather(*map(service.rotate, shared))
        assert len({each.refresh for each in shared}) == 1
        assert (await service.stored_session(tokens)).generation == generation
    assert ReuseDetected not in service.audit.kinds()
    assert await listed_sids(service, shared[0]) == [sid(tokens)]


async def test_tabs_that_refresh_twice_in_turn_share_the_session(service: Service, tokens: Tokens) -> None:
    """Each of five tabs read the stored token before the others refreshed, and refreshes twice. Its first refresh gets
    what the tab before it got last.
    """
    latest = tokens
    for tab in range(5):
        service.clock.advance(10)
        first = await service.rotate(tokens)
        assert tab == 0 or first.refresh == latest.refresh
        latest = await service.rotate(first)
    assert (await service.stored_session(tokens)).generation == 6
    assert ReuseDetected not in service.audit.kinds()
    assert (await service.me(latest.access)).status == 200


async def test_token_of_five_generations_ago_gets_the_current_one(service: Service, tokens: Tokens) -> None:
    """Each token that was replaced within the window gets the current one, and the session does not change."""
    issued = [tokens]
    for _ in range(5):
        issued.append(await service.rotate(issued[-1]))
    service.clock.advance(119)
    stored = await service.stored_session(tokens)
    for old in issued[:-1]:
        replayed = await service.rotate(old)
        assert replayed.refresh == issued[-1].refresh
        assert (await service.me(replayed.access)).status == 200
    assert await service.stored_session(tokens) == stored
    assert service.audit.kinds().count(TokenReplayed) == 5


async def test_answer_that_was_lost_for_a_minute_can_be_asked_for_again(service: Service, tokens: Tokens) -> None:
    """A client repeats its request a minute after the rotation, and goes on with the token that it gets."""
    lost = await service.rotate(tokens)
    service.clock.advance(60)
    again = await service.rotate(tokens)
    assert again.refresh == lost.refresh
    assert (await service.refresh(again.refresh)).status == 200


async def test_33rd_rotation_in_one_window_answers_the_current_token(service: Service, tokens: Tokens) -> None:
    """After 32 rotations the current token comes back with a new access token, and nothing is written. When the first
    of them is older than the window, the session rotates again.
    """
    issued = [tokens]
    for _ in range(32):
        service.clock.advance(1)
        issued.append(await service.rotate(issued[-1]))
    stored = await service.stored_session(tokens)
    acts = service.sessions.acts
    current = await service.rotate(issued[-1])
    assert current.refresh == issued[-1].refresh
    assert segment(current.access, 1)["jti"] != segment(issued[-1].access, 1)["jti"]
    assert (await service.me(current.access)).status == 200
    assert await service.stored_session(tokens) == stored
    assert service.sessions.acts == acts + 1
    assert service.audit.kinds()[-2:] == [TokenRefreshed, TokenReplayed]
    assert (await service.rotate(tokens)).refresh == current.refresh
    service.clock.advance(120 - 31)
    assert (await service.rotate(current)).refresh != current.refresh


async def test_token_of_a_rotation_by_the_previous_version(service: Service, tokens: Tokens) -> None:
    """The previous version stores only the salt of its last rotation. The token before it gets the current one. An
    older token is refused, and the session goes on.
    """
    second = await service.rotate(tokens)
    third = await service.rotate(second)
    await service.forget_replaced_digests(tokens)
    assert (await service.rotate(second)).refresh == third.refresh
    assert (await service.refresh(tokens.refresh)).problem == REFUSED
    assert service.audit.kinds()[-1] is TokenUntraced
    assert (await service.refresh(third.refresh)).status == 200

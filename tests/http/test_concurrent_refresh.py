"""Many refreshes with one token at the same time."""

import asyncio

import pytest

from app.domain.audit.events import RaceLost, ReuseDetected, TokenRefreshed, TokenReplayed
from tests.conftest import Proof

from .conftest import Start
from .service import Answer, Service, Tokens


async def present(service: Service, tokens: Tokens, count: int) -> list[Answer]:
    """Present one token ``count`` times. All requests read the session before one of them writes."""
    service.sessions.let_readers_meet(count)
    return await asyncio.gather(*(service.refresh(tokens.refresh) for _ in range(count)))


@pytest.mark.proof("rotation")
async def test_concurrent_refreshes_converge_on_one_successor(service: Service, tokens: Tokens, proof: Proof) -> None:
    """All refreshes return the same refresh token, each with an access token of its own. One of them rotates."""
    count = proof.count("refreshes", small=50, full=400)
    answers = await present(service, tokens, count)
    returned = [Tokens.of(answer) for answer in answers]
    assert len({each.refresh for each in returned}) == 1
    assert len({each.access for each in returned}) == count
    assert (await service.stored_session(tokens)).generation == 1
    assert service.audit.kinds().count(TokenRefreshed) == 1
    assert service.audit.kinds().count(TokenReplayed) == count - 1
    assert (await service.refresh(returned[0].refresh)).status == 200


@pytest.mark.proof("rotation")
async def test_without_a_replay_window_one_refresh_succeeds(start: Start, proof: Proof) -> None:
    """The other refreshes are refused, and the session goes on with the new token."""
    service = await start(replay_window=0)
    tokens = await service.sign_in()
    count = proof.count("refreshes", small=50, full=400)
    answers = await present(service, tokens, count)
    winners = [Tokens.of(answer) for answer in answers if answer.status == 200]
    refused = [answer.problem for answer in answers if answer.status != 200]
    assert len(winners) == 1
    assert refused == [(401, "invalid-grant")] * (count - 1)
    assert service.audit.kinds().count(RaceLost) == count - 1
    assert ReuseDetected not in service.audit.kinds()
    assert (await service.refresh(winners[0].refresh)).status == 200


async def test_refresh_during_logout_does_not_keep_the_session(service: Service, tokens: Tokens) -> None:
    """Whichever comes first: after the logout is confirmed, no token of the session works."""
    service.sessions.let_readers_meet(2)
    refreshed, logged_out = await asyncio.gather(
        service.refresh(tokens.refresh),
        service.ask("POST", "/auth/logout", json={"refresh_token": tokens.refresh}),
    )
    assert logged_out.status == 204
    assert refreshed.status in (200, 401)
    latest = Tokens.of(refreshed) if refreshed.status == 200 else tokens
    assert (await service.refresh(latest.refresh)).problem == (401, "invalid-grant")
    assert (await service.me(latest.access)).problem == (401, "invalid-token")

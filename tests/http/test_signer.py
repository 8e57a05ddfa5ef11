"""A signer elsewhere that is slow, cannot be reached, or has a bug."""

import asyncio
from collections.abc import Callable

import pytest

from app.adapters.http.api.revoked_sessions import PUBLISHED_FEEDS, PublishedFeed
from app.adapters.keys.bounded_signer import BoundedSigner
from app.domain.audit.events import TokenReplayed
from app.domain.keys.errors import SignerUnavailable

from .conftest import Start
from .log_lines import LogLines
from .oauth import CREDENTIALS, TOKEN, ask, error, register
from .service import Answer, Service, Tokens
from .stand_ins import CAUSE, StandInSigner

FEED = "/.well-known/revoked-sessions"
BUG = "KeyError: /srv/app/secret.py line 7"

_TIMEOUT_SECONDS = 30.0


@pytest.fixture
def signer() -> StandInSigner:
    """Return the signer of the service."""
    return StandInSigner()


@pytest.fixture
async def service(start: Start, signer: StandInSigner) -> Service:
    """Return a service whose signer is elsewhere. It makes at most 50 signatures at once."""
    return await start(signer=BoundedSigner(signer, at_once=50))


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110  # another task of the service changes it
            await asyncio.sleep(0.001)


async def sign_everything(service: Service, tokens: Tokens, secret: str) -> list[Answer]:
    """Send every kind of request that needs a signature."""
    form = {"grant_type": "refresh_token", "client_id": "first-party", "refresh_token": tokens.refresh}
    return [
        await service.login(),
        await service.refresh(tokens.refresh),
        await service.ask("POST", TOKEN, data=form),
        await ask(service, TOKEN, secret, **CREDENTIALS),
        await service.ask("GET", FEED),
    ]


async def test_a_slow_signer_serves_many_sessions_at_once(service: Service) -> None:
    """Each of 40 sessions rotates three times. All tokens are accepted."""
    sessions = [await service.sign_in() for _ in range(40)]
    for _ in range(3):
        sessions = list(await asyncio.gather(*(service.rotate(tokens) for tokens in sessions)))
    assert {(await service.me(tokens.access)).status for tokens in sessions} == {200}
    assert {(await service.stored_session(tokens)).generation for tokens in sessions} == {3}


async def test_one_token_presented_many_times_has_one_successor(service: Service, tokens: Tokens) -> None:
    """All requests wait for a signature at the same time. One rotates, and the others replay it."""
    answers = await asyncio.gather(*(service.refresh(tokens.refresh) for _ in range(20)))
    assert len({Tokens.of(answer).refresh for answer in answers}) == 1
    assert (await service.stored_session(tokens)).generation == 1
    assert service.audit.kinds().count(TokenReplayed) == 19


async def test_others_are_answered_while_signatures_wait(
    service: Service, tokens: Tokens, signer: StandInSigner
) -> None:
    """No request that needs no signature waits for one."""
    sessions = [tokens, *[await service.sign_in() for _ in range(29)]]
    signer.answers.clear()
    asked = signer.asked
    refreshes = [asyncio.create_task(service.refresh(each.refresh)) for each in sessions]
    await until(lambda: signer.asked == asked + 30)
    for _ in range(20):
        assert (await service.me(tokens.access)).status == 200
        assert (await service.ask("GET", "/.well-known/jwks.json")).status == 200
        assert (await service.ask("GET", "/auth/sessions", token=tokens.access)).status == 200
    assert not any(refresh.done() for refresh in refreshes)
    signer.answers.set()
    assert {answer.status for answer in await asyncio.gather(*refreshes)} == {200}


async def test_a_signer_that_cannot_be_reached_answers_503(
    service: Service, tokens: Tokens, signer: StandInSigner, log: LogLines
) -> None:
    """Every answer has a Retry-After and hides the cause. No token is used up, and no session is opened."""
    secret = await register(service)
    before = await service.stored_session(tokens)
    signer.down = True
    for answer in await sign_everything(service, tokens, secret):
        assert answer.status == 503
        assert 1 <= int(answer.headers["Retry-After"]) < 15
        assert CAUSE.encode() not in answer.body
    assert {entry["level"] for entry in log.of("keyturn.http")} == {"warning"}
    assert await service.stored_session(tokens) == before
    assert len(service.sessions.repository._sessions) == 1
    assert (await service.me(tokens.access)).status == 200
    signer.down = False
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_a_bug_of_the_signer_answers_500(
    service: Service, tokens: Tokens, signer: StandInSigner, log: LogLines
) -> None:
    """Only the log has the cause. No token is used up, and no session is opened."""
    secret = await register(service)
    before = await service.stored_session(tokens)
    signer.bug = RuntimeError(BUG)
    for answer in await sign_everything(service, tokens, secret):
        assert answer.status == 500
        assert b"secret.py" not in answer.body
        [entry] = [each for each in log.of("keyturn.http") if each["request_id"] == answer.headers["X-Request-Id"]]
        assert (entry["level"], entry["error"]) == ("error", "RuntimeError")
    assert BUG not in log.text()
    assert await service.stored_session(tokens) == before
    assert len(service.sessions.repository._sessions) == 1
    signer.bug = None
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_a_replay_without_a_signature_changes_nothing(
    service: Service, tokens: Tokens, signer: StandInSigner
) -> None:
    """A replay that fails for want of a signature can be repeated."""
    current = await service.rotate(tokens)
    before = await service.stored_session(tokens)
    signer.down = True
    assert (await service.refresh(tokens.refresh)).problem == (503, "temporarily-unavailable")
    assert await service.stored_session(tokens) == before
    signer.down = False
    assert (await service.rotate(tokens)).refresh == current.refresh


async def test_a_key_that_the_signer_lacks_answers_503(
    service: Service, tokens: Tokens, signer: StandInSigner, log: LogLines
) -> None:
    """The log says which key it is. The token works when the signer has the key again."""
    keys = service.container.key_store().stored  # type: ignore[attr-defined]  # it is the fake
    signer.install(())
    answer = await service.refresh(tokens.refresh)
    assert answer.problem == (503, "temporarily-unavailable")
    assert keys[0].key.kid in str(log.of("keyturn.http")[0])
    signer.install(keys)
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_a_flood_for_the_signer_is_refused_at_once(start: Start, signer: StandInSigner) -> None:
    """While as many signatures wait as may, further requests get 503 with Retry-After. All tokens work afterwards."""
    service = await start(signer=BoundedSigner(signer, at_once=3))
    secret = await register(service)
    sessions = [await service.sign_in() for _ in range(4)]
    signer.answers.clear()
    asked = signer.asked
    waiting = [asyncio.create_task(service.refresh(each.refresh)) for each in sessions[:3]]
    await until(lambda: signer.asked == asked + 3)
    refused = await sign_everything(service, sessions[3], secret)
    assert {(answer.status, answer.headers["Retry-After"]) for answer in refused} == {(503, "1")}
    assert error(refused[2]) == error(refused[3]) == (503, "temporarily_unavailable")
    assert (await service.me(sessions[3].access)).status == 200
    signer.answers.set()
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}
    assert (await service.refresh(sessions[3].refresh)).status == 200


async def test_a_signer_that_does_not_answer_gets_its_time_only(start: Start, signer: StandInSigner) -> None:
    """After the time limit the answer is 503, and the token works later."""
    service = await start(signer=BoundedSigner(signer, time_limit=0.2))
    tokens = await service.sign_in()
    signer.answers.clear()
    assert (await service.refresh(tokens.refresh)).problem == (503, "temporarily-unavailable")
    signer.answers.set()
    assert (await service.refresh(tokens.refresh)).status == 200


@pytest.mark.parametrize("down", [False, True])
async def test_requests_for_the_feed_wait_for_one_signature(
    service: Service, signer: StandInSigner, *, down: bool
) -> None:
    """However many followers ask while the feed is signed, it is signed once, and all get the same outcome. One that
    goes takes nothing from the others. After a failure the next request tries again.
    """
    feeds = service.app[PUBLISHED_FEEDS]
    signer.down = down
    signer.answers.clear()
    asked = signer.asked
    requests = [asyncio.create_task(feeds.since(int(service.clock.now()))) for _ in range(20)]
    await until(lambda: signer.asked > asked)
    requests.pop(0).cancel()
    signer.answers.set()
    outcomes = await asyncio.gather(*requests, return_exceptions=True)
    assert signer.asked == asked + 1
    assert {type(outcome) for outcome in outcomes} == {SignerUnavailable if down else PublishedFeed}
    signer.down = False
    assert (await service.ask("GET", FEED)).status == 200

"""Requests that last long: they end with their token, and nothing is polled for them."""

import asyncio
import threading
import time
from dataclasses import replace
from typing import Final

import pytest

from app.adapters.guards.open_requests import OpenRequests
from app.domain.clocks.errors import ClockInDoubt
from app.domain.tokens.claims import AccessTokenClaims
from app.domain.tokens.errors import BadSignature, ExpiredToken, InvalidToken, SessionRevoked
from app.testing.builders import access_token_claims

CLAIMS: Final = access_token_claims()
OTHERS: Final = replace(CLAIMS, token_id="other")  # noqa: S106  # an id


class Validation:
    """Says what the test sets, and counts how often it is asked."""

    def __init__(self) -> None:
        self.seconds = 3_600.0
        self.ends: dict[str, InvalidToken] = {}
        self.dropped = False
        self.in_doubt = False
        self.checks = 0

    def validate(self, token: str) -> AccessTokenClaims:
        if self.dropped:
            raise BadSignature
        return CLAIMS

    def recheck(self, claims: AccessTokenClaims) -> float:
        self.checks += 1
        if claims.token_id in self.ends:
            raise self.ends[claims.token_id]
        if self.in_doubt:
            raise ClockInDoubt
        if self.seconds <= 0:
            raise ExpiredToken
        return self.seconds


@pytest.fixture
def validation() -> Validation:
    """Return a validation of which every token is valid."""
    return Validation()


@pytest.fixture
def requests(validation: Validation) -> OpenRequests:
    """Return the open requests of a guard."""
    return OpenRequests(validation)


async def wait_inside(requests: OpenRequests, claims: AccessTokenClaims = CLAIMS) -> None:
    """Wait until the token ends."""
    async with requests.while_valid("token", claims):
        await asyncio.Event().wait()


async def begin(requests: OpenRequests, claims: AccessTokenClaims = CLAIMS) -> asyncio.Task[None]:
    """Begin a request that waits until its token ends."""
    task, before = asyncio.create_task(wait_inside(requests, claims)), len(requests)
    while len(requests) == before:  # noqa: ASYNC110  # the task registers itself
        await asyncio.sleep(0)
    return task


async def test_a_revocation_ends_the_request_of_its_session(validation: Validation, requests: OpenRequests) -> None:
    """One recheck ends it with the reason. Another request goes on, and its task was not cancelled."""
    ended, other = await begin(requests), await begin(requests, OTHERS)
    validation.ends[CLAIMS.token_id] = SessionRevoked()
    requests.recheck(keys_changed=False)
    with pytest.raises(SessionRevoked):
        await asyncio.wait_for(ended, 10)
    assert (other.done(), len(requests)) == (False, 1)
    other.cancel()
    with pytest.raises(asyncio.CancelledError):
        await other
    assert len(requests) == 0


async def test_nothing_is_polled(validation: Validation, requests: OpenRequests) -> None:
    """Between the changes nobody asks about a request."""
    tasks = [await begin(requests) for _ in range(3)]
    before = validation.checks
    await asyncio.sleep(0.1)
    assert validation.checks == before
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_dropped_key_ends_the_request(validation: Validation, requests: OpenRequests) -> None:
    """Signatures are verified again when keys have changed, and only then."""
    task = await begin(requests)
    validation.dropped = True
    requests.recheck(keys_changed=False)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    requests.recheck(keys_changed=True)
    with pytest.raises(BadSignature):
        await asyncio.wait_for(task, 10)


async def test_the_expiry_ends_the_request(validation: Validation, requests: OpenRequests) -> None:
    """The loop wakes the request once, when its token expires."""
    validation.seconds = 0.1
    task = await begin(requests)
    validation.seconds = 0
    with pytest.raises(ExpiredToken):
        await asyncio.wait_for(task, 10)
    assert validation.checks == 2


async def test_a_token_that_has_ended_already_begins_nothing(validation: Validation, requests: OpenRequests) -> None:
    """The session may end between the request and its block."""
    validation.ends[CLAIMS.token_id] = SessionRevoked()
    with pytest.raises(SessionRevoked):
        await wait_inside(requests)
    assert len(requests) == 0
    assert not requests.is_valid(CLAIMS)
    assert requests.is_valid(OTHERS)


async def test_a_doubt_about_the_clock_ends_nothing(validation: Validation, requests: OpenRequests) -> None:
    """The token is looked at again when the doubt is over."""
    validation.in_doubt = True
    task = await begin(requests)
    requests.recheck(keys_changed=True)
    await asyncio.sleep(0.01)
    assert not task.done()
    assert requests.is_valid(CLAIMS)
    validation.in_doubt, validation.ends = False, {CLAIMS.token_id: SessionRevoked()}
    requests.recheck(keys_changed=False)
    with pytest.raises(SessionRevoked):
        await asyncio.wait_for(task, 10)


async def test_another_thread_may_follow_the_issuer(validation: Validation, requests: OpenRequests) -> None:
    """A recheck from a thread ends the request in its own loop."""
    task = await begin(requests)
    validation.ends[CLAIMS.token_id] = SessionRevoked()
    thread = threading.Thread(target=lambda: requests.recheck(keys_changed=False))
    thread.start()
    with pytest.raises(SessionRevoked):
        await asyncio.wait_for(task, 10)
    thread.join()


async def test_a_block_that_ends_in_the_same_moment_leaves_no_cancellation(
    validation: Validation, requests: OpenRequests
) -> None:
    """The reason is raised although the block has nothing left to wait for, and the task can go on."""

    async def end_at_once() -> None:
        async with requests.while_valid("token", CLAIMS):
            validation.ends[CLAIMS.token_id] = SessionRevoked()
            [request] = requests._open
            request.recheck(keys_changed=False)

    with pytest.raises(SessionRevoked):
        await end_at_once()
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_by_others_stays_one(validation: Validation, requests: OpenRequests) -> None:
    """A client that goes away, or a timeout, is not taken for the end of a token."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wait_inside(requests)


async def test_very_many_requests_do_not_hold_up_the_loop(validation: Validation, requests: OpenRequests) -> None:
    """A recheck gives the loop a turn after every hundred requests."""
    tasks = [await begin(requests) for _ in range(450)]
    validation.checks = 0
    requests.recheck(keys_changed=True)
    steps = 0
    deadline = time.monotonic() + 10
    while validation.checks < 450 and time.monotonic() < deadline:
        steps += 1
        await asyncio.sleep(0)
    assert steps >= 5
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

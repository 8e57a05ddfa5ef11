"""Answers that are lost after the store has committed: a retry gets the same result."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.conftest import Proof
from tests.servers.relay import relaying

from .backends import Backend
from .history import Answer, violations
from .processes import Service, running
from .refreshing_clients import OK, ROTATIONS, RefreshingClients

_ANSWERS_OF_A_REFRESH: Final = 10
"""At least as many answers as a store sends during one refresh."""


@contextmanager
def service_through(store: Backend, folder: Path, port: int) -> Iterator[Service]:
    """Run a service that reaches its store through another port."""
    [name] = [each for each in ("SESSION_URL", "DATABASE_URL") if urlsplit(store.settings.get(each, "")).port]
    url = urlsplit(store.settings[name])
    through = url._replace(netloc=url.netloc.replace(str(url.port), str(port))).geturl()
    with running(folder, {**store.settings, name: through, "STORE_TIMEOUT": "1s"}) as service:
        yield service


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_lost_answer_of_the_store(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Whichever answer of the store is lost during a refresh, the refresh succeeds or can be retried, and its successor
    is the only one.
    """
    assert store.server is not None
    times = proof.count("times each answer is lost", small=1, full=20)
    unanswered = 0
    with relaying(store.server.port) as relay, service_through(store, tmp_path, relay.port) as service:
        async with RefreshingClients([service.url], times) as clients:
            for session in range(times):
                for passed in range(_ANSWERS_OF_A_REFRESH):
                    relay.lose_after(passed)
                    unanswered += (await clients.refresh(session)).answer is Answer.UNKNOWN
                    await clients.check_session_continues(session)
            assert relay.lost >= 4, "each statement of a refresh should have lost its answer"
            assert violations(clients.first_tokens, clients.events) == []
            proof.measured("answers of the store lost", relay.lost)
            proof.measured("refreshes that had to be sent again", unanswered)


@pytest.mark.proof("stores")
async def test_lost_answer_to_the_client(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """A client that lost its answer presents its token again and gets the same successor."""
    answers = proof.count("answers lost", small=5, full=200)
    with running(tmp_path, store.settings) as service, relaying(service.port) as relay:
        async with RefreshingClients([f"http://127.0.0.1:{relay.port}"], 1 + answers // ROTATIONS) as clients:
            for number in range(answers):
                session = number // ROTATIONS
                token = clients.tokens[session]
                relay.lose_after(0)
                assert (await clients.refresh(session)).answer is Answer.UNKNOWN
                lost = await clients.post("/auth/refresh", {"refresh_token": token}, service.url)
                again = await clients.refresh(session)
                assert lost[0] == OK
                assert again.successor == lost[1]["refresh_token"]
            await clients.check_sessions_continue()
            assert violations(clients.first_tokens, clients.events) == []


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_lost_answer_during_sign_out(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """An acknowledged sign-out ends the session, whichever answer of the store was lost before."""
    assert store.server is not None
    sessions = proof.count("sign-outs", small=4, full=60)
    with relaying(store.server.port) as relay, service_through(store, tmp_path, relay.port) as service:
        async with RefreshingClients([service.url], sessions) as clients:
            for session in range(sessions):
                relay.lose_after(session % 4)
                await clients.sign_out(session)
            await clients.check_sessions_continue()
            await clients.check_ended_sessions_are_refused()
            assert violations(clients.first_tokens, clients.events) == []

"""An answer that gets lost after the commit: whoever asks again gets the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.conftest import Proof
from tests.servers.relay import relaying

from .backends import Backend
from .history import Answer, faults
from .people import OK, People
from .processes import Service, running

_ANSWERS_OF_A_REFRESH: Final = 10
"""At least as many as a store gives for one refresh."""


@contextmanager
def service_through(store: Backend, folder: Path, port: int) -> Iterator[Service]:
    """Run a service that reaches its store by another port."""
    [name] = [each for each in ("SESSION_URL", "DATABASE_URL") if urlsplit(store.settings.get(each, "")).port]
    url = urlsplit(store.settings[name])
    through = url._replace(netloc=url.netloc.replace(str(url.port), str(port))).geturl()
    with running(folder, {**store.settings, name: through, "STORE_TIMEOUT": "1s"}) as service:
        yield service


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_an_answer_of_the_store(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Whichever answer of the store to a refresh is lost: the refresh succeeds all the same or can be sent again, and
    what was granted stays the only successor.
    """
    assert store.server is not None
    unanswered = 0
    with relaying(store.server.port) as relay, service_through(store, tmp_path, relay.port) as service:
        async with People([service.url], 1) as people:
            for _ in range(proof.count("times each answer is lost", small=1, full=20)):
                for passed in range(_ANSWERS_OF_A_REFRESH):
                    relay.lose_after(passed)
                    unanswered += (await people.refresh(0)).answer is Answer.UNKNOWN
                    await people.see_all_go_on()
            assert relay.lost >= 4, "each statement of a refresh should have lost its answer"
            assert faults(people.first_tokens, people.events) == []
            proof.measured("answers of the store lost", relay.lost)
            proof.measured("refreshes that had to be sent again", unanswered)


@pytest.mark.proof("stores")
async def test_the_answer_to_the_client(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """A client whose answer is lost on its way presents its token again, and gets the successor that it missed."""
    with running(tmp_path, store.settings) as service, relaying(service.port) as relay:
        async with People([f"http://127.0.0.1:{relay.port}"], 1) as people:
            for _ in range(proof.count("answers lost", small=5, full=200)):
                token = people.tokens[0]
                relay.lose_after(0)
                assert (await people.refresh(0)).answer is Answer.UNKNOWN
                missed = await people.post("/auth/refresh", {"refresh_token": token}, service.url)
                again = await people.refresh(0)
                assert missed[0] == OK
                assert again.successor == missed[1]["refresh_token"]
            await people.see_all_go_on()
            assert faults(people.first_tokens, people.events) == []


@pytest.mark.proof("stores")
@pytest.mark.parametrize("store", ["postgresql", "valkey"], indirect=True)
async def test_a_sign_out_whose_answer_of_the_store_is_lost(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """Once it is acknowledged, the session has ended, whichever answer was lost before."""
    assert store.server is not None
    sessions = proof.count("sign-outs", small=4, full=60)
    with relaying(store.server.port) as relay, service_through(store, tmp_path, relay.port) as service:
        async with People([service.url], sessions) as people:
            for session in range(sessions):
                relay.lose_after(session % 4)
                await people.sign_out(session)
            await people.see_all_go_on()
            await people.see_the_ended_refused()
            assert faults(people.first_tokens, people.events) == []

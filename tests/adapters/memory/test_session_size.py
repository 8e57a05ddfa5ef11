"""The memory that a session takes."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.identifiers import FIRST_PARTY, SessionId, Subject
from app.domain.sessions.session import Session
from app.testing.builders import ALICE
from app.testing.system import NOW
from tests.conftest import Proof

MAX_BYTES = 1_024


def session(number: int) -> Session:
    """Return a session that shares only the client and the scope with others."""
    moment = NOW + number
    return Session(
        session_id=SessionId(number.to_bytes(16, "big")),
        subject=Subject(f"{number:022}"),
        client_id=FIRST_PARTY,
        scope=ALICE.scope,
        credential_version=1,
        created_at=moment,
        expires_at=moment + 604_800,
        idle_expires_at=moment + 86_400,
        lineage_digest=number.to_bytes(32, "big"),
        secret_digest=number.to_bytes(32, "big"),
        generation=0,
        rotated_at=moment,
        address=f"2001:db8:1111:2222:3333:4444:5555:{number:04x}",
        device=f"{number:080}",
    )


@pytest.fixture
def tracing() -> Iterator[None]:
    """Trace allocations from now on."""
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def fill(sessions: MemorySessionRepository, numbers: range) -> None:
    """Add sessions and rotate each of them once. Each has values of its own."""
    for number in numbers:
        new = session(number)
        await sessions.add(new)
        assert await sessions.advance(
            new.session_id,
            expected_digest=new.secret_digest,
            new_digest=(number + 1).to_bytes(32, "big"),
            salt=number.to_bytes(32, "little"),
            now=new.created_at + 1.5,
            idle_expires_at=new.created_at + 86_401.5,
        )


@pytest.mark.proof("memory")
@pytest.mark.usefixtures("tracing")
async def test_a_session_takes_at_most_a_kibibyte(proof: Proof) -> None:
    """A session that has just rotated takes at most 1,024 bytes, also right after the dictionaries have grown."""
    step = proof.count("sessions between two measurements", small=300, full=1_000)
    sessions = MemorySessionRepository()
    before, _ = tracemalloc.get_traced_memory()
    sizes = []
    for first in range(0, 12 * step, step):
        await fill(sessions, range(first, first + step))
        sizes.append((tracemalloc.get_traced_memory()[0] - before) / (first + step))
    proof.measured("bytes a session, at most", round(max(sizes)))
    assert max(sizes) <= MAX_BYTES

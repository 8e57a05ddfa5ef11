"""The memory that a session takes, and each secret that it has replaced."""

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.identifiers import FIRST_PARTY, SessionId, Subject
from app.domain.sessions.session import Session, SessionPolicy
from app.testing.builders import ALICE
from app.testing.system import NOW
from tests.conftest import Proof

MAX_BYTES = 450
MAX_KEPT_BYTES = 80
MAX_PLACE_BYTES = 100
"""The place of a session with replaced secrets in the queue for their erasure."""

POLICY = SessionPolicy()

SUBJECTS = [Subject(f"{number:022}") for number in range(12_000)]
"""A subject is the same object in its user, whose memory does not count."""


def session(number: int) -> Session:
    """Return a session of a user of its own, with an address of the greatest length, and a device name that is twice
    as long as those of browsers.
    """
    moment = NOW + number
    return Session(
        session_id=SessionId(number.to_bytes(16, "big")),
        subject=SUBJECTS[number],
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
        device=f"{number:064}",
    )


@pytest.fixture
def tracing() -> Iterator[None]:
    """Trace allocations from now on."""
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


async def fill(sessions: MemorySessionRepository, numbers: range, *, kept: int) -> None:
    """Add sessions, each with values of its own, and rotate each of them until ``kept`` replaced secrets are kept."""
    for number in numbers:
        new = session(number)
        await sessions.add(new)
        for step in range(1, kept + 1):
            now = new.created_at + step
            new_digest, salt = (number * 64 + step).to_bytes(32, "big"), number.to_bytes(32, "little")
            replaced = POLICY.replaced_after(new, salt=salt, now=now)
            assert await sessions.advance(
                new.session_id,
                expected_digest=new.secret_digest,
                new_digest=new_digest,
                replaced=replaced,
                now=now,
                idle_expires_at=now + 86_400,
            )
            new = await found(sessions, new)


def traced() -> int:
    """Return the traced bytes. A collection first frees the tuples that Python keeps to use again."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def found(sessions: MemorySessionRepository, added: Session) -> Session:
    """Return the stored form of a session."""
    stored = await sessions.find(added.session_id)
    assert stored is not None
    return stored


async def largest_size(sessions: MemorySessionRepository, *, step: int, kept: int) -> float:
    """Return the bytes that a session takes, at most. The dictionaries grow between the measurements."""
    before = traced()
    sizes = []
    for first in range(0, 12 * step, step):
        await fill(sessions, range(first, first + step), kept=kept)
        sizes.append((traced() - before) / (first + step))
    return max(sizes)


@pytest.mark.proof("memory")
@pytest.mark.usefixtures("tracing")
async def test_a_session_at_rest_takes_at_most_450_bytes(proof: Proof) -> None:
    """A session that has not rotated yet takes at most 450 bytes, also right after the dictionaries have grown."""
    step = proof.count("sessions between two measurements", small=300, full=1_000)
    size = await largest_size(MemorySessionRepository(), step=step, kept=0)
    proof.measured("bytes of a session at rest, at most", round(size))
    assert size <= MAX_BYTES


@pytest.mark.proof("memory")
@pytest.mark.usefixtures("tracing")
async def test_a_session_that_has_rotated_is_at_rest_after_a_sweep(proof: Proof) -> None:
    """When what it replaced has been erased, a session takes at most 450 bytes again."""
    step = proof.count("rotated sessions between two measurements", small=300, full=1_000)
    sessions = MemorySessionRepository()
    before = traced()
    await fill(sessions, range(step), kept=3)
    assert await sessions.erase_replaced(rotated_before=NOW + 10**9, limit=step) == step
    size = (traced() - before) / step
    proof.measured("bytes of a session after a sweep", round(size))
    assert size <= MAX_BYTES


@pytest.mark.proof("memory")
@pytest.mark.usefixtures("tracing")
@pytest.mark.parametrize("kept", [1, 32])
async def test_a_replaced_secret_takes_at_most_80_bytes(proof: Proof, kept: int) -> None:
    """A session that keeps 1 or 32 replaced secrets takes at most 450 bytes, 100 for its place in the queue for their
    erasure, and 80 for each of them.
    """
    step = proof.count(f"sessions with {kept} kept between two measurements", small=10, full=100)
    size = await largest_size(MemorySessionRepository(), step=step, kept=kept)
    proof.measured(f"bytes of a session with {kept} kept, at most", round(size))
    assert size <= MAX_BYTES + MAX_PLACE_BYTES + kept * MAX_KEPT_BYTES

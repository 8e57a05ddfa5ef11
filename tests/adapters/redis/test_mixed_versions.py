"""This version and the previous one rotate the same sessions for a while, as in an upgrade without downtime."""

from itertools import product
from typing import Final

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.sessions import NOW, digest, new_session, stored
from app.domain.identifiers import SessionId
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken, Verdict
from app.domain.sessions.session import Session, SessionPolicy
from tests.servers.valkey import Valkey

from .conftest import OpenStore
from .previous_version import PreviousVersion

ROTATIONS: Final = 5
POLICY: Final = SessionPolicy()


@pytest.mark.parametrize("step", [0, 1], ids=["at one moment", "one second apart"])
async def test_no_retry_ends_a_session_while_versions_are_mixed(
    valkey: Valkey, open_store: OpenStore, step: int
) -> None:
    """Whichever versions made the last rotations, this one answers the predecessor, and takes no earlier token within
    the window for reuse. The previous version answers the predecessor of what this one wrote.
    """
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    previous = PreviousVersion(store._commands)
    for number, versions in enumerate(product(["this", "previous"], repeat=ROTATIONS)):
        tokens = [await opened(store, previous, number, by=versions[0])]
        for generation, version in enumerate(versions, start=1):
            now, salt = NOW + step * generation, digest("salt", number, generation)
            if version == "previous":
                tokens.append(await previous.rotate(tokens[-1], salt=salt, now=now))
            else:
                tokens.append(await rotate(store, tokens[-1], salt=salt, now=now))
                assert await previous.replay(tokens[-2]) == tokens[-1], versions[:generation]
            await assert_forgiven(store, tokens, versions[:generation], now)


async def test_reuse_is_detected_again_after_the_window(valkey: Valkey, open_store: OpenStore) -> None:
    """A window after the last rotation, every earlier token is reuse, whichever version made the rotations."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url)
    previous = PreviousVersion(store._commands)
    for number, versions in enumerate(product(["this", "previous"], repeat=3)):
        tokens = [await opened(store, previous, number, by="previous")]
        for generation, version in enumerate(versions):
            act = previous.rotate if version == "previous" else lambda *a, **k: rotate(store, *a, **k)
            tokens.append(await act(tokens[-1], salt=digest("salt", number, generation), now=NOW))
        session = await stored(store.sessions, new_session(number + 1))
        for token in tokens[:-1]:
            assert classify(token, session, NOW + POLICY.replay_window) is Verdict.REUSE, versions


async def opened(store: RedisStore, previous: PreviousVersion, number: int, *, by: str) -> RefreshToken:
    """Return the first token of a session that one of the versions has stored."""
    session_id = SessionId((number + 1).to_bytes(16, "big"))
    token = RefreshToken(session_id, digest("lineage", number)[:16], digest("first", number))
    session = new_session(
        number + 1,
        lineage_digest=ratchet.digest(token.lineage),
        secret_digest=ratchet.digest(token.secret),
        idle_expires_at=None,
    )
    await (previous.add(session) if by == "previous" else store.sessions.add(session))
    return token


async def rotate(store: RedisStore, current: RefreshToken, *, salt: bytes, now: float) -> RefreshToken:
    """Rotate the session of its current token as this version does, and return the successor."""
    session = await store.sessions.find(current.session_id)
    assert session is not None
    assert classify(current, session, now) is Verdict.ROTATE
    successor = ratchet.successor(current, salt=salt, generation=session.generation + 1)
    assert await store.sessions.advance(
        session.session_id,
        expected_digest=session.secret_digest,
        new_digest=ratchet.digest(successor.secret),
        replaced=POLICY.replaced_after(session, salt=salt, now=now),
        now=now,
        idle_expires_at=None,
    )
    return successor


async def assert_forgiven(store: RedisStore, tokens: list[RefreshToken], versions: tuple[str, ...], now: float) -> None:
    """Check the verdicts of this version on every token that the session had."""
    session = await store.sessions.find(tokens[-1].session_id)
    assert session is not None
    assert classify(tokens[-1], session, now) is Verdict.ROTATE, versions
    assert ratchet.current_token(tokens[-2], session) == tokens[-1], versions
    assert classify(tokens[-2], session, now) is Verdict.REPLAY, versions
    for token in tokens[:-2]:
        verdict = classify(token, session, now)
        assert verdict in {Verdict.REPLAY, Verdict.UNTRACED}, versions
        assert verdict is Verdict.REPLAY or "previous" in versions, versions
        assert verdict is Verdict.UNTRACED or ratchet.current_token(token, session) == tokens[-1], versions


def classify(token: RefreshToken, session: Session, now: float) -> Verdict:
    """Return the verdict of this version."""
    return ratchet.classify(
        token,
        session,
        client_id=session.client_id,
        credential_version=session.credential_version,
        now=now,
        policy=POLICY,
    )

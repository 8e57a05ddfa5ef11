"""The previous version of the program on the same database: before an upgrade, and beside this version."""

from collections.abc import Sequence
from random import Random
from typing import Final

import pytest

from app.adapters.sql.store import SqlStore
from app.contracts.session_store import OPTIONS
from app.contracts.sessions import revocations
from app.domain.identifiers import FIRST_PARTY
from app.domain.sessions import ratchet
from app.domain.sessions.ratchet import RefreshToken, Verdict
from app.domain.sessions.session import Session, SessionPolicy
from app.testing.builders import refresh_token, session_of
from app.testing.system import NOW, FakeRandomness
from tests.conftest import Proof

from .conftest import Stores
from .previous_version import WINDOW, PreviousVersion, prepare_previous

POLICY: Final = SessionPolicy()

HONEST: Final = (Verdict.ROTATE, Verdict.REPLAY, Verdict.UNTRACED)


class ThisVersion:
    """An instance of this version, which classifies and rotates as the service does."""

    def __init__(self, store: SqlStore, randomness: FakeRandomness) -> None:
        self._sessions = store.sessions
        self._sweeper = store.sweeper
        self._randomness = randomness

    async def refresh(self, token: RefreshToken, now: float) -> tuple[Verdict, RefreshToken | None]:
        """Return the verdict on ``token``, and the token that the client gets."""
        session = await self._sessions.find(token.session_id)
        assert session is not None
        verdict = ratchet.classify(
            token,
            session,
            client_id=FIRST_PARTY,
            credential_version=session.credential_version,
            now=now,
            policy=POLICY,
        )
        if verdict is Verdict.ROTATE:
            return verdict, await self._rotate(token, session, now)
        return verdict, ratchet.current_token(token, session) if verdict is Verdict.REPLAY else None

    async def erase_replaced(self, now: float) -> int:
        """Erase old replaced secrets, and return of how many sessions."""
        return await self._sweeper.erase_replaced(rotated_before=now - POLICY.replaced_lifetime(), limit=10_000)

    async def _rotate(self, token: RefreshToken, session: Session, now: float) -> RefreshToken:
        salt = self._randomness.token_bytes(ratchet.SALT_BYTES)
        successor = ratchet.successor(token, salt=salt, generation=session.generation + 1)
        replaced = POLICY.replaced_after(session, salt=salt, now=now)
        assert await self._sessions.advance(
            token.session_id,
            expected_digest=session.secret_digest,
            new_digest=ratchet.digest(successor.secret),
            replaced=replaced,
            now=replaced.last_at() or now,
            idle_expires_at=None,
        )
        return successor


async def both_versions(stores: Stores) -> tuple[PreviousVersion, ThisVersion]:
    """Return an instance of each version, over one database that this version has prepared."""
    [store] = await stores()
    randomness = FakeRandomness()
    return PreviousVersion(store._statements, randomness), ThisVersion(store, randomness)


async def test_an_upgrade_keeps_live_sessions(bare_url: str) -> None:
    """After the upgrade this version replays the last rotation of the previous one, goes on from it and erases it."""
    await prepare_previous(bare_url)
    store = SqlStore(bare_url, OPTIONS)
    randomness = FakeRandomness()
    previous, this = PreviousVersion(store._statements, randomness), ThisVersion(store, randomness)
    first, ended = refresh_token(), refresh_token(session=2)
    await previous.add(session_of(first))
    await previous.add(session_of(ended))
    assert await previous.revoke(session_of(ended), NOW + 1)
    second = await previous.refresh(first, NOW + 1)
    assert second is not None
    await store.prepare()
    await store.open()
    assert await this.refresh(first, NOW + 2) == (Verdict.REPLAY, second)
    verdict, third = await this.refresh(second, NOW + 3)
    assert verdict is Verdict.ROTATE
    assert await this.refresh(first, NOW + 4) == (Verdict.REPLAY, third)
    assert [each.session_id for each in await revocations(store.sessions, NOW)] == [ended.session_id]
    assert await this.erase_replaced(NOW + 500) == 1
    assert await this.refresh(second, NOW + 500) == (Verdict.REUSE, None)
    await store.close()


async def test_this_version_erases_the_salt_of_the_previous_one(stores: Stores) -> None:
    """A session that only the previous version rotated has no salt afterwards."""
    previous, this = await both_versions(stores)
    await previous.add(session_of(refresh_token()))
    assert await previous.refresh(refresh_token(), NOW + 1)
    assert [await this.erase_replaced(NOW + 500) for _ in range(2)] == [1, 0]
    assert await previous.erase_salts(NOW + 500) == 0


async def test_this_version_erases_what_the_previous_one_leaves(stores: Stores) -> None:
    """The previous version erases only the salt of a rotation, and this version still replays it and erases it all."""
    previous, this = await both_versions(stores)
    await previous.add(session_of(refresh_token()))
    _, second = await this.refresh(refresh_token(), NOW + 1)
    assert await previous.erase_salts(NOW + 90) == 1
    assert await this.refresh(refresh_token(), NOW + 100) == (Verdict.REPLAY, second)
    assert [await this.erase_replaced(NOW + 500) for _ in range(2)] == [1, 0]


async def test_the_previous_version_forgives_a_direct_retry(stores: Stores) -> None:
    """The previous version replays the last rotation that this version made, and rotates from there."""
    previous, this = await both_versions(stores)
    await previous.add(session_of(refresh_token()))
    _, second = await this.refresh(refresh_token(), NOW + 1)
    assert second is not None
    assert await previous.refresh(refresh_token(), NOW + 2) == second
    third = await previous.refresh(second, NOW + 3)
    assert await this.refresh(second, NOW + 4) == (Verdict.REPLAY, third)


async def test_a_salt_that_the_previous_version_erased_leaves_a_gap(stores: Stores) -> None:
    """A token that the previous version replaced is refused, and not taken for stolen, within this version's window,
    although its salt was erased and this version has rotated since.
    """
    previous, this = await both_versions(stores)
    await previous.add(session_of(refresh_token()))
    second = await previous.refresh(refresh_token(), NOW + 1)
    assert second is not None
    await previous.erase_salts(NOW + 70)
    assert (await this.refresh(refresh_token(), NOW + 71))[0] is Verdict.UNTRACED
    assert (await this.refresh(second, NOW + 75))[0] is Verdict.ROTATE
    assert (await this.refresh(refresh_token(), NOW + 80))[0] is Verdict.UNTRACED
    assert (await this.refresh(refresh_token(), NOW + 75 + POLICY.replay_window))[0] is Verdict.REUSE


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.proof("stores")
async def test_honest_retries_never_end_a_session(stores: Stores, seed: int, proof: Proof) -> None:
    """Both versions rotate and erase in a random order. Each retry within the window is answered with the current token
    or, by this version alone, refused. None is taken for reuse, and no session is revoked.
    """
    previous, this = await both_versions(stores)
    random = Random(seed)  # noqa: S311  # an order of events, no secret
    now, current = NOW, refresh_token()
    await previous.add(session_of(current))
    replaced: list[tuple[float, RefreshToken]] = []
    for _ in range(proof.count("refreshes", small=150, full=3_000)):
        now += random.choice([0.25, 1, 5, 20, 60])
        if random.random() < 0.2:
            await random.choice([previous.erase_salts, this.erase_replaced])(now)
        by_previous = random.random() < 0.5
        token = random.choice([current, *_retries(replaced, now, by_previous)])
        if by_previous:
            verdict, answer = Verdict.ROTATE, await previous.refresh(token, now)
            assert answer is not None, "the previous version took an honest retry for reuse"
        else:
            verdict, answer = await this.refresh(token, now)
            assert verdict in HONEST, "this version took an honest retry for reuse"
        if token == current:
            assert answer not in (None, current)
            replaced.append((now, current))
            current = answer or current
        else:
            assert answer == current or verdict is Verdict.UNTRACED


def _retries(replaced: Sequence[tuple[float, RefreshToken]], now: float, by_previous: bool) -> list[RefreshToken]:  # noqa: FBT001  # a test's
    """Return the tokens that an honest client may still present: to the previous version only the last one."""
    if by_previous:
        return [token for at, token in replaced[-1:] if now - at < WINDOW]
    return [token for at, token in replaced if now - at < POLICY.replay_window]

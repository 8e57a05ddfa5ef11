"""Which of the stored keys signs."""

from collections.abc import Sequence

import pytest

from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.model.signing_key import SigningKey, StoredKey
from app.domain.services.key_lifecycle import KeyLifecycle
from tests.builders import KEY_POLICY, NOW
from tests.fakes import FakeClock, FakeCodec, FakeKeyStore

ACTIVE = SigningKey("active", NOW - 10)
PENDING = SigningKey("pending", NOW + 10)


def lifecycle(*keys: SigningKey, clock: FakeClock | None = None) -> tuple[KeyLifecycle, FakeCodec]:
    """Return a life cycle for stored keys, and the codec they go to."""
    codec = FakeCodec()
    store = FakeKeyStore(*[StoredKey(key, b"") for key in keys])
    return KeyLifecycle(store=store, codec=codec, clock=clock or FakeClock(), policy=KEY_POLICY), codec


async def test_all_stored_keys_are_published_and_one_signs() -> None:
    """Loading puts every key into use in place of what was there; the active one signs."""
    keys, codec = lifecycle(ACTIVE, PENDING)
    await keys.load()
    assert codec.keys() == (ACTIVE, PENDING)
    assert keys.signing_kid() == "active"


async def test_a_pending_key_begins_to_sign_at_its_time() -> None:
    """Without a reload the pending key takes over when its moment comes."""
    clock = FakeClock()
    keys, _ = lifecycle(ACTIVE, PENDING, clock=clock)
    await keys.load()
    clock.advance(9.999)
    assert keys.signing_kid() == "active"
    clock.advance(0.001)
    assert keys.signing_kid() == "pending"


@pytest.mark.parametrize("stored", [[], [PENDING]], ids=["none", "pending only"])
async def test_without_an_active_key_nothing_signs(stored: Sequence[SigningKey]) -> None:
    """A service that cannot sign says so."""
    keys, _ = lifecycle(*stored)
    await keys.load()
    with pytest.raises(ConfigurationError):
        keys.signing_kid()


async def test_a_store_that_does_not_answer_leaves_the_keys_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload that fails is an error, and signing goes on with the keys there are."""

    async def fail(_: FakeKeyStore) -> Sequence[StoredKey]:
        raise StoreUnavailable

    keys, codec = lifecycle(ACTIVE)
    await keys.load()
    monkeypatch.setattr(FakeKeyStore, "load", fail)
    with pytest.raises(StoreUnavailable):
        await keys.load()
    assert codec.keys() == (ACTIVE,)
    assert keys.signing_kid() == "active"

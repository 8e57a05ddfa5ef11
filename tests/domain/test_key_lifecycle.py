"""Which of the stored keys signs."""

from collections.abc import Sequence

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.keys.errors import NoActiveKey
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.testing.builders import KEY_POLICY
from app.testing.keys import FakeKeyStore
from app.testing.signer import FakeSigner
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec

ACTIVE = SigningKey("active", NOW - 10)
PENDING = SigningKey("pending", NOW + 10)


def lifecycle(*keys: SigningKey, clock: FakeClock | None = None) -> tuple[KeyLifecycle, FakeTokenCodec]:
    """Return a life cycle for stored keys, and the codec that it installs them in."""
    codec = FakeTokenCodec()
    store = FakeKeyStore(*[StoredKey(key, b"") for key in keys])
    return KeyLifecycle(
        store=store, codec=codec, signer=FakeSigner(), clock=clock or FakeClock(), policy=KEY_POLICY
    ), codec


async def test_all_stored_keys_are_published_and_one_signs() -> None:
    """Loading installs every key; the active one signs."""
    keys, codec = lifecycle(ACTIVE, PENDING)
    await keys.load()
    assert codec.keys() == (ACTIVE, PENDING)
    assert keys.signing_kid() == "active"


async def test_a_pending_key_starts_to_sign_at_its_time() -> None:
    """The pending key takes over at its time, without a reload."""
    clock = FakeClock()
    keys, _ = lifecycle(ACTIVE, PENDING, clock=clock)
    await keys.load()
    clock.advance(9.999)
    assert keys.signing_kid() == "active"
    clock.advance(0.001)
    assert keys.signing_kid() == "pending"


@pytest.mark.parametrize("stored", [[], [PENDING]], ids=["none", "pending only"])
async def test_without_an_active_key_nothing_signs(stored: Sequence[SigningKey]) -> None:
    """``signing_kid`` raises ``NoActiveKey``, which is no fault of the request: it may be repeated."""
    keys, _ = lifecycle(*stored)
    await keys.load()
    with pytest.raises(NoActiveKey):
        keys.signing_kid()


async def test_a_failed_reload_leaves_the_installed_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reload raises an error, and signing goes on with the installed keys."""

    async def fail(_: FakeKeyStore) -> Sequence[StoredKey]:
        raise StoreUnavailable

    keys, codec = lifecycle(ACTIVE)
    await keys.load()
    monkeypatch.setattr(FakeKeyStore, "load", fail)
    with pytest.raises(StoreUnavailable):
        await keys.load()
    assert codec.keys() == (ACTIVE,)
    assert keys.signing_kid() == "active"


@pytest.mark.parametrize(
    ("state", "dropped"), [("active", True), ("retiring", True), ("pending", False), ("gone", False)]
)
async def test_a_removed_key_that_tokens_need_is_dropped(state: str, *, dropped: bool) -> None:
    """A pending key has signed nothing, and a key that is gone has no valid token left: they are not listed."""
    ages = {"retiring": SigningKey("old", NOW - 2_000), "gone": SigningKey("older", NOW - 9_000)}
    before = [SigningKey("before", NOW - 8_000), SigningKey("active", NOW - 100), PENDING, *ages.values()]
    kid = {"retiring": "old", "gone": "older"}.get(state, state)
    store = FakeKeyStore(*[StoredKey(key, b"") for key in before])
    keys = KeyLifecycle(store=store, codec=FakeTokenCodec(), signer=FakeSigner(), clock=FakeClock(), policy=KEY_POLICY)
    await keys.load()
    assert keys.states()[kid] == state
    store.stored = tuple(each for each in store.stored if each.key.kid != kid)
    await keys.load()
    assert keys.dropped() == ((kid,) if dropped else ())


async def test_a_dropped_key_is_listed_for_the_tail() -> None:
    """It is not listed any more if it is stored again."""
    clock = FakeClock()
    store = FakeKeyStore(*[StoredKey(key, b"") for key in (ACTIVE, PENDING)])
    keys = KeyLifecycle(store=store, codec=FakeTokenCodec(), signer=FakeSigner(), clock=clock, policy=KEY_POLICY)
    await keys.load()
    both, store.stored = store.stored, store.stored[1:]
    await keys.load()
    clock.advance(KEY_POLICY.tail() - 1)
    await keys.load()
    assert keys.dropped() == ("active",)
    clock.advance(1)
    assert keys.dropped() == ()
    clock.advance(-1)
    store.stored = both
    await keys.load()
    assert keys.dropped() == ()


async def test_the_signer_gets_the_keys_that_are_published() -> None:
    """A key that is removed from the store signs no more."""
    store, signer = FakeKeyStore(*[StoredKey(key, b"") for key in (ACTIVE, PENDING)]), FakeSigner()
    keys = KeyLifecycle(store=store, codec=FakeTokenCodec(), signer=signer, clock=FakeClock(), policy=KEY_POLICY)
    for expected in ({"active", "pending"}, {"pending"}):
        store.stored = tuple(each for each in store.stored if each.key.kid in expected)
        await keys.load()
        assert signer.installed == expected


async def test_a_key_that_cannot_be_read_takes_no_other_key_down() -> None:
    """It is not installed, the others are, it keeps its place in the order, and the feed goes on to name it."""
    old = SigningKey("old", NOW - 2_000)
    keys, codec = lifecycle()
    keys._store.stored = (StoredKey(old, b"", fault="old is damaged"), StoredKey(ACTIVE, b""), StoredKey(PENDING, b""))  # type: ignore[attr-defined]  # a fake
    await keys.load()
    assert codec.keys() == (ACTIVE, PENDING)
    assert keys.signing_kid() == "active"
    assert (keys.keys(), keys.unreadable()) == ([old, ACTIVE, PENDING], ("old",))


async def test_no_other_key_signs_in_place_of_an_active_one_that_cannot_be_read() -> None:
    """Other instances stop to publish the older key too early for that. The cause says what to do."""
    keys, _ = lifecycle()
    keys._store.stored = (StoredKey(SigningKey("old", NOW - 2_000), b""), StoredKey(ACTIVE, b"", fault="restore it"))  # type: ignore[attr-defined]  # a fake
    await keys.load()
    with pytest.raises(NoActiveKey) as refused:
        keys.signing_kid()
    assert str(refused.value.__cause__) == "restore it"

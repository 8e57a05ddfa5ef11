"""Key rotation: what is refused, what several instances do together, and that verifiers accept every valid token."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.audit.events import KeyDropped, KeyPublished, KeyRescheduled
from app.domain.keys.errors import KeyChangeRefused, UnknownKey
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.policy import KeyPolicy
from app.domain.keys.rotation import KeyRotation
from app.domain.keys.signing_key import ALWAYS, KeyState, SigningKey
from app.domain.keys.stored_key import StoredKey
from app.testing.audit import FakeAuditTrail
from app.testing.keys import FakeKeyGenerator, FakeKeyRing
from app.testing.signer import FakeSigner
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec

POLICY = KeyPolicy(period=10_000, jwks_max_age=600, access_token_lifetime=900, leeway=30)
LEAD = POLICY.lead()
TURN = NOW + 10_000
"""When the second key starts to sign: a period after the first was published."""

_Act = Callable[[KeyRotation], Coroutine[Any, Any, SigningKey]]


class Instance:
    """One instance that uses the ring."""

    def __init__(self, ring: FakeKeyRing, generator: FakeKeyGenerator, policy: KeyPolicy = POLICY) -> None:
        self.ring, self.clock, self.codec, self.audit = ring, FakeClock(), FakeTokenCodec(), FakeAuditTrail()
        self.keys = KeyLifecycle(store=ring, codec=self.codec, signer=FakeSigner(), clock=self.clock, policy=policy)
        self.rotation = KeyRotation(ring=ring, generator=generator, clock=self.clock, audit=self.audit, policy=policy)

    async def keep_up(self) -> None:
        """Do what an instance does every 2 seconds: load the keys and maintain them."""
        await self.keys.load()
        while await self.rotation.maintain(self.keys.keys()):
            await self.keys.load()

    def published(self) -> list[str]:
        """Return the ids of the keys that it publishes."""
        installed = self.codec.keys()
        return [key.kid for key in installed]

    def kid(self, state: KeyState) -> str:
        """Return the id of the only key in this state."""
        [kid] = [kid for kid, each in self.keys.states().items() if each is state]
        return kid


@pytest.fixture
async def instance() -> Instance:
    """Return an instance that has just started on an empty ring."""
    instance = Instance(FakeKeyRing(), FakeKeyGenerator())
    await instance.keep_up()
    return instance


async def test_a_start_generates_two_keys(instance: Instance) -> None:
    """The first signs from always, and the next is already published."""
    assert instance.keys.states() == {"key-1": KeyState.ACTIVE, "key-2": KeyState.PENDING}
    assert instance.keys.signing_kid() == "key-1"
    assert instance.audit.events == [
        KeyPublished(at=NOW, kid="key-1", activates_at=ALWAYS),
        KeyPublished(at=NOW, kid="key-2", activates_at=TURN),
    ]


async def test_keys_rotate_automatically(instance: Instance) -> None:
    """At its time the pending key signs, and another one is published."""
    instance.clock.advance(TURN - NOW)
    assert instance.keys.signing_kid() == "key-2"
    await instance.keep_up()
    assert instance.keys.states() == {
        "key-1": KeyState.RETIRING,
        "key-2": KeyState.ACTIVE,
        "key-3": KeyState.PENDING,
    }
    instance.clock.advance(POLICY.tail())
    await instance.keep_up()
    assert instance.published() == ["key-2", "key-3"]
    instance.clock.advance(86_400)
    await instance.keep_up()
    assert "key-1" not in {each.key.kid for each in instance.ring.stored}
    assert KeyDropped(at=instance.clock.now(), kid="key-1", because="gone") in instance.audit.events


async def test_a_first_key_made_by_a_fast_clock_signs_when_the_clock_is_right() -> None:
    """A clock that was two hours ahead when the ring was made does no harm: the first key signs from always."""
    instance = Instance(FakeKeyRing(), FakeKeyGenerator())
    instance.clock.time += 7_200
    await instance.keep_up()
    instance.clock.time -= 7_200
    assert instance.keys.signing_kid() == "key-1"


async def test_a_ring_without_an_active_key_signs_again() -> None:
    """If every key activates in the future, an instance activates the earliest one, and ``rotate`` does so at once."""
    future = (SigningKey("one", NOW + 7_200, NOW + 7_200), SigningKey("two", NOW + 90_000, NOW + 7_200))
    maintained = Instance(FakeKeyRing(*(StoredKey(each, b"") for each in future)), FakeKeyGenerator())
    await maintained.keep_up()
    assert maintained.keys.signing_kid() == "one"
    rotated = Instance(FakeKeyRing(*(StoredKey(each, b"") for each in future)), FakeKeyGenerator())
    assert (await rotated.rotation.rotate()).activates_at <= NOW
    await rotated.keys.load()
    assert rotated.keys.signing_kid() == "one"


async def test_a_generated_key_of_a_ring_without_keys_signs_at_once() -> None:
    """``rotate`` in an empty ring makes a key that signs at once."""
    instance = Instance(FakeKeyRing(), FakeKeyGenerator())
    assert (await instance.rotation.rotate()).activates_at <= NOW


async def test_no_key_is_deleted_while_the_time_is_not_certain(instance: Instance) -> None:
    """A key that has been gone for a day stays stored until deletions are allowed."""
    instance.clock.advance(TURN - NOW + POLICY.tail() + 86_400)
    await instance.keep_up()
    ring = Instance(FakeKeyRing(*instance.ring.stored), FakeKeyGenerator())
    gone = StoredKey(SigningKey("gone", NOW - 1), b"")
    ring.ring.stored = [gone, *ring.ring.stored]
    ring.clock.time = instance.clock.time
    await ring.keys.load()
    await ring.rotation.maintain(ring.keys.keys(), may_delete=False)
    assert gone in ring.ring.stored
    await ring.rotation.maintain(ring.keys.keys())
    assert gone not in ring.ring.stored


async def test_several_instances_generate_one_key() -> None:
    """Instances that notice at once that a key is missing add one key, and all use it."""
    ring, generator = FakeKeyRing(), FakeKeyGenerator()
    instances = [Instance(ring, generator) for _ in range(5)]
    await asyncio.gather(*(each.keep_up() for each in instances))
    await asyncio.gather(*(each.keep_up() for each in instances))
    assert len(ring.stored) == 2
    assert len({each.keys.signing_kid() for each in instances}) == 1
    published = [event for each in instances for event in each.audit.events if isinstance(event, KeyPublished)]
    assert len(published) == 2


async def test_rotation_by_hand_waits_for_the_lead(instance: Instance) -> None:
    """The pending key activates as soon as every verifier has it: immediately if it was published long enough."""
    key = await instance.rotation.rotate()
    assert (key.kid, key.activates_at) == ("key-2", NOW + LEAD)
    instance.clock.advance(2_000)
    await instance.keep_up()
    key = await instance.rotation.rotate(at=instance.clock.now() + 8_000)
    assert key.kid == "key-3"
    assert KeyRescheduled(at=NOW + 2_000, kid="key-3", activates_at=NOW + 10_000) in instance.audit.events
    instance.clock.advance(1_000)
    assert (await instance.rotation.rotate()).activates_at == instance.clock.now()


async def test_an_activation_within_the_lead_is_refused(instance: Instance) -> None:
    """The refusal says from when it is safe, and nothing changes."""
    with pytest.raises(KeyChangeRefused, match=r"safe from 2027-01-15T08:10:35") as refused:
        await instance.rotation.rotate(at=NOW + LEAD - 1)
    assert refused.value.safe_at == NOW + LEAD
    assert instance.ring.stored[1].key.activates_at == TURN


async def test_a_key_that_tokens_need_is_not_retired(instance: Instance) -> None:
    """The active key, and a retiring one until its last token has expired, stay; the refusal says until when."""
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.retire("key-1")
    instance.clock.advance(TURN - NOW + POLICY.tail() - 1)
    await instance.keep_up()
    with pytest.raises(KeyChangeRefused) as refused:
        await instance.rotation.retire("key-1")
    assert refused.value.safe_at == TURN + POLICY.tail()
    instance.clock.advance(1)
    assert (await instance.rotation.retire("key-1")).kid == "key-1"
    assert [each.key.kid for each in instance.ring.stored] == ["key-2", "key-3"]


async def test_a_pending_key_can_be_retired(instance: Instance) -> None:
    """Another one is generated. Just before the key signs it is too late."""
    await instance.rotation.retire("key-2")
    await instance.keep_up()
    assert instance.kid(KeyState.PENDING) == "key-3"
    instance.clock.advance(TURN - NOW - 39)
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.retire("key-3")


async def test_a_compromised_key_is_dropped_immediately(instance: Instance) -> None:
    """The pending key signs at once here, and on other instances when they load the keys. A new key is pending."""
    other = Instance(instance.ring, FakeKeyGenerator())
    await other.keep_up()
    assert other.keys.signing_kid() == "key-1"
    for each in (instance, other):
        each.clock.advance(60)
    key = await instance.rotation.compromised("key-1")
    assert (key.kid, key.activates_at) == ("key-2", NOW + 30)
    await other.keys.load()
    assert other.published() == ["key-2"]
    assert other.keys.signing_kid() == "key-2"
    await instance.keep_up()
    assert instance.kid(KeyState.PENDING) == "key-3"


async def test_a_compromised_key_without_a_pending_one_is_replaced() -> None:
    """Without automatic rotation, a new key is generated, which signs on all instances at once."""
    policy = KeyPolicy(period=None, jwks_max_age=600, access_token_lifetime=900, leeway=30)
    ring, generator = FakeKeyRing(StoredKey(SigningKey("old", NOW - 9_000, 0), b"")), FakeKeyGenerator()
    ring.stored.append(StoredKey(SigningKey("leaked", NOW - 60, 0), b""))
    instance, other = Instance(ring, generator, policy), Instance(ring, generator, policy)
    await instance.keep_up()
    await other.keep_up()
    assert generator.made == 0
    await instance.rotation.compromised("leaked")
    for each in (instance, other):
        await each.keep_up()
        assert each.keys.signing_kid() == "key-1"


@pytest.mark.parametrize("state", [KeyState.PENDING, KeyState.RETIRING])
async def test_a_compromised_key_that_does_not_sign(instance: Instance, state: KeyState) -> None:
    """The key is dropped, and the active one goes on signing."""
    instance.clock.advance(TURN - NOW)
    await instance.keep_up()
    signing = await instance.rotation.compromised(instance.kid(state))
    await instance.keep_up()
    assert signing.kid == instance.keys.signing_kid() == "key-2"


async def test_an_imported_key_replaces_the_pending_one(instance: Instance) -> None:
    """It is published at once, and signs after the lead; importing it again is refused."""
    key = await instance.rotation.add(StoredKey(SigningKey("mine"), b"mine"))
    assert key == SigningKey("mine", NOW + LEAD, NOW)
    assert [each.key.kid for each in instance.ring.stored] == ["key-1", "mine"]
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.add(StoredKey(SigningKey("mine"), b"mine"))


async def test_keys_move_to_an_empty_ring(instance: Instance) -> None:
    """All keys of another store keep their times; a ring that has keys refuses them."""
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.move(instance.ring.stored)
    empty = Instance(FakeKeyRing(), FakeKeyGenerator())
    await empty.rotation.move(tuple(reversed(instance.ring.stored)))
    assert empty.ring.stored == instance.ring.stored


@pytest.mark.parametrize(
    "act", [lambda rotation: rotation.retire("unknown"), lambda rotation: rotation.compromised("unknown")]
)
async def test_an_unknown_key(
    instance: Instance, act: Callable[[KeyRotation], Coroutine[Any, Any, SigningKey]]
) -> None:
    """The error names the key."""
    with pytest.raises(UnknownKey, match="unknown"):
        await act(instance.rotation)


async def test_a_new_key_waits_for_its_lead(instance: Instance) -> None:
    """A key that appears while an instance runs, such as an operator's file, signs there only when verifiers have it,
    even if its stored time is earlier.
    """
    instance.ring.stored.append(StoredKey(SigningKey("dropped in", NOW - 1), b""))
    instance.ring.stored = [each for each in instance.ring.stored if each.key.kid != "key-1"] + [
        StoredKey(SigningKey("key-1", NOW - 9), b"")
    ]
    await instance.keys.load()
    assert instance.keys.signing_kid() == "key-1"
    instance.clock.advance(LEAD)
    assert instance.keys.signing_kid() == "dropped in"


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "wait", "wait", "jump", "rotate", "retire", "check", "add"]),
        st.integers(0, 1),
        st.floats(0, 4_000),
    ),
    max_size=60,
)


@pytest.mark.proof("keys")
@given(_STEPS)
@example([("wait", 0, 635.0), ("jump", 0, 0.0), ("rotate", 0, 0.0), ("add", 0, 0.0)])
def test_every_valid_token_has_a_published_key(steps: list[tuple[str, int, float]]) -> None:
    """Two instances, whose clocks differ within the leeway, rotate, retire and import keys in any order.

    The key of each valid token is published by both. A key signs only after both published it for as long as verifiers
    cache the JWK Set.
    """
    asyncio.run(_TwoInstances().run(steps))


class _TwoInstances:
    """Two instances, all tokens that they issued, and the time since which both publish each key."""

    def __init__(self) -> None:
        self.ring, generator = FakeKeyRing(), FakeKeyGenerator()
        self.instances = [Instance(self.ring, generator), Instance(self.ring, generator)]
        self.now = NOW
        self.skews = [0.0, 0.0]
        self.tokens: dict[str, float] = {}
        self.published_since: dict[str, float] = {}

    async def run(self, steps: list[tuple[str, int, float]]) -> None:
        """Do each step, and check after each."""
        await self.check()
        for step, which, amount in steps:
            with suppress(KeyChangeRefused):
                await self.do(step, which, amount)
            await self.check()

    async def do(self, step: str, which: int, amount: float) -> None:
        """Do a step at one of the instances."""
        rotation = self.instances[which].rotation
        if step == "wait":
            end = self.now + amount
            while self.now < end:
                self.now = min(self.now + 200, end)
                await self.check()
        elif step == "jump":
            self.skews[which] = amount % 30 - 15
        elif step == "rotate":
            await rotation.rotate()
        elif step == "retire":
            await rotation.retire(self.ring.stored[int(amount) % len(self.ring.stored)].key.kid)
        elif step == "add":
            await rotation.add(StoredKey(SigningKey(f"own-{amount}"), b""))

    async def check(self) -> None:
        """Let both instances load the keys and issue a token, and check what verifiers see."""
        for each, skew in zip(self.instances, self.skews, strict=True):
            each.clock.time = self.now + skew
            await each.keep_up()
        published = [set(each.published()) for each in self.instances]
        for kid in published[0] & published[1]:
            self.published_since.setdefault(kid, self.now)
        for each in self.instances:
            kid = each.keys.signing_kid()
            assert kid in self.published_since, "a key signs that is not published everywhere"
            age = self.now - self.published_since[kid]
            assert kid == "key-1" or age >= POLICY.jwks_max_age, "a key signs that a verifier may not have"
            self.tokens[kid] = self.now + POLICY.access_token_lifetime
        valid = {kid for kid, expires_at in self.tokens.items() if expires_at > self.now}
        assert all(valid <= each for each in published), "the key of a valid token is not published"

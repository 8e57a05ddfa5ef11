"""Key rotation: what is refused, what several instances do together, and that no verifier notices."""

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
from app.domain.keys.signing_key import KeyState, SigningKey
from app.domain.keys.stored_key import StoredKey
from app.testing.audit import FakeAuditTrail
from app.testing.keys import FakeKeyGenerator, FakeKeyRing
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec

POLICY = KeyPolicy(period=10_000, jwks_max_age=600, access_token_lifetime=900, leeway=30)
LEAD = POLICY.lead()
TURN = NOW + 9_970
"""When the second key is to sign: a period after the first, which signs by every clock at once."""

_Act = Callable[[KeyRotation], Coroutine[Any, Any, SigningKey]]


class Instance:
    """One instance on a ring."""

    def __init__(self, ring: FakeKeyRing, generator: FakeKeyGenerator, policy: KeyPolicy = POLICY) -> None:
        self.ring, self.clock, self.codec, self.audit = ring, FakeClock(), FakeTokenCodec(), FakeAuditTrail()
        self.keys = KeyLifecycle(store=ring, codec=self.codec, clock=self.clock, policy=policy)
        self.rotation = KeyRotation(ring=ring, generator=generator, clock=self.clock, audit=self.audit, policy=policy)

    async def keep_up(self) -> None:
        """Do what an instance does every 2 seconds."""
        await self.keys.load()
        while await self.rotation.maintain(self.keys.keys()):
            await self.keys.load()

    def published(self) -> list[str]:
        """Return the keys that it publishes."""
        in_use = self.codec.keys()
        return [key.kid for key in in_use]

    def kid(self, state: KeyState) -> str:
        """Return the only key in a state."""
        [kid] = [kid for kid, each in self.keys.states().items() if each is state]
        return kid


@pytest.fixture
async def instance() -> Instance:
    """Return an instance that has just started on an empty ring."""
    instance = Instance(FakeKeyRing(), FakeKeyGenerator())
    await instance.keep_up()
    return instance


async def test_a_start_makes_two_keys(instance: Instance) -> None:
    """The first signs at once, and the next is published already."""
    assert instance.keys.states() == {"key-1": KeyState.ACTIVE, "key-2": KeyState.PENDING}
    assert instance.keys.signing_kid() == "key-1"
    assert instance.audit.events == [
        KeyPublished(at=NOW, kid="key-1", activates_at=NOW - 30),
        KeyPublished(at=NOW, kid="key-2", activates_at=TURN),
    ]


async def test_keys_rotate_by_themselves(instance: Instance) -> None:
    """At its time the pending key signs, and another is published for the next time."""
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


async def test_several_instances_make_one_key() -> None:
    """Instances that see at once that a key is missing add one between them, and agree on it."""
    ring, generator = FakeKeyRing(), FakeKeyGenerator()
    instances = [Instance(ring, generator) for _ in range(5)]
    await asyncio.gather(*(each.keep_up() for each in instances))
    await asyncio.gather(*(each.keep_up() for each in instances))
    assert len(ring.stored) == 2
    assert len({each.keys.signing_kid() for each in instances}) == 1
    published = [event for each in instances for event in each.audit.events if isinstance(event, KeyPublished)]
    assert len(published) == 2


async def test_rotation_by_hand_takes_the_lead(instance: Instance) -> None:
    """The pending key is brought forward to when every verifier has it: at once if it is out for long."""
    key = await instance.rotation.rotate()
    assert (key.kid, key.activates_at) == ("key-2", NOW + LEAD)
    instance.clock.advance(2_000)
    await instance.keep_up()
    key = await instance.rotation.rotate(at=instance.clock.now() + 8_000)
    assert key.kid == "key-3"
    assert KeyRescheduled(at=NOW + 2_000, kid="key-3", activates_at=NOW + 10_000) in instance.audit.events
    instance.clock.advance(1_000)
    assert (await instance.rotation.rotate()).activates_at == instance.clock.now()


async def test_no_key_signs_too_early(instance: Instance) -> None:
    """A moment within the lead is refused, saying from when it would be safe; nothing changes."""
    with pytest.raises(KeyChangeRefused, match=r"safe from 2027-01-15T08:10:35") as refused:
        await instance.rotation.rotate(at=NOW + LEAD - 1)
    assert refused.value.safe_at == NOW + LEAD
    assert instance.ring.stored[1].key.activates_at == TURN


async def test_no_key_that_may_be_needed_is_retired(instance: Instance) -> None:
    """The active key, and a retiring one until its last token has expired, are kept; the refusal says until when."""
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
    """It never signed; another is made. Just before it signs it is too late."""
    await instance.rotation.retire("key-2")
    await instance.keep_up()
    assert instance.kid(KeyState.PENDING) == "key-3"
    instance.clock.advance(TURN - NOW - 39)
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.retire("key-3")


async def test_a_compromised_key_is_dropped_now(instance: Instance) -> None:
    """The pending key signs at once, on other instances as soon as they look, and another becomes pending."""
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


async def test_without_a_pending_key_one_is_made() -> None:
    """Where keys rotate by hand only, the compromised one is replaced by a new one, which signs everywhere at once."""
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
async def test_another_key_that_is_compromised(instance: Instance, state: KeyState) -> None:
    """A key that does not sign is dropped, and what signs goes on."""
    instance.clock.advance(TURN - NOW)
    await instance.keep_up()
    signing = await instance.rotation.compromised(instance.kid(state))
    await instance.keep_up()
    assert signing.kid == instance.keys.signing_kid() == "key-2"


async def test_a_key_of_ones_own_takes_the_place_of_the_pending_one(instance: Instance) -> None:
    """It is published at once, and signs after the lead; a second time it is refused."""
    key = await instance.rotation.add(StoredKey(SigningKey("mine"), b"mine"))
    assert key == SigningKey("mine", NOW + LEAD, NOW)
    assert [each.key.kid for each in instance.ring.stored] == ["key-1", "mine"]
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.add(StoredKey(SigningKey("mine"), b"mine"))


async def test_keys_move_to_an_empty_ring(instance: Instance) -> None:
    """All keys of another store keep their times; a ring that has keys is not mixed with them."""
    with pytest.raises(KeyChangeRefused):
        await instance.rotation.move(instance.ring.stored)
    empty = Instance(FakeKeyRing(), FakeKeyGenerator())
    await empty.rotation.move(tuple(reversed(instance.ring.stored)))
    assert empty.ring.stored == instance.ring.stored


@pytest.mark.parametrize(
    "act", [lambda rotation: rotation.retire("nobody"), lambda rotation: rotation.compromised("nobody")]
)
async def test_an_unknown_key(
    instance: Instance, act: Callable[[KeyRotation], Coroutine[Any, Any, SigningKey]]
) -> None:
    """The error names the key."""
    with pytest.raises(UnknownKey, match="nobody"):
        await act(instance.rotation)


async def test_a_newcomer_waits_for_its_lead(instance: Instance) -> None:
    """A key that appears while an instance runs, as an operator's file may, does not sign there before verifiers can
    have it, whatever its time says.
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
        st.sampled_from(["wait", "wait", "wait", "jump", "rotate", "retire", "look", "add"]),
        st.integers(0, 1),
        st.floats(0, 4_000),
    ),
    max_size=60,
)


@pytest.mark.proof("keys")
@given(_STEPS)
@example([("wait", 0, 635.0), ("jump", 0, 0.0), ("rotate", 0, 0.0), ("add", 0, 0.0)])
def test_no_live_token_loses_its_key(steps: list[tuple[str, int, float]]) -> None:
    """Whatever is rotated, retired and imported, on two instances whose clocks jump about within the leeway: each token
    that has not expired has its key published by both, and a key that signs has been published by both for as long as
    verifiers keep the JWK Set.
    """
    asyncio.run(_Followed().follow(steps))


class _Followed:
    """Two instances, all tokens that they issued, and since when both have published each key."""

    def __init__(self) -> None:
        self.ring, generator = FakeKeyRing(), FakeKeyGenerator()
        self.instances = [Instance(self.ring, generator), Instance(self.ring, generator)]
        self.now = NOW
        self.skews = [0.0, 0.0]
        self.tokens: dict[str, float] = {}
        self.published_since: dict[str, float] = {}

    async def follow(self, steps: list[tuple[str, int, float]]) -> None:
        """Do each step, and look after each."""
        await self.look()
        for step, which, amount in steps:
            with suppress(KeyChangeRefused):
                await self.do(step, which, amount)
            await self.look()

    async def do(self, step: str, which: int, amount: float) -> None:
        """Do a step at one of the instances."""
        rotation = self.instances[which].rotation
        if step == "wait":
            end = self.now + amount
            while self.now < end:
                self.now = min(self.now + 200, end)
                await self.look()
        elif step == "jump":
            self.skews[which] = amount % 30 - 15
        elif step == "rotate":
            await rotation.rotate()
        elif step == "retire":
            await rotation.retire(self.ring.stored[int(amount) % len(self.ring.stored)].key.kid)
        elif step == "add":
            await rotation.add(StoredKey(SigningKey(f"own-{amount}"), b""))

    async def look(self) -> None:
        """Let both instances keep up and issue a token, and judge what verifiers see."""
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
        alive = {kid for kid, expires_at in self.tokens.items() if expires_at > self.now}
        assert all(alive <= each for each in published), "a live token's key is not published"

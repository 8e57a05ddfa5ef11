"""Signing while the keys change."""

import pytest

from app.domain.keys.errors import SignerUnavailable, UnknownKey
from app.domain.keys.signing_key import SigningKey
from app.testing.builders import access_token_claims
from app.testing.system import NOW
from app.testing.world import World

NEW = SigningKey("new", NOW - 30)


async def signed(world: World) -> str:
    """Return a new token with the usual claims."""
    return await world.token_signing.sign(lambda kid: world.codec.signing_input(access_token_claims(), kid=kid))


@pytest.mark.parametrize("moment", ["before sign", "after sign"])
async def test_no_token_is_signed_by_a_key_that_is_dropped_meanwhile(world: World, moment: str) -> None:
    """If the key is removed before the signature is there, the token is signed again with the key that is active."""
    world.signer.once(moment, lambda: world.use_keys(NEW))
    token = await signed(world)
    assert world.codec.kids == ["new"]
    assert list(world.codec.issued) == [token]


async def test_a_key_that_becomes_active_meanwhile_signs(world: World) -> None:
    """The key that signs is the one that is active at the end."""
    await world.use_keys(SigningKey("kid-1"), SigningKey("next", NOW + 10, NOW - 1000))

    async def wait() -> None:
        world.clock.advance(10_000)

    world.signer.once("before sign", wait)
    await signed(world)
    assert world.codec.kids == ["next"]


async def test_an_active_key_that_the_signer_lacks_is_an_error(world: World) -> None:
    """No token is made, the request may be repeated, and the cause names the key."""
    world.signer.installed = frozenset({"another"})
    with pytest.raises(SignerUnavailable) as raised:
        await signed(world)
    assert isinstance(raised.value.__cause__, UnknownKey)
    assert world.codec.issued == {}


async def test_signing_gives_up_while_the_keys_keep_changing(world: World) -> None:
    """After three signatures by keys that were dropped, the request may be repeated."""
    changes = 0

    async def change() -> None:
        nonlocal changes
        changes += 1
        await world.use_keys(SigningKey(f"key-{changes}", NOW - 30))
        world.signer.once("after sign", change)

    world.signer.once("after sign", change)
    with pytest.raises(SignerUnavailable):
        await signed(world)
    assert changes == 3
    assert world.codec.issued == {}

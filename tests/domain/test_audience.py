"""The audiences of sessions: what a sign-in and a refresh choose among them (RFC 8707 §2.2)."""

from dataclasses import replace

import pytest

from app.domain.audience import InvalidTarget, as_claim, chosen
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.issuing import IssuedTokens
from app.domain.tokens.errors import WrongAudience
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER
from app.testing.world import World

ORDERS = "https://orders.example/"
STOCK = "https://stock.example/"
ALL = (AUDIENCE, ORDERS, STOCK)


@pytest.fixture
async def world() -> World:
    """Return a world with three audiences. The first is its own."""
    return await World.create(
        access_tokens=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE, other_audiences=(ORDERS, STOCK))
    )


def audience(world: World, issued: IssuedTokens) -> tuple[str, ...]:
    """Return the audience of an issued access token."""
    return world.claims(issued).audience


async def test_session_has_all_audiences_if_none_is_named(world: World) -> None:
    """The tokens of the sign-in and of each refresh are for all audiences of the service."""
    issued = await world.open_session()
    assert audience(world, issued) == ALL
    assert audience(world, await world.refresh(issued.refresh_token)) == ALL
    assert (await world.stored(issued.refresh_token)).audience == ()


async def test_sign_in_narrows_the_session(world: World) -> None:
    """A session that was opened for two audiences gives tokens for them, for one of them, and for no third one."""
    issued = await world.open_session(targets=[STOCK, ORDERS])
    assert audience(world, issued) == (STOCK, ORDERS)
    one = await world.refresh(issued.refresh_token, targets=[ORDERS, ORDERS])
    assert audience(world, one) == (ORDERS,)
    with pytest.raises(InvalidTarget):
        await world.refresh(one.refresh_token, targets=[AUDIENCE])
    assert audience(world, await world.refresh(one.refresh_token)) == (STOCK, ORDERS)


async def test_refresh_narrows_only_the_access_token(world: World) -> None:
    """After a refresh for one audience, the next one may be for another, or for all. A replay may choose, too."""
    issued = await world.open_session()
    one = await world.refresh(issued.refresh_token, targets=[ORDERS])
    assert audience(world, one) == (ORDERS,)
    replayed = await world.refresh(issued.refresh_token, targets=[STOCK])
    assert (audience(world, replayed), replayed.refresh_token) == ((STOCK,), one.refresh_token)
    assert audience(world, await world.refresh(one.refresh_token)) == ALL


async def test_refused_audience_changes_nothing(world: World) -> None:
    """An unknown audience opens no session and uses up no token, and does not hide reuse."""
    with pytest.raises(InvalidTarget):
        await world.open_session(targets=["https://bank.example/"])
    assert not world.sessions.stored
    issued = await world.open_session()
    for targets in (["https://bank.example/"], [ORDERS, "https://bank.example/"], [ORDERS + "#part"], ["x"] * 10_000):
        with pytest.raises(InvalidTarget):
            await world.refresh(issued.refresh_token, targets=targets)
    assert world.sessions.writes == []
    outdated, *_ = await world.replace_twice(issued)
    with pytest.raises(InvalidGrant):
        await world.refresh(outdated, targets=["https://bank.example/"])
    assert (await world.stored(outdated)).revoked_at is not None


async def test_session_loses_an_audience_that_the_service_loses(world: World) -> None:
    """A session keeps the rest of its audiences. With none left, its token is refused, and works when one is back."""
    issued = await world.open_session(targets=[ORDERS, STOCK])
    all_audiences = world.access_tokens
    world.access_tokens = replace(all_audiences, other_audiences=(STOCK,))
    world.restart()
    second = await world.refresh(issued.refresh_token)
    assert audience(world, second) == (STOCK,)
    world.access_tokens = replace(all_audiences, other_audiences=("https://new.example/",))
    world.restart()
    with pytest.raises(InvalidGrant) as refusal:
        await world.refresh(second.refresh_token)
    assert refusal.value.reason == "no_audience"
    world.access_tokens = all_audiences
    world.restart()
    assert audience(world, await world.refresh(second.refresh_token)) == (ORDERS, STOCK)


async def test_service_accepts_tokens_for_its_first_audience(world: World) -> None:
    """The service validates tokens that are for its own audience, alone or with others. Others open nothing here."""
    for targets in ([AUDIENCE], [ORDERS, AUDIENCE], []):
        issued = await world.open_session(targets=targets)
        assert world.validation.validate(issued.access_token).subject == ALICE.subject
    issued = await world.open_session(targets=[ORDERS])
    with pytest.raises(WrongAudience):
        world.validation.validate(issued.access_token)


def test_choice_of_audiences() -> None:
    """Each audience is taken once, in the order in which it is named. They are compared character by character."""
    assert chosen([], among=ALL) == ALL
    assert chosen([STOCK, ORDERS, STOCK], among=ALL) == (STOCK, ORDERS)
    for target in ("", ORDERS.upper(), ORDERS.rstrip("/"), ORDERS + "x", f"{ORDERS} {STOCK}", "\ud800"):
        with pytest.raises(InvalidTarget):
            chosen([target], among=ALL)


def test_claim_of_one_audience_is_a_string() -> None:
    """One audience is a string, several are an array (RFC 7519 §4.1.3)."""
    assert (as_claim((STOCK,)), as_claim((STOCK, ORDERS))) == (STOCK, [STOCK, ORDERS])

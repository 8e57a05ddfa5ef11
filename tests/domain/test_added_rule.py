"""A rule that a subclass of the rotation adds."""

import pytest

from app.domain.audit.events import ReuseDetected
from app.domain.requester import Requester
from app.domain.sessions.errors import InvalidGrant
from app.domain.sessions.rotation import Rotation
from app.domain.sessions.session import Session
from app.testing.world import World

ELSEWHERE = Requester("198.51.100.1")


class RotationAtOneAddress(Rotation):
    """Refuses a requester with another address than that of the sign-in."""

    def check_requester(self, session: Session, requester: Requester) -> None:
        if requester.address != session.address:
            raise InvalidGrant(reason="other_address")


class WorldAtOneAddress(World):
    """The world with this rule."""

    rotation_type = RotationAtOneAddress


@pytest.fixture
async def world() -> World:
    """Return the world with the rule."""
    return await WorldAtOneAddress.create()


async def test_a_refused_requester_changes_nothing(world: World) -> None:
    """The rule refuses the current token, and a replay; the owner goes on with both."""
    issued = await world.open_session()
    replaced, current = await world.refresh_times(1, issued)
    for token in (replaced, current):
        with pytest.raises(InvalidGrant) as refusal:
            await world.refresh(token, requester=ELSEWHERE)
        assert refusal.value.reason == "other_address"
    assert (world.sessions.writes, world.audit.events) == ([], [])
    assert (await world.refresh(replaced)).refresh_token == current
    assert (await world.refresh(current)).refresh_token != current


async def test_a_rule_hides_no_reuse(world: World) -> None:
    """A token that is reused ends the session, although the rule would refuse its sender."""
    outdated, *_ = await world.replace_twice(await world.open_session())
    with pytest.raises(InvalidGrant) as refusal:
        await world.refresh(outdated, requester=ELSEWHERE)
    assert refusal.value.reason == "reuse"
    assert ReuseDetected in world.audit.kinds()

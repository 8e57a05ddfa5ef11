"""Keys as administrators see and rotate them while the service runs."""

import pytest

from app.domain.audit.events import KeyRescheduled
from app.domain.identifiers import Subject
from app.domain.keys.administration import KeyAdministration
from app.domain.keys.errors import KeysAreFixed
from app.domain.keys.signing_key import KeyState
from app.testing.keys import FakeKeyGenerator, FakeKeyRing
from app.testing.system import NOW

from .test_key_rotation import LEAD, POLICY, Instance

ADMIN = Subject("admin")


@pytest.fixture
async def instance() -> Instance:
    """Return an instance with an active and a pending key."""
    instance = Instance(FakeKeyRing(), FakeKeyGenerator())
    await instance.keep_up()
    instance.audit.events.clear()
    return instance


def administration(instance: Instance, *, fixed: bool = False) -> KeyAdministration:
    """Return the administration of the keys of an instance."""
    rotation = None if fixed else instance.rotation
    return KeyAdministration(lifecycle=instance.keys, rotation=rotation, clock=instance.clock, policy=POLICY)


async def test_keys_have_their_states_and_times(instance: Instance) -> None:
    """A key with a successor has a time from which it is not needed."""
    listed = administration(instance).keys()
    assert [each.state for each in listed] == [KeyState.ACTIVE, KeyState.PENDING]
    assert [each.gone_at for each in listed] == [listed[1].key.activates_at + POLICY.tail(), None]


async def test_rotation_is_as_early_as_is_safe_and_names_the_administrator(instance: Instance) -> None:
    """However often it is asked for, the next key signs after the lead time, and no key is removed."""
    for _ in range(3):
        listed = await administration(instance).rotate(by=ADMIN)
        assert [(each.key.kid, each.key.activates_at) for each in listed] == [("key-1", 0.0), ("key-2", NOW + LEAD)]
    assert set(map(repr, instance.audit.events)) == {
        repr(KeyRescheduled(at=NOW, kid="key-2", activates_at=NOW + LEAD, by=ADMIN))
    }


async def test_keys_that_are_in_no_store_are_not_rotated(instance: Instance) -> None:
    """The error names the settings."""
    fixed = administration(instance, fixed=True)
    assert not fixed.can_rotate
    with pytest.raises(KeysAreFixed, match="KEYTURN_KEYS_DIR"):
        await fixed.rotate(by=ADMIN)

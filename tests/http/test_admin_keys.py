"""``/admin/keys`` over HTTP. ``tests/domain/test_key_administration.py`` has the rotation."""

from dataclasses import replace

import pytest

from app.adapters.http.api.admin_keys import KEYS
from app.domain.audit.events import KeyRescheduled
from app.domain.keys.errors import KeysChanged
from app.domain.keys.rotation import KeyRotation
from app.testing.keys import FakeKeyGenerator, FakeKeyRing

from .service import Service, Tokens


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def test_keys_are_listed_without_key_material(service: Service, admin: str) -> None:
    """Each key has its id, its state and its times, and nothing else."""
    listed = (await service.ask("GET", "/admin/keys", token=admin)).json()
    [key] = listed["keys"]
    published = (await service.ask("GET", "/.well-known/jwks.json")).json()["keys"]
    assert key == {
        "kid": published[0]["kid"],
        "state": "active",
        "published_at": None,
        "activates_at": None,
        "gone_at": None,
    }
    assert listed["can_rotate"] is False


async def test_keys_outside_a_store_cannot_be_rotated(service: Service, admin: str) -> None:
    """The answer names what to set, and nothing is recorded."""
    service.audit.events.clear()
    answer = await service.ask("POST", "/admin/keys/rotate", token=admin)
    assert answer.problem == (409, "keys-not-changed")
    assert "KEYTURN_KEYS_DIR" in answer.json()["detail"]
    assert service.audit.events == []


@pytest.mark.parametrize(("method", "path"), [("GET", "/admin/keys"), ("POST", "/admin/keys/rotate")])
async def test_scope_admin_is_required(service: Service, tokens: Tokens, method: str, path: str) -> None:
    """A user gets 403, and a request without a token gets 401."""
    assert (await service.ask(method, path, token=tokens.access)).problem == (403, "insufficient-scope")
    assert (await service.ask(method, path)).status == 401


async def test_rotation_is_as_early_as_is_safe_and_recorded(service: Service, admin: str) -> None:
    """The answer has the keys with their new times, and the event names the administrator."""
    container = service.container
    policy, ring = container.settings().key_policy, FakeKeyRing()
    audit = container.audit_trail()
    rotation = KeyRotation(
        ring=ring, generator=FakeKeyGenerator(), clock=service.clock, audit=audit, policy=replace(policy, period=86_400)
    )
    for _ in range(2):
        await rotation.maintain(await rotation.keys())
    service.app[KEYS]._rotation = rotation
    service.audit.events.clear()
    answer = await service.ask("POST", "/admin/keys/rotate", token=admin)
    assert (answer.status, answer.json()["can_rotate"]) == (200, True)
    active, pending = answer.json()["keys"]
    assert (active["state"], pending["state"]) == ("active", "pending")
    assert pending["activates_at"] == policy.earliest_activation(pending["published_at"])
    assert active["gone_at"] == pending["activates_at"] + policy.tail()
    [event] = service.audit.events
    by = (await service.me(admin)).json()["sub"]
    assert event == KeyRescheduled(at=service.clock.now(), kid="key-2", activates_at=pending["activates_at"], by=by)


async def test_race_with_another_instance_is_a_conflict(service: Service, admin: str) -> None:
    """If another instance changes the keys at the same time, the answer is 409, and nothing has changed."""
    service.app[KEYS]._rotation = LostRace()  # type: ignore[assignment]  # it does only what is called
    assert (await service.ask("POST", "/admin/keys/rotate", token=admin)).problem == (409, "keys-not-changed")


class LostRace:
    """A rotation that another instance is always faster than."""

    async def rotate(self, **_: object) -> None:
        raise KeysChanged

"""``/admin/keys`` over HTTP. ``tests/domain/test_key_administration.py`` has the rotation."""

import pytest

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

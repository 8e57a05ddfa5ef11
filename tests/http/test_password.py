"""``PUT /auth/password``."""

import pytest

from app.testing.builders import PASSWORD

from .service import Answer, Service, Tokens

NEW_PASSWORD = "staple battery"  # noqa: S105  # a test's


async def change(service: Service, tokens: Tokens, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Answer:
    """Change Alice's password."""
    body = {"current_password": current, "new_password": new}
    return await service.ask("PUT", "/auth/password", token=tokens.access, json=body)


async def test_password_change_ends_all_other_sessions(service: Service, tokens: Tokens) -> None:
    """The current session goes on, tokens of the others stop working, and only the new password can sign in."""
    other = await service.sign_in()
    assert (await change(service, tokens)).status == 204
    assert (await service.me(tokens.access)).status == 200
    assert (await service.me(other.access)).problem == (401, "invalid-token")
    assert (await service.refresh(other.refresh)).problem == (401, "invalid-grant")
    await service.rotate(tokens)
    assert (await service.login()).problem == (401, "invalid-credentials")
    assert (await service.login(password=NEW_PASSWORD)).status == 200


async def test_password_change_in_another_unicode_form(service: Service, tokens: Tokens) -> None:
    """A current password of 128 letters is right whether they are sent composed or decomposed, and so is a login."""
    composed, decomposed = "\u00e9" * 128, "e\u0301" * 128
    assert (await change(service, tokens, new=decomposed)).status == 204
    assert (await service.login(password=decomposed)).status == 200
    assert (await service.login(password=composed)).status == 200
    assert (await change(service, tokens, current=decomposed, new=NEW_PASSWORD)).status == 204


async def test_wrong_current_password_is_forbidden(service: Service, tokens: Tokens) -> None:
    """The response is 403 without a challenge, and nothing changes."""
    answer = await change(service, tokens, current="wrong")
    assert answer.problem == (403, "invalid-credentials")
    assert "WWW-Authenticate" not in answer.headers
    assert (await service.login()).status == 200


@pytest.mark.parametrize("new", ["short", "x" * 129, "password1", ""])
async def test_unacceptable_new_password_is_a_field_error(service: Service, tokens: Tokens, new: str) -> None:
    """The error names the field, not the password."""
    answer = await change(service, tokens, new=new)
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["new_password"]


async def test_scope_account_is_required(service: Service) -> None:
    """A token without the scope ``account`` cannot change a password."""
    narrow = await service.sign_in(scope="orders:read")
    assert (await change(service, narrow)).problem == (403, "insufficient-scope")


async def test_password_stays_while_the_store_is_down(service: Service, tokens: Tokens) -> None:
    """The response is 503, and the old password still works."""
    service.users.down = True
    assert (await change(service, tokens)).problem == (503, "temporarily-unavailable")
    service.users.down = False
    assert (await service.login()).status == 200

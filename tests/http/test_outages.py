"""When something behind the service fails."""

import asyncio

import pytest

from app.domain.login.errors import HashingOverloaded

from .conftest import Start
from .log_lines import LogLines
from .service import Answer, Service, Tokens
from .stand_ins import CAUSE

BUG = "KeyError: /srv/app/secret.py line 7"


async def every_act(service: Service, tokens: Tokens) -> list[Answer]:
    """Ask for everything that needs the store."""
    return [
        await service.login(),
        await service.refresh(tokens.refresh),
        await service.ask("POST", "/auth/logout", json={"refresh_token": tokens.refresh}),
        await service.ask("POST", "/auth/logout", token=tokens.access),
        await service.ask("GET", "/auth/sessions", token=tokens.access),
        await service.ask("DELETE", "/auth/sessions", token=tokens.access),
        await service.ask("DELETE", "/auth/sessions/" + "A" * 22, token=tokens.access),
    ]


async def test_without_the_store_the_client_is_told_to_try_again(
    service: Service, tokens: Tokens, log: LogLines
) -> None:
    """503 with Retry-After, on refresh below half the replay window; the log warns, the answer hides the cause."""
    service.sessions.down = service.users.down = True
    for answer in await every_act(service, tokens):
        assert answer.problem == (503, "temporarily-unavailable")
        assert 1 <= int(answer.headers["Retry-After"]) < 15
        assert CAUSE.encode() not in answer.body
    assert {entry["level"] for entry in log.of("keyturn.http")} == {"warning"}


async def test_after_an_outage_the_same_token_works(service: Service, tokens: Tokens) -> None:
    """A failed refresh has used up nothing, and a failed logout ended nothing."""
    service.sessions.down = True
    assert (await service.refresh(tokens.refresh)).status == 503
    service.sessions.down = False
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_validation_and_keys_go_on_without_the_store(service: Service, tokens: Tokens) -> None:
    """Tokens are judged and keys are served from memory alone."""
    service.sessions.down = service.users.down = True
    assert (await service.me(tokens.access)).status == 200
    assert (await service.me("rubbish")).problem == (401, "invalid-token")
    assert (await service.ask("GET", "/.well-known/jwks.json")).status == 200
    assert (await service.ask("GET", "/livez")).status == 200


async def test_a_bug_is_hidden_and_logged(service: Service, tokens: Tokens, log: LogLines) -> None:
    """500 with the request's id, under which the log names the kind of the error and its place; what the error says
    is in neither.
    """
    service.sessions.bug = service.users.bug = RuntimeError(BUG)
    for answer in await every_act(service, tokens):
        assert answer.problem == (500, "server-error")
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
        assert b"Runtime" not in answer.body
        assert b"secret.py" not in answer.body
        [entry] = [each for each in log.of("keyturn.http") if each["request_id"] == answer.headers["X-Request-Id"]]
        assert (entry["level"], entry["error"]) == ("error", "RuntimeError")
        assert any("stand_ins.py" in place for place in entry["raised_at"])
    assert BUG not in log.text()


async def test_a_key_that_cannot_sign_is_the_services_fault(
    service: Service, tokens: Tokens, log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 where no key is active, which uses up no token; only the log says what is wrong."""
    keys = service.container.key_lifecycle()
    monkeypatch.setattr(keys, "_stored", ())
    monkeypatch.setattr(keys, "_signing", None)
    answer = await service.refresh(tokens.refresh)
    assert answer.problem == (500, "server-error")
    assert "key" not in answer.json()["detail"]
    assert "No signing key is active" in log.of("keyturn.http")[0]["error"]
    monkeypatch.undo()
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_too_many_logins_are_told_to_try_again(start: Start) -> None:
    """With one thread and no queue, one of several logins at once is served; the others get 503 with Retry-After."""
    service = await start(hashing=True, password_hash_queue=0)
    answers = await asyncio.gather(*(service.login() for _ in range(8)))
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert answer.problem == (503, "temporarily-unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["detail"] == HashingOverloaded.description

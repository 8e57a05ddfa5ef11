"""Failures behind the service: the store, the keys, the hashing threads, and bugs."""

import asyncio

import pytest

from app.domain.login.errors import HashingOverloaded

from .conftest import Start
from .log_lines import LogLines
from .service import Answer, Service, Tokens
from .stand_ins import CAUSE

BUG = "KeyError: /srv/app/secret.py line 7"


async def call_everything(service: Service, tokens: Tokens) -> list[Answer]:
    """Send every kind of request that needs the store."""
    return [
        await service.login(),
        await service.refresh(tokens.refresh),
        await service.ask("POST", "/auth/logout", json={"refresh_token": tokens.refresh}),
        await service.ask("POST", "/auth/logout", token=tokens.access),
        await service.ask("GET", "/auth/sessions", token=tokens.access),
        await service.ask("DELETE", "/auth/sessions", token=tokens.access),
        await service.ask("DELETE", "/auth/sessions/" + "A" * 22, token=tokens.access),
    ]


async def test_store_outage_answers_503(service: Service, tokens: Tokens, log: LogLines) -> None:
    """Every answer is 503, hides the cause, and has a Retry-After of a few seconds. The log warns."""
    service.sessions.down = service.users.down = True
    for answer in await call_everything(service, tokens):
        assert answer.problem == (503, "temporarily-unavailable")
        assert 1 <= int(answer.headers["Retry-After"]) < 15
        assert CAUSE.encode() not in answer.body
    assert {entry["level"] for entry in log.of("keyturn.http")} == {"warning"}


async def test_token_works_after_outage(service: Service, tokens: Tokens) -> None:
    """A refresh or logout that failed has changed nothing."""
    service.sessions.down = True
    assert (await service.refresh(tokens.refresh)).status == 503
    service.sessions.down = False
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200


@pytest.mark.parametrize("window", [0, 1, 120])
async def test_refresh_can_be_repeated_well_within_the_replay_window(start: Start, window: int) -> None:
    """A 503 of a refresh has a ``Retry-After`` of less than half the window, and of at least a second."""
    service = await start(replay_window=window)
    tokens = await service.sign_in()
    service.sessions.down = True
    json, form = await service.refresh(tokens.refresh), {"grant_type": "refresh_token", "client_id": "first-party"}
    oauth = await service.ask("POST", "/oauth/token", data={**form, "refresh_token": tokens.refresh})
    for answer in (json, oauth):
        assert answer.status == 503
        retry_after = int(answer.headers["Retry-After"])
        assert retry_after == 1 or 1 < retry_after < window / 2
    service.sessions.down = False
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_validation_needs_no_store(service: Service, tokens: Tokens) -> None:
    """Tokens are validated and keys are served while the store is away."""
    service.sessions.down = service.users.down = True
    assert (await service.me(tokens.access)).status == 200
    assert (await service.me("rubbish")).problem == (401, "invalid-token")
    assert (await service.ask("GET", "/.well-known/jwks.json")).status == 200
    assert (await service.ask("GET", "/livez")).status == 200


async def test_bug_is_hidden_and_logged(service: Service, tokens: Tokens, log: LogLines) -> None:
    """The answer is 500 with the request id. The log has the type and the place of the error under this id, but not its
    text.
    """
    service.sessions.bug = service.users.bug = RuntimeError(BUG)
    for answer in await call_everything(service, tokens):
        assert answer.problem == (500, "server-error")
        assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
        assert b"Runtime" not in answer.body
        assert b"secret.py" not in answer.body
        [entry] = [each for each in log.of("keyturn.http") if each["request_id"] == answer.headers["X-Request-Id"]]
        assert (entry["level"], entry["error"]) == ("error", "RuntimeError")
        assert any("stand_ins.py" in place for place in entry["raised_at"])
    assert BUG not in log.text()


async def test_no_active_key_answers_503(
    service: Service, tokens: Tokens, log: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an active key a refresh gets 503 and uses up no token. Only the log has the cause."""
    keys = service.container.key_lifecycle()
    monkeypatch.setattr(keys, "_stored", ())
    monkeypatch.setattr(keys, "_active", None)
    answer = await service.refresh(tokens.refresh)
    assert answer.problem == (503, "temporarily-unavailable")
    assert "key" not in answer.json()["detail"]
    assert "No signing key is active" in str(log.of("keyturn.http")[0])
    monkeypatch.undo()
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_too_many_logins_answer_503(start: Start, log: LogLines) -> None:
    """With one hashing thread and no queue, concurrent logins get 503 with Retry-After. The log has the same error as
    for a refusal of the hasher itself.
    """
    service = await start(hashing=True, password_hash_queue=0)
    answers = await asyncio.gather(*(service.login() for _ in range(8)))
    statuses = {answer.status for answer in answers}
    assert statuses == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert answer.problem == (503, "temporarily-unavailable")
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json()["detail"] == HashingOverloaded.description
    errors = {entry["error"] for entry in log.of("keyturn.http") if entry["message"] == "failed"}
    assert errors == {f"HashingOverloaded: {HashingOverloaded.description}"}

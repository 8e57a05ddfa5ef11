"""What clients see while the clock of the service is in doubt."""

import json

import pytest

from app.adapters.http.openapi.document import OPENAPI

from .log_lines import LogLines
from .service import Answer, Service, Tokens

WEEKS = 40 * 86_400


async def ask_everything(service: Service, tokens: Tokens) -> list[Answer]:
    """Send every kind of request that is decided by the time."""
    form = {"grant_type": "refresh_token", "client_id": "first-party", "refresh_token": tokens.refresh}
    return [
        await service.login(),
        await service.refresh(tokens.refresh),
        await service.me(tokens.access),
        await service.ask("POST", "/auth/logout", json={"refresh_token": tokens.refresh}),
        await service.ask("POST", "/auth/logout", token=tokens.access),
        await service.ask("GET", "/auth/sessions", token=tokens.access),
        await service.ask("DELETE", "/auth/sessions", token=tokens.access),
        await service.ask("POST", "/oauth/token", data=form),
        await service.ask("GET", "/.well-known/revoked-sessions"),
    ]


@pytest.mark.parametrize("step", [-WEEKS, -31, 31, WEEKS])
async def test_everything_that_needs_the_time_answers_503(
    service: Service, tokens: Tokens, step: int, log: LogLines
) -> None:
    """From the first request after the step on, nothing is decided by the wrong time. Afterwards every token works."""
    service.clock.time += step
    for answer in await ask_everything(service, tokens):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
    assert {entry["level"] for entry in log.of("keyturn.http")} == {"warning"}
    service.clock.time -= step
    await service.container.clock_watch().check()
    assert (await service.me(tokens.access)).status == 200
    assert (await service.refresh(tokens.refresh)).status == 200


async def test_readiness_says_what_is_wrong(service: Service) -> None:
    """The answer has the difference of the clocks, and ``/livez`` stays 200."""
    service.clock.time += 3_600
    await service.container.clock_watch().check()
    answer = await service.ask("GET", "/readyz")
    assert answer.status == 503
    assert answer.json() == {
        "status": "clock in doubt",
        "reason": "The clock of this machine is 3,600 s ahead of its own start and the time since.",
    }
    assert (await service.ask("GET", "/livez")).status == 200
    assert (await service.ask("GET", "/.well-known/jwks.json")).status == 200


async def test_malformed_tokens_need_no_time(service: Service) -> None:
    """What no time could make valid is refused as ever."""
    service.clock.time += 3_600
    assert (await service.me("rubbish")).problem == (401, "invalid-token")


async def test_an_ended_session_stays_ended(service: Service, tokens: Tokens) -> None:
    """The sweeper forgets nothing by a clock that was an hour ahead for a while."""
    assert (await service.ask("POST", "/auth/logout", token=tokens.access)).status == 204
    service.clock.advance(62)
    service.clock.time += 3_600
    for _ in range(4):
        service.clock.advance(1)
        await service.container.clock_watch().check()
        assert not service.container.clock_watch().may_delete()
    service.clock.time -= 3_600
    await service.container.clock_watch().check()
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")


async def test_the_document_has_a_503_for_every_path_but_livez(service: Service) -> None:
    """Clients can expect it everywhere."""
    paths = json.loads(service.app[OPENAPI].body)["paths"]
    lacking = {path for path, each in paths.items() for method in each.values() if "503" not in method["responses"]}
    assert lacking == {"/livez"}

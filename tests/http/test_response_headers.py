"""What every response needs is made once."""

import os

import pytest
from aiohttp import web
from multidict import istr

from app.adapters.http import response_headers
from app.adapters.http.api import health
from app.adapters.http.response_headers import new_request_id
from app.adapters.http.responses import json_response, no_content

from .service import Service
from .test_every_answer import SECURITY_HEADERS


def test_prepared_headers_are_complete_and_each_response_has_its_own() -> None:
    """A change of one response does not reach the next. No name is folded to lower case again."""
    first, second = json_response({"a": 1}), json_response({"b": 2})
    assert SECURITY_HEADERS.items() <= dict(first.headers).items()
    assert all(type(name) is istr for name in first.headers)
    first.headers["Server"] = "another"
    assert second.headers["Server"] == "keyturn"
    assert json_response({}).headers["Server"] == "keyturn"


def test_headers_that_are_there_are_not_added_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response with prepared headers gets only its request id. Any other gets all of them."""
    monkeypatch.setattr(response_headers, "_SECURITY_HEADERS", ((istr("X-Added"), "1"),))
    prepared, other = (json_response({}), no_content()), web.Response()
    for response in (*prepared, other):
        response_headers.add_headers(response, "0" * 16)
        assert response.headers["X-Request-Id"] == "0" * 16
    assert all("X-Added" not in response.headers for response in prepared)
    assert (other.headers["X-Added"], other.headers["Server"]) == ("1", "keyturn")


def test_the_body_of_livez_is_made_once() -> None:
    """Nothing is encoded for a request."""
    assert health._UP == b'{"status":"up"}'


def test_the_system_is_asked_once_for_many_request_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """256 ids come from one call. All are different."""
    calls: list[int] = []
    urandom = os.urandom

    def counted(length: int) -> bytes:
        calls.append(length)
        return urandom(length)

    monkeypatch.setattr(os, "urandom", counted)
    response_headers._ids.clear()
    ids = {new_request_id() for _ in range(256)}
    assert (len(ids), calls) == (256, [8 * 256])
    assert {len(each) for each in ids} == {16}


def test_two_processes_give_different_request_ids() -> None:
    """A worker does not use the ids that its parent has prepared."""
    new_request_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, new_request_id().encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        prepared = set(response_headers._ids)
        assert len(prepared) > 0
        assert answer.read() not in prepared | {""}


async def test_a_page_keeps_its_own_policy(service: Service) -> None:
    """A handler that sets a header of its own keeps it."""
    policy = (await service.ask("GET", "/docs")).headers.getall("Content-Security-Policy")
    assert len(policy) == 1
    assert "script-src" in policy[0]

"""The check of responses against the document can fail. Every HTTP test here uses that check."""

import json
from dataclasses import replace

import pytest
from jsonschema import ValidationError
from multidict import CIMultiDict, CIMultiDictProxy

from app.adapters.http.openapi.document import OPENAPI

from .conformance import Conformance
from .service import Answer, Service, Tokens


@pytest.fixture
def conformance(service: Service) -> Conformance:
    """Return the checker."""
    return Conformance(service.app[OPENAPI].content)


@pytest.fixture
async def me(service: Service, tokens: Tokens) -> Answer:
    """Return a response that the document describes."""
    return await service.me(tokens.access)


@pytest.mark.parametrize("change", [{"sub": 5}, {"exp": "soon"}, {"surname": "Liddell"}, {"sub": None}], ids=str)
def test_another_body_is_noticed(conformance: Conformance, me: Answer, change: dict[str, object]) -> None:
    """A member has another type, or the document does not name it."""
    with pytest.raises(ValidationError):
        conformance.check("GET", "/auth/me", replace(me, body=json.dumps({**me.json(), **change}).encode()))


def test_missing_member_is_noticed(conformance: Conformance, me: Answer) -> None:
    """A required member is absent."""
    with pytest.raises(ValidationError):
        conformance.check("GET", "/auth/me", replace(me, body=b"{}"))


def test_another_status_is_noticed(conformance: Conformance, me: Answer) -> None:
    """The operation does not have the status, or the method does not exist."""
    with pytest.raises(AssertionError, match="202 is not among"):
        conformance.check("GET", "/auth/me", replace(me, status=202))
    with pytest.raises(AssertionError, match="method-not-allowed"):
        conformance.check("PUT", "/auth/me", me)
    with pytest.raises(AssertionError, match="not-found"):
        conformance.check("GET", "/auth/you", me)


@pytest.mark.parametrize("name", ["X-Request-Id", "Cache-Control"])
def test_missing_header_is_noticed(conformance: Conformance, me: Answer, name: str) -> None:
    """A header of every response of the operation is absent."""
    headers = CIMultiDict(me.headers)
    del headers[name]
    with pytest.raises(AssertionError, match=name):
        conformance.check("GET", "/auth/me", replace(me, headers=CIMultiDictProxy(headers)))


async def test_another_code_is_noticed(service: Service, conformance: Conformance) -> None:
    """The operation does not have the code of the problem."""
    refused = await service.ask("GET", "/auth/me")
    body = refused.body.replace(b"missing-token", b"invalid-grant")
    with pytest.raises(AssertionError, match="invalid-grant"):
        conformance.check("GET", "/auth/me", replace(refused, body=body))


async def test_another_media_type_is_noticed(conformance: Conformance, me: Answer) -> None:
    """The operation does not have the media type."""
    headers = CIMultiDict(me.headers)
    headers["Content-Type"] = "text/plain"
    with pytest.raises(AssertionError, match="text/plain"):
        conformance.check("GET", "/auth/me", replace(me, headers=CIMultiDictProxy(headers)))

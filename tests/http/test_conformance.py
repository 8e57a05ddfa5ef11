"""That the comparison of answers with the document, which every test here makes, can fail."""

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
    """Return the comparison."""
    return Conformance(service.app[OPENAPI].content)


@pytest.fixture
async def me(service: Service, tokens: Tokens) -> Answer:
    """Return an answer that is as it is described."""
    return await service.me(tokens.access)


@pytest.mark.parametrize("change", [{"sub": 5}, {"exp": "soon"}, {"surname": "Liddell"}, {"sub": None}], ids=str)
def test_another_body_is_noticed(conformance: Conformance, me: Answer, change: dict[str, object]) -> None:
    """A member of another type, or one that is not described."""
    with pytest.raises(ValidationError):
        conformance.check("GET", "/auth/me", replace(me, body=json.dumps({**me.json(), **change}).encode()))


def test_a_member_that_lacks_is_noticed(conformance: Conformance, me: Answer) -> None:
    """A required one."""
    with pytest.raises(ValidationError):
        conformance.check("GET", "/auth/me", replace(me, body=b"{}"))


def test_another_status_is_noticed(conformance: Conformance, me: Answer) -> None:
    """One that the operation does not have, and one that no other method has."""
    with pytest.raises(AssertionError, match="202 is not among"):
        conformance.check("GET", "/auth/me", replace(me, status=202))
    with pytest.raises(AssertionError, match="method-not-allowed"):
        conformance.check("PUT", "/auth/me", me)
    with pytest.raises(AssertionError, match="not-found"):
        conformance.check("GET", "/auth/you", me)


@pytest.mark.parametrize("name", ["X-Request-Id", "Cache-Control"])
def test_a_header_that_lacks_is_noticed(conformance: Conformance, me: Answer, name: str) -> None:
    """One that every answer of the operation has."""
    headers = CIMultiDict(me.headers)
    del headers[name]
    with pytest.raises(AssertionError, match=name):
        conformance.check("GET", "/auth/me", replace(me, headers=CIMultiDictProxy(headers)))


async def test_another_code_is_noticed(service: Service, conformance: Conformance) -> None:
    """A problem whose code the operation does not have."""
    refused = await service.ask("GET", "/auth/me")
    body = refused.body.replace(b"missing-token", b"invalid-grant")
    with pytest.raises(ValidationError):
        conformance.check("GET", "/auth/me", replace(refused, body=body))


async def test_another_media_type_is_noticed(conformance: Conformance, me: Answer) -> None:
    """One that the operation does not give."""
    headers = CIMultiDict(me.headers)
    headers["Content-Type"] = "text/plain"
    with pytest.raises(AssertionError, match="text/plain"):
        conformance.check("GET", "/auth/me", replace(me, headers=CIMultiDictProxy(headers)))

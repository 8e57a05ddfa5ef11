"""``GET /openapi.json``."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app import VERSION
from app.adapters.http.openapi.document import OPENAPI
from app.testing.builders import ISSUER
from tests.system.processes import ROOT

from .conftest import Start
from .service import Service

SPECIFIED = [
    (400, "invalid-request"),
    (400, "invalid-scope"),
    (400, "invalid-target"),
    (401, "invalid-credentials"),
    (401, "invalid-grant"),
    (401, "invalid-token"),
    (401, "missing-token"),
    (403, "insufficient-scope"),
    (403, "invalid-credentials"),
    (404, "not-found"),
    (405, "method-not-allowed"),
    (408, "request-timeout"),
    (409, "already-exists"),
    (409, "keys-not-changed"),
    (413, "payload-too-large"),
    (415, "unsupported-media-type"),
    (417, "expectation-failed"),
    (429, "too-many-attempts"),
    (500, "server-error"),
    (503, "temporarily-unavailable"),
]

OAUTH = {
    "POST /oauth/token": [
        (400, "invalid_grant"),
        (400, "invalid_request"),
        (400, "invalid_scope"),
        (400, "invalid_target"),
        (400, "unauthorized_client"),
        (400, "unsupported_grant_type"),
        (401, "invalid_client"),
        (408, "invalid_request"),
        (413, "invalid_request"),
        (415, "invalid_request"),
        (429, "too_many_attempts"),
        (500, "server_error"),
        (503, "temporarily_unavailable"),
    ],
    "POST /oauth/introspect": [
        (400, "invalid_request"),
        (400, "unauthorized_client"),
        (401, "invalid_client"),
        (408, "invalid_request"),
        (413, "invalid_request"),
        (415, "invalid_request"),
        (429, "too_many_attempts"),
        (500, "server_error"),
        (503, "temporarily_unavailable"),
    ],
    "POST /oauth/revoke": [
        (400, "invalid_grant"),
        (400, "invalid_request"),
        (400, "unsupported_token_type"),
        (401, "invalid_client"),
        (408, "invalid_request"),
        (413, "invalid_request"),
        (415, "invalid_request"),
        (500, "server_error"),
        (503, "temporarily_unavailable"),
    ],
}


@pytest.fixture
def document(service: Service) -> Mapping[str, Any]:
    """Return the document."""
    return service.app[OPENAPI].content


async def test_document_is_valid_openapi_3_1(service: Service) -> None:
    """A validator finds no error, and no token is needed."""
    answer = await service.ask("GET", "/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["openapi"].startswith("3.1.")
    validate(answer.json())


@pytest.mark.parametrize("docs", [True, False])
async def test_document_has_exactly_the_routes(start: Start, docs: bool) -> None:  # noqa: FBT001  # a parameter
    """Paths and methods are those of the router. HEAD belongs to GET."""
    app = (await start(docs=docs)).app
    served = {(route.resource.canonical, route.method.lower()) for route in app.router.routes() if route.resource}
    described = {(path, method) for path, each in app[OPENAPI].content["paths"].items() for method in each}
    assert described == {(path, method) for path, method in served if method != "head"}
    assert ("/docs" in app[OPENAPI].content["paths"]) is docs


def test_document_names_issuer_and_version(document: Mapping[str, Any]) -> None:
    """The server is the issuer, and the version is that of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert document["servers"] == [{"url": ISSUER}]
    assert document["info"]["version"] == VERSION == project["version"]


async def test_document_has_an_etag(service: Service) -> None:
    """A client that has the document gets 304."""
    first = await service.ask("GET", "/openapi.json")
    again = await service.ask("GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"


async def test_etag_depends_on_the_content(start: Start) -> None:
    """Two instances with the same settings have the same ETag. Another issuer has another."""
    one, two, other = await start(), await start(), await start(issuer="https://other.example")
    etags = [(await each.ask("GET", "/openapi.json")).headers["ETag"] for each in (one, two, other)]
    assert etags[0] == etags[1] != etags[2]


def test_document_has_exactly_the_specified_errors(document: Mapping[str, Any]) -> None:
    """Each status and code of ``SPECIFIED`` is in the document, and no other."""
    responses = [*document["components"]["responses"].values()]
    for operation in operations(document).values():
        responses.extend(operation["responses"].values())
    assert sorted({each for response in responses for each in problem_codes(response)}) == SPECIFIED


@pytest.mark.parametrize(("name", "specified"), OAUTH.items(), ids=OAUTH)
def test_oauth_errors_are_those_of_rfc_6749(
    document: Mapping[str, Any], name: str, specified: list[tuple[int, str]]
) -> None:
    """Each status has its codes. 401 has a challenge, and 503 has ``Retry-After``."""
    failed = {int(status): each for status, each in operations(document)[name]["responses"].items() if status != "200"}
    assert [(status, code) for status, each in failed.items() for code in oauth_error_codes(each)] == specified
    assert failed[401]["headers"]["WWW-Authenticate"]["schema"]["const"].startswith("Basic ")
    assert "Retry-After" in failed[503]["headers"]
    assert {status for status, each in failed.items() if problem_codes(each)} == set()


def test_errors_are_described_as_generators_read_them(document: Mapping[str, Any]) -> None:
    """The schema of each error is a plain reference, because generators drop responses that merge schemas. Each example
    is a whole body of its status.
    """
    responses = [*document["components"]["responses"].items()]
    for operation in operations(document).values():
        responses.extend(operation["responses"].items())
    assert "allOf" not in json.dumps([document["components"]["schemas"], [each for _, each in responses]])
    models = {name: Draft202012Validator({**document, **_reference(name)}) for name in ("Problem", "OAuthError")}
    for status, response in responses:
        for described in response.get("content", {}).values():
            model = described.get("schema", {}).get("$ref", "").rpartition("/")[2]
            assert ("examples" in described) is (model in models)
            for example in described.get("examples", {}).values():
                assert described["schema"] == _reference(model)
                models[model].validate(example["value"])
                assert str(example["value"].get("status", status)) == status or not status.isdigit()


def test_form_schema_comes_from_the_model(document: Mapping[str, Any]) -> None:
    """The schema has the parameters and says which are required, secret or repeatable."""
    body = operations(document)["POST /oauth/token"]["requestBody"]["content"]
    assert body["application/x-www-form-urlencoded"]["schema"] == {"$ref": "#/components/schemas/TokenRequest"}
    schema = document["components"]["schemas"]["TokenRequest"]
    assert schema["required"] == ["grant_type"]
    secret = {name for name, each in schema["properties"].items() if each.get("format") == "password"}
    assert secret == {"client_secret", "client_assertion", "refresh_token"}
    assert {name for name, each in schema["properties"].items() if each["type"] == "array"} == {"resource", "audience"}


def test_logout_takes_what_a_beacon_sends(document: Mapping[str, Any]) -> None:
    """The body is described as JSON, as a form, and as text that is JSON. No other operation takes text."""
    model = {"$ref": "#/components/schemas/LogoutRequest"}
    content = operations(document)["POST /auth/logout"]["requestBody"]["content"]
    assert {media_type: each["schema"] for media_type, each in content.items()} == {
        "application/json": model,
        "application/x-www-form-urlencoded": model,
        "text/plain": {"type": "string", "contentMediaType": "application/json", "contentSchema": model},
    }
    takes_text = {
        name
        for name, each in operations(document).items()
        if "text/plain" in each.get("requestBody", {}).get("content", {})
    }
    assert takes_text == {"POST /auth/logout"}


def test_request_schema_comes_from_the_model(document: Mapping[str, Any]) -> None:
    """The schema has the members and their limits, and says which are required."""
    schema = document["components"]["schemas"]["LoginRequest"]
    asked = schema["properties"].pop("return_device_token")
    assert asked["type"] == ["boolean", "null"]
    resource = schema["properties"].pop("resource")
    one, several, none = resource["anyOf"]
    assert (one, none) == ({"type": "string", "minLength": 1}, {"type": "null"})
    assert several == {"type": "array", "items": one, "minItems": 1, "maxItems": 20}
    limits = {name: (each["type"], each["minLength"], each["maxLength"]) for name, each in schema["properties"].items()}
    assert schema["required"] == ["username", "password"]
    assert limits == {
        "username": ("string", 1, 255),
        "password": ("string", 1, 128),
        "scope": (["string", "null"], 0, 1_024),
        "device_token": (["string", "null"], 0, 1_024),
    }
    assert schema["properties"]["password"]["format"] == "password"


def test_longest_request_fits_into_16_kib(document: Mapping[str, Any]) -> None:
    """The length limits of all members of a JSON body together leave room. Forms have no other limit."""
    for operation in operations(document).values():
        taken = operation.get("requestBody", {"content": {}})["content"].get("application/json")
        if taken:
            schema = document["components"]["schemas"][taken["schema"]["$ref"].rpartition("/")[2]]
            assert sum(each.get("maxLength", 0) for each in schema["properties"].values()) < 16_000


def test_security_of_each_operation(document: Mapping[str, Any]) -> None:
    """The document says which operations need an access token, with which scopes, and where clients authenticate."""
    security = {name: each.get("security") for name, each in operations(document).items()}
    assert security.pop("GET /auth/me") == [{"bearer": []}]
    assert security.pop("POST /auth/logout") == [{}, {"bearer": []}]
    own = ("GET /auth/sessions", "DELETE /auth/sessions", "DELETE /auth/sessions/{sid}", "PUT /auth/password")
    for name in own:
        assert security.pop(name) == [{"bearer": ["account"]}]
    for name in [each for each in security if " /admin/" in each]:
        assert security.pop(name) == [{"bearer": ["keyturn:admin"]}]
    for name in OAUTH:
        assert security.pop(name) == [{}, {"client_secret_basic": []}]
    assert set(security.values()) == {None}


def test_document_says_how_a_user_signs_in(document: Mapping[str, Any]) -> None:
    """The page shows these texts. Somebody who opens "Authorize" learns that a user's password has no place there."""
    sign_in = "To sign in, run `POST /auth/login` below: the page then sends its access token."
    schemes = document["components"]["securitySchemes"]
    assert document["info"]["description"].startswith(f"{sign_in}\n")
    assert [name for name, scheme in schemes.items() if sign_in not in scheme["description"]] == []
    assert schemes["client_secret_basic"]["description"].startswith("A client's id and secret, not a user's")


def test_every_operation_has_an_id_and_a_summary(document: Mapping[str, Any]) -> None:
    """Operation ids are unique, because client generators use them as names."""
    names = [each["operationId"] for each in operations(document).values()]
    assert len(set(names)) == len(names)
    assert all(each["summary"] for each in operations(document).values())


def _reference(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def operations(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operations by method and path."""
    return {
        f"{method.upper()} {path}": each
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    }


def problem_codes(response: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return the status and each code of a response that is a problem."""
    described = response.get("content", {}).get("application/problem+json")
    if described is None:
        return []
    assert described["schema"] == {"$ref": "#/components/schemas/Problem"}
    bodies = [each["value"] for each in described["examples"].values()]
    return list(dict.fromkeys((each["status"], each["type"].rpartition(":")[2]) for each in bodies))


def oauth_error_codes(response: Mapping[str, Any]) -> list[str]:
    """Return each code of a response that is an error of RFC 6749 §5.2."""
    described = response["content"]["application/json"]
    assert described["schema"] == {"$ref": "#/components/schemas/OAuthError"}
    return list(dict.fromkeys(each["value"]["error"] for each in described["examples"].values()))

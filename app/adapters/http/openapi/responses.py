"""The responses of an operation as OpenAPI response objects. Errors are described in the format of their path."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final, is_typeddict

from aiohttp import hdrs

from ...errors.format import ErrorFormat, ErrorKind, ErrorText
from ...errors.oauth import BASIC_CHALLENGE, OAUTH, OAuthError
from ...errors.problem import PROBLEM, Problem
from ..operation import Operation, ResponseSpec
from .schemas import Schemas, markdown

HEADERS: Final[dict[str, str]] = {
    "X-Request-Id": "The id of the request. The service's log has more about the request under this id.",
    hdrs.WWW_AUTHENTICATE: "The challenge (RFC 6750 §3). It names an error only if the request had a token.",
    hdrs.RETRY_AFTER: "Seconds after which the same request may succeed.",
    hdrs.ALLOW: "The methods of this path.",
    hdrs.ETAG: "The version of the document. Send it in If-None-Match.",
    hdrs.LOCATION: "The path of the page to which the client is led.",
    hdrs.CACHE_CONTROL: "Whether and for how long a cache may store the response.",
}
"""The headers of responses, with their descriptions."""

_ERROR_HEADERS: Final[dict[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.UNAUTHORIZED: (hdrs.WWW_AUTHENTICATE,),
    HTTPStatus.METHOD_NOT_ALLOWED: (hdrs.ALLOW,),
    HTTPStatus.TOO_MANY_REQUESTS: (hdrs.RETRY_AFTER,),
    HTTPStatus.SERVICE_UNAVAILABLE: (hdrs.RETRY_AFTER,),
}

_BASIC_CHALLENGE: Final = {
    "description": "The challenge (RFC 7617).",
    "required": True,
    "schema": {"type": "string", "const": BASIC_CHALLENGE},
}

_REQUEST_ID: Final = "5f0c1d9a7be24386"
"""The request id of the examples."""

Response = dict[str, Any]


def responses_of(operation: Operation, schemas: Schemas) -> dict[str, Response]:
    """Return all responses of an operation, sorted by status."""
    good = {str(each.status.value): _success(each, schemas) for each in operation.response_specs}
    errors = error_responses(operation.all_errors(), operation.error_format, schemas)
    assert not good.keys() & errors.keys(), operation
    return dict(sorted({**good, **errors}.items()))


def error_responses(errors: Iterable[ErrorKind], error_format: ErrorFormat, schemas: Schemas) -> dict[str, Response]:
    """Return one response for each status that these errors have in a format."""
    texts = sorted({error_format.text(each) for each in errors})
    grouped = groupby(texts, key=lambda text: text.status)
    return {str(status.value): _error(status, list(group), error_format, schemas) for status, group in grouped}


def _success(spec: ResponseSpec, schemas: Schemas) -> Response:
    description = markdown(spec.model) if is_typeddict(spec.model) else spec.status.phrase
    response: Response = {"description": description, "headers": _references(spec.headers)}
    if spec.model is not None:
        response["content"] = {spec.media_type: {} if spec.model is bytes else {"schema": schemas.of(spec.model)}}
    return response


def _error(status: HTTPStatus, texts: list[ErrorText], error_format: ErrorFormat, schemas: Schemas) -> Response:
    """Return the response of a status. Its schema is the plain reference, because generators of clients cannot merge
    others into it. The examples, by code, have all bodies that there are.
    """
    model = schemas.of(OAuthError if error_format is OAUTH else Problem)
    return {
        "description": "\n".join(f"- `{text.code}`: {text.description}" for text in texts),
        "headers": _error_headers(status, sorted({text.code for text in texts}), error_format),
        "content": {error_format.media_type: {"schema": model, "examples": _examples(texts, error_format)}},
    }


def _examples(texts: Iterable[ErrorText], error_format: ErrorFormat) -> dict[str, Any]:
    """Return an example for each error. A further error with the same code gets a number."""
    examples: dict[str, Any] = {}
    for code, same in groupby(texts, key=lambda text: text.code):
        for number, text in enumerate(same, start=1):
            value = error_format.example(text)
            if error_format is PROBLEM and text.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                value["request_id"] = _REQUEST_ID
            examples[code if number == 1 else f"{code}-{number}"] = {"value": value}
    return examples


def _error_headers(status: HTTPStatus, codes: list[str], error_format: ErrorFormat) -> dict[str, Any]:
    names: tuple[str, ...] = _ERROR_HEADERS.get(status, ())
    if codes == ["insufficient-scope"]:
        names = (hdrs.WWW_AUTHENTICATE,)
    headers = _references((hdrs.CACHE_CONTROL, *names))
    if error_format is OAUTH and status is HTTPStatus.UNAUTHORIZED:
        headers[str(hdrs.WWW_AUTHENTICATE)] = _BASIC_CHALLENGE
    return headers


def _references(names: Iterable[str]) -> dict[str, Any]:
    """Return references to the headers with these names, and to ``X-Request-Id``."""
    return {str(name): {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}

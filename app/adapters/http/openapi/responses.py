"""The answers of an operation, as OpenAPI response objects."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, is_typeddict

from aiohttp import hdrs

from ...errors.format import ErrorText
from ...errors.problem import PROBLEM, PROBLEM_TYPE, Problem
from ..operation import ErrorType, Operation, ResponseSpec, error_kind
from .headers import headers
from .oauth_responses import oauth_errors_of
from .schemas import Schemas, markdown

_BY_STATUS: Final[dict[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.UNAUTHORIZED: (hdrs.WWW_AUTHENTICATE,),
    HTTPStatus.METHOD_NOT_ALLOWED: (hdrs.ALLOW,),
    HTTPStatus.TOO_MANY_REQUESTS: (hdrs.RETRY_AFTER,),
    HTTPStatus.SERVICE_UNAVAILABLE: (hdrs.RETRY_AFTER,),
}

_BY_CODE: Final = {"insufficient-scope": (hdrs.WWW_AUTHENTICATE,)}
"""Where no other problem has the same status."""

Response = dict[str, Any]


def responses_of(operation: Operation, schemas: Schemas) -> dict[str, Response]:
    """Return all answers of an operation by their status, in its order."""
    good = {str(each.status.value): _answer(each, schemas) for each in operation.response_specs}
    failed = oauth_errors_of if operation.uses_oauth_errors else problems_of
    problems = {str(status.value): response for status, response in failed(operation.all_errors(), schemas)}
    assert not good.keys() & problems.keys(), operation
    return dict(sorted({**good, **problems}.items()))


def problems_of(failures: Iterable[ErrorType], schemas: Schemas) -> list[tuple[HTTPStatus, Response]]:
    """Return the problems for these failures, those of one status together."""
    coded = sorted({PROBLEM.text(error_kind(kind)) for kind in failures})
    return [(status, _problem(status, list(told), schemas)) for status, told in groupby(coded, key=itemgetter(0))]


def _answer(spec: ResponseSpec, schemas: Schemas) -> Response:
    described: Response = {"description": spec.status.phrase, "headers": headers(spec.headers)}
    if is_typeddict(spec.model):
        described["description"] = markdown(spec.model)
    if spec.model is not None:
        described["content"] = {spec.media_type: {} if spec.model is bytes else {"schema": schemas.of(spec.model)}}
    return described


def _problem(status: HTTPStatus, told: list[ErrorText], schemas: Schemas) -> Response:
    codes = sorted({code for _, code, _ in told})
    schema: dict[str, Any] = {
        "properties": {
            "type": {"enum": [PROBLEM_TYPE + code for code in codes]},
            "title": {"const": status.phrase},
            "status": {"const": status.value},
        }
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        schema["required"] = ["request_id"]
    return {
        "description": "\n".join(f"- `{code}`: {description}" for _, code, description in told),
        "headers": headers((hdrs.CACHE_CONTROL, *_BY_STATUS.get(status, ()), *_BY_CODE.get("".join(codes), ()))),
        "content": {PROBLEM.media_type: {"schema": {"allOf": [schemas.of(Problem), schema]}}},
    }

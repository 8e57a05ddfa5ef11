"""The format of errors outside ``/oauth/``: ``application/problem+json`` (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Final, NotRequired, TypedDict

from ...domain.errors import FieldError, KeyturnError
from ...domain.tokens.errors import InsufficientScope, InvalidToken
from ..request_context import REQUEST_ID
from .format import STATUS_DESCRIPTIONS, ErrorFormat, ErrorText
from .table import problem_status

_CODES: Final = {
    HTTPStatus.BAD_REQUEST: "invalid-request",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload-too-large",
}

_DESCRIPTIONS: Final = {
    **STATUS_DESCRIPTIONS,
    HTTPStatus.BAD_REQUEST: "This is not an HTTP request, or its target or a header is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json in UTF-8, uncompressed.",
}

PROBLEM_TYPE: Final = "urn:keyturn:problem:"
"""The beginning of every ``type``. The code of the error follows it."""


class FieldProblem(TypedDict):
    """One member of the request that is wrong."""

    field: str
    message: str


class Problem(TypedDict):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[Annotated[list[FieldProblem], "The members of the request that are wrong."]]
    request_id: NotRequired[Annotated[str, "On 5xx: the request id under which the service logged the cause."]]


class ProblemFormat(ErrorFormat):
    """The format of RFC 9457, with the challenges of RFC 6750."""

    media_type = "application/problem+json"

    def _status(self, kind: type[KeyturnError]) -> HTTPStatus:
        return problem_status(kind)

    def _spell(self, code: str) -> str:
        return code.replace("_", "-")

    def _code_of_status(self, status: HTTPStatus) -> str:
        return _CODES.get(status, status.phrase.lower().replace(" ", "-"))

    def _description_of_status(self, status: HTTPStatus) -> str:
        return _DESCRIPTIONS.get(status, status.description or status.phrase)

    def _challenge(self, status: HTTPStatus, error: KeyturnError) -> str | None:
        """Return the challenge of RFC 6750 §3. It names an error only if the request had a token."""
        if isinstance(error, InsufficientScope):
            return f'{_bearer_challenge(error)}, scope="{error.scope}"'
        if isinstance(error, InvalidToken):
            return _bearer_challenge(error)
        return "Bearer" if status is HTTPStatus.UNAUTHORIZED else None

    def _headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {"Cache-Control": "no-store", **headers, "Content-Type": self.media_type}

    def _body(self, text: ErrorText, errors: Sequence[FieldError]) -> bytes:
        status, code, description = text
        body: Problem = {
            "type": PROBLEM_TYPE + code,
            "title": status.phrase,
            "status": status.value,
            "detail": description,
        }
        if errors:
            body["errors"] = [{"field": each.field, "message": each.message} for each in errors]
        request_id = REQUEST_ID.get()
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR and request_id is not None:
            body["request_id"] = request_id
        return json.dumps(body).encode()


def _bearer_challenge(error: KeyturnError) -> str:
    return f'Bearer error="{error.code}", error_description="{error.description}"'


PROBLEM: Final[ErrorFormat] = ProblemFormat()

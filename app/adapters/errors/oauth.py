"""The format of errors below ``/oauth/``: the JSON object of RFC 6749 §5.2."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypedDict

from ...domain.errors import FieldError, InvalidRequest, KeyturnError
from .format import STATUS_DESCRIPTIONS, ErrorFormat, ErrorText
from .table import oauth_status

BASIC_CHALLENGE: Final = 'Basic realm="keyturn", charset="UTF-8"'
"""The challenge to a client that did not authenticate (RFC 7617)."""

_CODES: Final = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}

_DESCRIPTIONS: Final = {
    **STATUS_DESCRIPTIONS,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/x-www-form-urlencoded in UTF-8, uncompressed.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is over 16 KiB.",
    HTTPStatus.REQUEST_TIMEOUT: "The body is too slow.",
    HTTPStatus.EXPECTATION_FAILED: "The only supported expectation is 100-continue.",
}


class OAuthError(TypedDict):
    """An error in the form that OAuth clients expect (RFC 6749 §5.2)."""

    error: str
    error_description: str


class OAuthFormat(ErrorFormat):
    """The format of RFC 6749 §5.2."""

    media_type = "application/json"

    def _status(self, kind: type[KeyturnError]) -> HTTPStatus:
        return oauth_status(kind)

    def _spell(self, code: str) -> str:
        return code

    def _code_of_status(self, status: HTTPStatus) -> str:
        return _CODES.get(status, InvalidRequest.code)

    def _description_of_status(self, status: HTTPStatus) -> str:
        return _DESCRIPTIONS.get(status, status.phrase)

    def _challenge(self, status: HTTPStatus, error: KeyturnError) -> str | None:  # noqa: ARG002  # one for all errors
        return BASIC_CHALLENGE if status is HTTPStatus.UNAUTHORIZED else None

    def _headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return the headers of RFC 6749 §5.2: no cache may store the response."""
        return {"Content-Type": self.media_type, "Cache-Control": "no-store", "Pragma": "no-cache", **headers}

    def _body(self, text: ErrorText, errors: Sequence[FieldError]) -> bytes:
        description = text.description
        if errors:
            description = " ".join(f"The parameter {each.field} {each.message}." for each in errors)
        body: OAuthError = {"error": text.code, "error_description": description.replace('"', "'")}
        return json.dumps(body, separators=(",", ":")).encode()


OAUTH: Final[ErrorFormat] = OAuthFormat()

"""The base of the two formats of errors. It imports no web framework."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final, NamedTuple

from ...domain.errors import FieldError, InvalidRequest, KeyturnError, TooManyAttempts, Unavailable

ErrorKind = type[KeyturnError] | HTTPStatus
"""A class of domain errors, or the status of an error that the web framework found, such as 404 or 405."""


STATUS_DESCRIPTIONS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.NOT_FOUND: "There is no such path; /docs lists all, or /openapi.json if there is no /docs.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Use one of the methods that Allow names.",
}
"""What all formats say about errors that the web framework found."""


class ErrorText(NamedTuple):
    """The status, the code and the usual description of one kind of error."""

    status: HTTPStatus
    code: str
    description: str


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """A response that any web framework can send. The headers include ``Content-Type``."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


class ErrorFormat(ABC):
    """Turns errors into responses."""

    media_type: ClassVar[str]

    def render(self, error: KeyturnError) -> ErrorResponse:
        """Return the response to a domain error. A response with status 500 says nothing about the cause."""
        status, code, _ = self.text(type(error))
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            error = KeyturnError()
        headers = {}
        if isinstance(error, TooManyAttempts | Unavailable):
            headers["Retry-After"] = str(error.retry_after)
        if challenge := self._challenge(status, error):
            headers["WWW-Authenticate"] = challenge
        errors = error.errors if isinstance(error, InvalidRequest) else ()
        return self._response(ErrorText(status, code, error.description), headers, errors)

    def render_status(self, status: HTTPStatus, *, allow: str | None = None) -> ErrorResponse:
        """Return the response to an error that the web framework found. ``allow`` is for a 405 (RFC 9110 §15.5.6)."""
        text = self.text(status)
        if allow is None:
            return self._response(text, {})
        methods = " or ".join(each.strip() for each in allow.split(","))
        return self._response(text._replace(description=f"Use {methods}."), {"Allow": allow})

    def text(self, kind: ErrorKind) -> ErrorText:
        """Return the text of a kind of error."""
        if isinstance(kind, HTTPStatus):
            return ErrorText(kind, self._code_of_status(kind), self._description_of_status(kind))
        status = self._status(kind)
        code = KeyturnError.code if status is HTTPStatus.INTERNAL_SERVER_ERROR else kind.code
        return ErrorText(status, self._spell(code), kind.description)

    def example(self, text: ErrorText) -> dict[str, Any]:
        """Return the members of the body of an error, for a description of the service."""
        members: dict[str, Any] = json.loads(self._body(text, ()))
        return members

    def _response(
        self, text: ErrorText, headers: Mapping[str, str], errors: Sequence[FieldError] = ()
    ) -> ErrorResponse:
        return ErrorResponse(text.status, self._headers(headers), self._body(text, errors))

    @abstractmethod
    def _status(self, kind: type[KeyturnError]) -> HTTPStatus: ...

    @abstractmethod
    def _spell(self, code: str) -> str: ...

    @abstractmethod
    def _code_of_status(self, status: HTTPStatus) -> str: ...

    @abstractmethod
    def _description_of_status(self, status: HTTPStatus) -> str: ...

    @abstractmethod
    def _challenge(self, status: HTTPStatus, error: KeyturnError) -> str | None: ...

    @abstractmethod
    def _headers(self, headers: Mapping[str, str]) -> Mapping[str, str]: ...

    @abstractmethod
    def _body(self, text: ErrorText, errors: Sequence[FieldError]) -> bytes: ...

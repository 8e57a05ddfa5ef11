"""The failures that OAuth clients are told, as OpenAPI response objects."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from aiohttp import hdrs

from ...errors.format import ErrorText
from ...errors.oauth import BASIC_CHALLENGE, OAUTH, OAuthError
from ..operation import JSON, ErrorType, error_kind
from .headers import headers
from .schemas import Schemas

_BY_STATUS: Final[dict[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.METHOD_NOT_ALLOWED: (hdrs.ALLOW,),
    HTTPStatus.TOO_MANY_REQUESTS: (hdrs.RETRY_AFTER,),
    HTTPStatus.SERVICE_UNAVAILABLE: (hdrs.RETRY_AFTER,),
}

_CHALLENGED: Final = {
    str(hdrs.WWW_AUTHENTICATE): {
        "description": "The challenge (RFC 7617).",
        "required": True,
        "schema": {"type": "string", "const": BASIC_CHALLENGE},
    }
}


def oauth_errors_of(failures: Iterable[ErrorType], schemas: Schemas) -> list[tuple[HTTPStatus, dict[str, Any]]]:
    """Return the answers for these failures, those of one status together."""
    coded = sorted({OAUTH.text(error_kind(kind)) for kind in failures})
    return [(status, _answer(status, list(told), schemas)) for status, told in groupby(coded, key=itemgetter(0))]


def _answer(status: HTTPStatus, told: list[ErrorText], schemas: Schemas) -> dict[str, Any]:
    codes = sorted({code for _, code, _ in told})
    described = headers((hdrs.CACHE_CONTROL, *_BY_STATUS.get(status, ())))
    return {
        "description": "\n".join(f"- `{code}`: {description}" for _, code, description in told),
        "headers": described | (_CHALLENGED if status is HTTPStatus.UNAUTHORIZED else {}),
        "content": {JSON: {"schema": {"allOf": [schemas.of(OAuthError), {"properties": {"error": {"enum": codes}}}]}}},
    }

"""The outermost middleware: request id, client address, errors as responses, security headers."""

import logging
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDictProxy

from ....domain.errors import InvalidRequest, KeyturnError, Overloaded, Unavailable
from ....domain.login.errors import HashingOverloaded
from ....ports.telemetry import Telemetry
from ...errors.aiohttp import bug_response, error_response, http_error_response
from ...guards.token_sources import TWO_AUTHORIZATION_HEADERS
from ...request_context import ADDRESS
from ..requests.client_address import CLIENT_ADDRESS, ClientAddresses
from ..response_headers import add_headers, new_request_id
from .door import Door
from .readiness import HEALTH_PATHS, Readiness

_LOG: Final = logging.getLogger("keyturn.http")

_MAX_LENGTH_DIGITS: Final = 20
"""The parser takes any number of leading zeros, but Python converts no text of more than 4,300 digits."""


def edge(*, addresses: ClientAddresses, readiness: Readiness, telemetry: Telemetry, door: Door | None) -> Middleware:
    """Return the middleware that responds to every request, whatever a handler raises.

    Only ``CancelledError`` passes: it ends a slow shutdown.
    """

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id = new_request_id()
        try:
            if not readiness.started:
                _check_is_health(request.path)
            request[CLIENT_ADDRESS] = address = addresses.of(request)
            ADDRESS.set(address)
            _check_headers(request.headers)
            response = await handler(request)
        except KeyturnError as error:
            response = _domain_error_response(error, request.path, telemetry, door)
        except web.HTTPException as error:
            response = http_error_response(error, path=request.path)
        except Exception:  # noqa: BLE001  # a bug is a 500, and the log has its cause
            _LOG.exception("bug")
            response = bug_response(path=request.path)
        add_headers(response, request_id)
        if readiness.draining:
            response.force_close()
        return response

    return respond


def _check_headers(headers: CIMultiDictProxy[str]) -> None:
    """Raise ``InvalidRequest`` for headers that two readers could read differently, or that aiohttp cannot read."""
    if len(headers.getall(hdrs.AUTHORIZATION, ())) > 1:
        raise InvalidRequest(TWO_AUTHORIZATION_HEADERS)
    if len(headers.get(hdrs.CONTENT_LENGTH, "")) > _MAX_LENGTH_DIGITS:
        raise InvalidRequest("Content-Length has too many digits.")


def _check_is_health(path: str) -> None:
    """Raise ``Unavailable`` for a request to an instance that listens before its start is complete. It has no keys yet,
    and knows no revocation.
    """
    if path not in HEALTH_PATHS:
        raise Unavailable("The service is starting; try again.")


def _domain_error_response(error: KeyturnError, path: str, telemetry: Telemetry, door: Door | None) -> web.Response:
    """Return the response to a domain error. Log it if it is a 5xx."""
    if isinstance(error, HashingOverloaded) and not error.reached_hasher:
        telemetry.hashing_refused()
    is_overloaded = isinstance(error, Overloaded)
    if isinstance(error, Overloaded) and door is not None:
        error.retry_after = door.refused(path, error.reason)
    response = error_response(error, path=path)
    if is_overloaded:  # many are refused then, and a background task logs their number
        _LOG.debug("failed", exc_info=error)
    elif response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.log(logging.WARNING if isinstance(error, Unavailable) else logging.ERROR, "failed", exc_info=error)
    return response

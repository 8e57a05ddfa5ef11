"""Hooks for schemathesis: authentication, and real tokens, users and sessions in some of the requests."""

import os
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any, Final

import requests
import schemathesis

from app.domain.identifiers import FIRST_PARTY

from .load import PASSWORD, USERNAME

_URL: Final = os.environ["KEYTURN_TESTS_URL"]
_TIMEOUT_SECONDS: Final = 10
_names: Final = count()
_turns: Final[defaultdict[str, Iterator[int]]] = defaultdict(count)


@schemathesis.auth(refresh_interval=None)
class SignIn:
    """A new session for each request, because some requests end their session. Requests to ``/oauth`` authenticate a
    client.
    """

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """Return the value of the ``Authorization`` header."""
        return (_basic() if context.operation.path.startswith("/oauth/") else _bearer())["Authorization"]

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Set the ``Authorization`` header."""
        case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Make every other valid request one that succeeds."""
    if case.path_parameters and "sub" in case.path_parameters:
        _protect_signed_in_user(case)
    if case.path_parameters and case.path_parameters.get("client_id") == _client()[0]:
        case.path_parameters = _client_to_change()
    real = _REAL.get(case.operation.label)
    if real is None or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if next(_turns[case.operation.label]) % 2:
        return
    if case.path_parameters:
        case.path_parameters = {**real()}
    elif isinstance(case.body, dict):
        case.body = {**real()}
        if "client_id" in case.body and case.headers:
            case.headers.pop("Authorization", None)  # a client authenticates in one way


def _protect_signed_in_user(case: schemathesis.Case[Any]) -> None:
    """Replace the user in the path if it is the one that signs in: no request may disable it."""
    caller = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_TIMEOUT_SECONDS).json()
    if case.path_parameters["sub"] == caller["sub"]:
        case.path_parameters = {**case.path_parameters, **_user()}


def _user() -> dict[str, str]:
    body = {"username": _new_name(), "password": PASSWORD}
    return {"sub": _post("/admin/users", body)["sub"]}


def _session_of_a_user() -> dict[str, str]:
    caller = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_TIMEOUT_SECONDS).json()
    return {"sub": caller["sub"], "sid": caller["sid"]}


def _bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {_sign_in()['access_token']}"}


@cache
def _client() -> tuple[str, str]:
    """Return the id and the secret of the client that authenticates at ``/oauth``."""
    client_id = _new_name()
    body = {"client_id": client_id, "grants": ["client_credentials"], "audiences": ["stock"]}
    return client_id, _post("/admin/clients", body)["client_secret"]


def _new_name() -> str:
    """Return an unused name. Every run uses the same names."""
    return f"made-{next(_names)}"


def _client_to_change() -> dict[str, str]:
    client_id = _new_name()
    _post("/admin/clients", {"client_id": client_id, "grants": ["refresh_token"]})
    return {"client_id": client_id}


def _basic() -> dict[str, str]:
    credentials = b64encode(":".join(_client()).encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def _token_of_the_client() -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{_URL}/oauth/token", data=form, headers=_basic(), timeout=_TIMEOUT_SECONDS)
    return {"token": answer.json()["access_token"]}


def _token_of_a_session() -> dict[str, str]:
    return {"client_id": FIRST_PARTY, "token": _sign_in()["refresh_token"]}


def _post(path: str, body: Mapping[str, Any]) -> dict[str, str]:
    answer = requests.post(f"{_URL}{path}", json=body, headers=_bearer(), timeout=_TIMEOUT_SECONDS)
    created: dict[str, str] = answer.json()
    return created


def _sign_in() -> dict[str, str]:
    credentials = {"username": USERNAME, "password": PASSWORD}
    answer = requests.post(f"{_URL}/auth/login", json=credentials, timeout=_TIMEOUT_SECONDS)
    granted: dict[str, str] = answer.json()
    return granted


def _refresh_token() -> dict[str, str]:
    return {"refresh_token": _sign_in()["refresh_token"]}


def _session() -> dict[str, str]:
    answer = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_TIMEOUT_SECONDS)
    return {"sid": answer.json()["sid"]}


_REAL: Final[Mapping[str, Callable[[], Mapping[str, Any]]]] = {
    "POST /auth/login": lambda: {"username": USERNAME, "password": PASSWORD},
    "POST /auth/refresh": _refresh_token,
    "POST /auth/logout": _refresh_token,
    "DELETE /auth/sessions/{sid}": _session,
    "GET /admin/users/{sub}": _user,
    "POST /admin/users/{sub}/disable": _user,
    "POST /admin/users/{sub}/enable": _user,
    "GET /admin/users/{sub}/sessions": _user,
    "DELETE /admin/users/{sub}/sessions": _user,
    "GET /admin/users/{sub}/sign-ins": _user,
    "DELETE /admin/users/{sub}/sessions/{sid}": _session_of_a_user,
    "POST /admin/clients": lambda: {"client_id": _new_name(), "grants": ["refresh_token"]},
    "POST /admin/clients/{client_id}/secret": _client_to_change,
    "DELETE /admin/clients/{client_id}": _client_to_change,
    "POST /oauth/token": lambda: {"grant_type": "client_credentials"},
    "POST /oauth/introspect": _token_of_the_client,
    "POST /oauth/revoke": _token_of_a_session,
    "GET /console/{asset}": lambda: {"asset": "start.js"},
    "GET /docs/{asset}": lambda: {"asset": "start.js"},
}

"""What schemathesis cannot make up: who signs in, and tokens and sessions that there are. Its command loads this."""

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
import schemathesis

from .load import PASSWORD, USERNAME

_URL: Final = os.environ["KEYTURN_TESTS_URL"]
_PATIENCE_SECONDS: Final = 10


@schemathesis.auth(refresh_interval=None)
class SignIn:
    """A session of its own for every request: some of them end the one that they are made in."""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """Return an access token."""
        return _sign_in()["access_token"]

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Put it where it belongs."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Let every other request that is well-formed be one that succeeds."""
    if case.path_parameters and "sub" in case.path_parameters:
        _spare_who_signs_in(case)
    real = _REAL.get(case.operation.label)
    if real is None or case.meta is None or not case.meta.generation.mode.is_positive or hash(case.id) % 2:
        return
    if isinstance(case.body, dict):
        case.body = {**real()}
    elif case.path_parameters:
        case.path_parameters = {**real()}


def _spare_who_signs_in(case: schemathesis.Case[Any]) -> None:
    """Let nobody disable the user of all these requests, or change their password: make it another's."""
    who = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_PATIENCE_SECONDS).json()
    if case.path_parameters["sub"] == who["sub"]:
        case.path_parameters = {**case.path_parameters, **_user()}


def _user() -> dict[str, str]:
    body = {"username": secrets.token_hex(8), "password": PASSWORD}
    answer = requests.post(f"{_URL}/admin/users", json=body, headers=_bearer(), timeout=_PATIENCE_SECONDS)
    return {"sub": answer.json()["sub"]}


def _session_of_a_user() -> dict[str, str]:
    who = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_PATIENCE_SECONDS).json()
    return {"sub": who["sub"], "sid": who["sid"]}


def _bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {_sign_in()['access_token']}"}


def _sign_in() -> dict[str, str]:
    credentials = {"username": USERNAME, "password": PASSWORD}
    answer = requests.post(f"{_URL}/auth/login", json=credentials, timeout=_PATIENCE_SECONDS)
    granted: dict[str, str] = answer.json()
    return granted


def _refresh_token() -> dict[str, str]:
    return {"refresh_token": _sign_in()["refresh_token"]}


def _session() -> dict[str, str]:
    answer = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_PATIENCE_SECONDS)
    return {"sid": answer.json()["sid"]}


_REAL: Final[Mapping[str, Callable[[], Mapping[str, str]]]] = {
    "POST /auth/login": lambda: {"username": USERNAME, "password": PASSWORD},
    "POST /auth/refresh": _refresh_token,
    "POST /auth/logout": _refresh_token,
    "DELETE /auth/sessions/{sid}": _session,
    "GET /admin/users/{sub}": _user,
    "POST /admin/users/{sub}/disable": _user,
    "POST /admin/users/{sub}/enable": _user,
    "GET /admin/users/{sub}/sessions": _user,
    "DELETE /admin/users/{sub}/sessions/{sid}": _session_of_a_user,
    "GET /docs/{asset}": lambda: {"asset": "start.js"},
}

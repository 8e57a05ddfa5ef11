"""What schemathesis cannot make up: who signs in, and tokens and sessions that there are. Its command loads this."""

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
_PATIENCE_SECONDS: Final = 10
_names: Final = count()
_turns: Final[defaultdict[str, Iterator[int]]] = defaultdict(count)


@schemathesis.auth(refresh_interval=None)
class SignIn:
    """A session of its own for every request: some of them end the one that they are made in. To ``/oauth`` goes a
    client.
    """

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """Return what goes into the header."""
        return (_basic() if context.operation.path.startswith("/oauth/") else _bearer())["Authorization"]

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Put it where it belongs."""
        case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Let every other request that is well-formed be one that succeeds."""
    if case.path_parameters and "sub" in case.path_parameters:
        _spare_who_signs_in(case)
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
            case.headers.pop("Authorization", None)  # a client shows itself in one way


def _spare_who_signs_in(case: schemathesis.Case[Any]) -> None:
    """Let nobody disable the user of all these requests, or change their password: make it another's."""
    who = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_PATIENCE_SECONDS).json()
    if case.path_parameters["sub"] == who["sub"]:
        case.path_parameters = {**case.path_parameters, **_user()}


def _user() -> dict[str, str]:
    body = {"username": _new_name(), "password": PASSWORD}
    return {"sub": _post("/admin/users", body)["sub"]}


def _session_of_a_user() -> dict[str, str]:
    who = requests.get(f"{_URL}/auth/me", headers=_bearer(), timeout=_PATIENCE_SECONDS).json()
    return {"sub": who["sub"], "sid": who["sid"]}


def _bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {_sign_in()['access_token']}"}


@cache
def _client() -> tuple[str, str]:
    """Return the id and the secret of the client that makes the requests to ``/oauth``."""
    client_id = _new_name()
    body = {"client_id": client_id, "grants": ["client_credentials"], "audiences": ["stock"]}
    return client_id, _post("/admin/clients", body)["client_secret"]


def _new_name() -> str:
    """Return what no user and no client is called yet; the names are the same in every run."""
    return f"made-{next(_names)}"


def _client_to_change() -> dict[str, str]:
    client_id = _new_name()
    _post("/admin/clients", {"client_id": client_id, "grants": ["refresh_token"]})
    return {"client_id": client_id}


def _basic() -> dict[str, str]:
    shown = b64encode(":".join(_client()).encode()).decode()
    return {"Authorization": f"Basic {shown}"}


def _token_of_the_client() -> dict[str, str]:
    form = {"grant_type": "client_credentials"}
    answer = requests.post(f"{_URL}/oauth/token", data=form, headers=_basic(), timeout=_PATIENCE_SECONDS)
    return {"token": answer.json()["access_token"]}


def _token_of_a_session() -> dict[str, str]:
    return {"client_id": FIRST_PARTY, "token": _sign_in()["refresh_token"]}


def _post(path: str, body: Mapping[str, Any]) -> dict[str, str]:
    answer = requests.post(f"{_URL}{path}", json=body, headers=_bearer(), timeout=_PATIENCE_SECONDS)
    told: dict[str, str] = answer.json()
    return told


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


_REAL: Final[Mapping[str, Callable[[], Mapping[str, Any]]]] = {
    "POST /auth/login": lambda: {"username": USERNAME, "password": PASSWORD},
    "POST /auth/refresh": _refresh_token,
    "POST /auth/logout": _refresh_token,
    "DELETE /auth/sessions/{sid}": _session,
    "GET /admin/users/{sub}": _user,
    "POST /admin/users/{sub}/disable": _user,
    "POST /admin/users/{sub}/enable": _user,
    "GET /admin/users/{sub}/sessions": _user,
    "DELETE /admin/users/{sub}/sessions/{sid}": _session_of_a_user,
    "POST /admin/clients": lambda: {"client_id": _new_name(), "grants": ["refresh_token"]},
    "POST /admin/clients/{client_id}/secret": _client_to_change,
    "DELETE /admin/clients/{client_id}": _client_to_change,
    "POST /oauth/token": lambda: {"grant_type": "client_credentials"},
    "POST /oauth/introspect": _token_of_the_client,
    "POST /oauth/revoke": _token_of_a_session,
    "GET /docs/{asset}": lambda: {"asset": "start.js"},
}

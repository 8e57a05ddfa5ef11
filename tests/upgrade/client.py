"""A client that signs in, refreshes and signs out, at any of several instances."""

import json
import time
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import TIMEOUT_SECONDS, Service

_STEP_SECONDS: Final = 0.1


class Client:
    """One session. It keeps its newest tokens."""

    def __init__(self, service: Service) -> None:
        self.tokens = answered(service, "POST", "/auth/login", {"username": USERNAME, "password": PASSWORD})

    def refresh(self, service: Service) -> None:
        """Refresh."""
        replaced = self.tokens["refresh_token"]
        self.tokens = answered(service, "POST", "/auth/refresh", {"refresh_token": replaced})
        assert self.tokens["refresh_token"] != replaced

    def retry(self, service: Service, replaced: str) -> None:
        """Present a replaced token, as a client whose answer was lost does. It gets the current one."""
        again = answered(service, "POST", "/auth/refresh", {"refresh_token": replaced})
        assert again["refresh_token"] == self.tokens["refresh_token"]

    def is_known(self, service: Service) -> bool:
        """Return whether the access token is accepted."""
        status, _ = ask(service, "GET", "/auth/me", token=self.tokens["access_token"])
        return status == 200

    def sign_out(self, service: Service) -> None:
        """End the session."""
        status, _ = ask(service, "POST", "/auth/logout", {"refresh_token": self.tokens["refresh_token"]})
        assert status == 204

    def wait_until_refused(self, service: Service) -> None:
        """Wait until the access token is refused."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.is_known(service):
            assert time.monotonic() < deadline, service.log()
            time.sleep(_STEP_SECONDS)


def answered(service: Service, method: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    """Return the body of an answer, which must be good."""
    status, members = ask(service, method, path, body)
    assert status == 200, (members, service.log()[-2_000:])
    return members


def ask(
    service: Service, method: str, path: str, body: dict[str, str] | None = None, token: str = ""
) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of an answer."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{service.url}{path}", data, headers, method=method)  # noqa: S310  # a URL of ours
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above
            return answer.status, json.loads(answer.read() or b"{}")
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")

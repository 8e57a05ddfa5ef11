"""The cookie by which a browser shows that its user signed in there before."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

NAME: Final = "keyturn_device"

_PATH: Final = "/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCookie:
    """How it is set: ``max_age`` is seconds, and ``secure`` whether over TLS only."""

    max_age: int
    secure: bool

    def read(self, request: web.Request) -> str | None:
        """Return what the browser shows, whatever that is."""
        return request.cookies.get(NAME)

    def write(self, response: web.Response, device_token: str) -> None:
        """Let the browser keep it: no script reads it, no other site sends it."""
        response.set_cookie(
            NAME,
            device_token,
            max_age=self.max_age,
            path=_PATH,
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )

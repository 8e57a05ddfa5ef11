"""The cookie with the device token. It shows that a user signed in with this browser before."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

NAME: Final = "keyturn_device"

_PATH: Final = "/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCookie:
    """How the cookie is set. ``max_age`` is in seconds. A ``secure`` cookie is sent over TLS only."""

    max_age: int
    secure: bool

    def read(self, request: web.Request) -> str | None:
        """Return the cookie of the request, unchecked, or None."""
        return request.cookies.get(NAME)

    def write(self, response: web.Response, device_token: str) -> None:
        """Set the cookie. Scripts cannot read it, and requests from other sites do not carry it."""
        response.set_cookie(
            NAME,
            device_token,
            max_age=self.max_age,
            path=_PATH,
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )

"""The cookie with the device token. It shows that a user signed in with this browser before."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

DEVICE_COOKIE_NAME: Final = "keyturn_device"

_PATH: Final = "/auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCookie:
    """How the cookie is set. ``max_age`` is in seconds. A ``secure`` cookie is sent over TLS only."""

    max_age: int
    secure: bool

    def write(self, response: web.Response, device_token: str) -> None:
        """Set the cookie. Scripts cannot read it, and requests from other sites do not carry it."""
        response.set_cookie(
            DEVICE_COOKIE_NAME,
            device_token,
            max_age=self.max_age,
            path=_PATH,
            secure=self.secure,
            httponly=True,
            samesite="Strict",
        )


DEVICE_COOKIE: Final = web.AppKey("keyturn_device_cookie", DeviceCookie)

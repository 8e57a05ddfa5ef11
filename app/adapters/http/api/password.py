"""Change of the caller's password: ``/auth/password``."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ....domain.errors import TooManyAttempts, Unavailable
from ....domain.login.errors import WrongCurrentPassword
from ....domain.login.password_change import PasswordChange
from ....domain.login.user import MAX_PASSWORD_LENGTH
from ....domain.scope import ACCOUNT
from ...guards.aiohttp_marks import requires
from ..operation import NO_CONTENT, Operation, RequestSpec
from ..requests.body import read_json
from ..requests.fields import text
from ..requests.requester import requester
from ..responses import no_content
from .account import signed_in

MAX_NEW_PASSWORD_LENGTH: Final = 1_024
"""The longest password that is read, in characters. The limit of the password policy is lower."""

PASSWORD_CHANGE: Final = web.AppKey("keyturn_password_change", PasswordChange)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChangeRequest:
    """The body of ``/auth/password``."""

    current_password: str = text(max_length=MAX_PASSWORD_LENGTH, secret=True, composed=True)
    new_password: str = text(min_length=0, max_length=MAX_NEW_PASSWORD_LENGTH, secret=True)


@requires(ACCOUNT)
async def change_password(request: web.Request) -> web.Response:
    """Change the caller's password, and end all their other sessions."""
    subject, session_id = signed_in(request)
    body = await read_json(request, PasswordChangeRequest)
    await request.app[PASSWORD_CHANGE].change(
        subject, session_id, current=body.current_password, new=body.new_password, requester=requester(request)
    )
    return no_content()


ROUTES: Final = (
    Operation(
        "PUT",
        "/auth/password",
        change_password,
        request=RequestSpec(PasswordChangeRequest),
        responses=NO_CONTENT,
        errors=(WrongCurrentPassword, TooManyAttempts, Unavailable),
    ),
)

"""Administration of users: ``/admin/users``."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, NotRequired, TypedDict

from aiohttp import web

from ....domain.errors import AlreadyExists, Unavailable
from ....domain.identifiers import Subject
from ....domain.login.accounts import Accounts
from ....domain.login.administration import Administration
from ....domain.login.errors import UserNotFound
from ....domain.login.user import MAX_USERNAME_LENGTH, User
from ....domain.scope import ADMIN, InvalidScope, Scope
from ....domain.scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ...guards.aiohttp_marks import requires
from ...guards.aiohttp_request import PRINCIPAL
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec
from ..requests.body import read_json
from ..requests.fields import text
from ..requests.paging import cursor, pages_by_name
from ..requests.query import read_query, text_query
from ..responses import json_response, no_content
from .password import MAX_NEW_PASSWORD_LENGTH

ACCOUNTS: Final = web.AppKey("keyturn_accounts", Accounts)
ADMINISTRATION: Final = web.AppKey("keyturn_administration", Administration)
DEFAULT_SCOPE: Final = web.AppKey("keyturn_default_scope", Scope)

_PAGES: Final = pages_by_name(max_length=MAX_USERNAME_LENGTH)
_PREFIX: Final = text_query("prefix", "The beginning of the names to list.", max_length=MAX_USERNAME_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUserRequest:
    """The body of ``POST /admin/users``."""

    username: str = text(max_length=MAX_USERNAME_LENGTH, composed=True)
    password: str = text(min_length=0, max_length=MAX_NEW_PASSWORD_LENGTH, secret=True)
    scope: str | None = text(min_length=0, max_length=MAX_SCOPE_LENGTH, required=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasswordRequest:
    """The body of ``PUT /admin/users/{sub}/password``."""

    new_password: str = text(min_length=0, max_length=MAX_NEW_PASSWORD_LENGTH, secret=True)


class UserEntry(TypedDict):
    """A user."""

    sub: Annotated[str, "The id of the user."]
    username: str
    scope: Annotated[str, "The scope that a sign-in can get."]
    disabled: bool


class UserPage(TypedDict):
    """A page of users, sorted by name."""

    users: list[UserEntry]
    next: NotRequired[Annotated[str, "The value of `after` for the next page. Absent if there is no further page."]]


@requires(ADMIN)
async def list_users(request: web.Request) -> web.Response:
    """List the users, sorted by name."""
    page = _PAGES.requested(request)
    (prefix,) = read_query(request, _PREFIX)
    found = await request.app[ACCOUNTS].list_users(after=page.after, limit=page.limit_and_one, prefix=prefix)
    users, last = page.split(found)
    listed: UserPage = {"users": [_describe(user) for user in users]}
    if last is not None:
        listed["next"] = cursor(last.username)
    return json_response(listed)


@requires(ADMIN)
async def create_user(request: web.Request) -> web.Response:
    """Add a user."""
    body = await read_json(request, NewUserRequest)
    scope = request.app[DEFAULT_SCOPE] if body.scope is None else Scope.parse(body.scope)
    user = await request.app[ACCOUNTS].create(body.username, body.password, scope=scope, by=_by(request))
    return json_response(_describe(user), status=201)


@requires(ADMIN)
async def show_user(request: web.Request) -> web.Response:
    """Show a user."""
    return json_response(_describe(await request.app[ACCOUNTS].find(_subject(request))))


@requires(ADMIN)
async def disable_user(request: web.Request) -> web.Response:
    """Disable a user: the user cannot sign in, and all their sessions end."""
    return json_response(_describe(await request.app[ADMINISTRATION].disable(_subject(request), by=_by(request))))


@requires(ADMIN)
async def enable_user(request: web.Request) -> web.Response:
    """Enable a user: the user can sign in again."""
    return json_response(_describe(await request.app[ADMINISTRATION].enable(_subject(request), by=_by(request))))


@requires(ADMIN)
async def set_password(request: web.Request) -> web.Response:
    """Set the password of a user, and end all their sessions."""
    body = await read_json(request, NewPasswordRequest)
    await request.app[ADMINISTRATION].set_password(_subject(request), body.new_password, by=_by(request))
    return no_content()


def _subject(request: web.Request) -> Subject:
    return Subject(request.match_info["sub"])


def _by(request: web.Request) -> Subject:
    return request[PRINCIPAL].subject


def _describe(user: User) -> UserEntry:
    return {
        "sub": user.subject,
        "username": user.username,
        "scope": user.scope.text,
        "disabled": user.disabled,
    }


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/users",
        list_users,
        query=(*_PAGES.query, _PREFIX),
        responses=ResponseSpec(UserPage),
        errors=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/users",
        create_user,
        request=RequestSpec(NewUserRequest),
        responses=ResponseSpec(UserEntry, status=HTTPStatus.CREATED),
        errors=(AlreadyExists, InvalidScope, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}",
        show_user,
        responses=ResponseSpec(UserEntry),
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/disable",
        disable_user,
        responses=ResponseSpec(UserEntry),
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/enable",
        enable_user,
        responses=ResponseSpec(UserEntry),
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "PUT",
        "/admin/users/{sub}/password",
        set_password,
        request=RequestSpec(NewPasswordRequest),
        responses=NO_CONTENT,
        errors=(UserNotFound, Unavailable),
    ),
)

"""Administering users, and what became of sessions: ``/admin/users``, ``/admin/sessions``."""

from http import HTTPStatus
from typing import Final

from ....domain.errors import AlreadyExists, Unavailable
from ....domain.login.errors import UserNotFound
from ....domain.scope import InvalidScope
from ....domain.sessions.errors import SessionNotFound
from ..api import account, admin_sessions, admin_users
from ..operation import NO_CONTENT, Operation, RequestSpec, ResponseSpec
from ..requests.paging import PAGE_QUERY

USER_ROUTES: Final = (
    Operation(
        "GET",
        "/admin/users",
        admin_users.list_users,
        query=PAGE_QUERY,
        gives=ResponseSpec(admin_users.UserPage),
        fails=(Unavailable,),
    ),
    Operation(
        "POST",
        "/admin/users",
        admin_users.create_user,
        takes=RequestSpec(admin_users.NewUserRequest),
        gives=ResponseSpec(admin_users.UserEntry, status=HTTPStatus.CREATED),
        fails=(AlreadyExists, InvalidScope, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}",
        admin_users.show_user,
        gives=ResponseSpec(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/disable",
        admin_users.disable_user,
        gives=ResponseSpec(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "POST",
        "/admin/users/{sub}/enable",
        admin_users.enable_user,
        gives=ResponseSpec(admin_users.UserEntry),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "PUT",
        "/admin/users/{sub}/password",
        admin_users.set_password,
        takes=RequestSpec(admin_users.NewPasswordRequest),
        gives=NO_CONTENT,
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}/sessions",
        admin_users.list_user_sessions,
        gives=ResponseSpec(account.SessionList),
        fails=(UserNotFound, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/users/{sub}/sessions/{sid}",
        admin_users.end_user_session,
        gives=NO_CONTENT,
        fails=(SessionNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/sessions/{sid}",
        admin_sessions.explain_session,
        gives=ResponseSpec(admin_sessions.SessionTimeline),
        fails=(SessionNotFound, Unavailable),
    ),
)

"""Administration of sessions: ``/admin/users/{sub}/sessions`` and ``/sign-ins``, ``/admin/sessions``."""

from typing import Annotated, Final, TypedDict

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import Subject, format_session_id
from ....domain.login.errors import UserNotFound
from ....domain.scope import ADMIN
from ....domain.sessions.errors import SessionNotFound
from ....domain.sessions.explanation import Explanation
from ....domain.sessions.session import RevocationReason
from ...audit_record_json import EventEntry, describe_record
from ...guards.aiohttp_marks import requires
from ...guards.aiohttp_request import PRINCIPAL
from ..operation import NO_CONTENT, Operation, ResponseSpec
from ..requests.query import read_query, whole_number_query
from ..requests.session_pages import SESSION_PAGES
from ..responses import json_response, no_content
from .account import SESSIONS, SessionList, page_of_sessions, session_id_in_path
from .admin_users import ACCOUNTS

EXPLANATION: Final = web.AppKey("keyturn_explanation", Explanation)


_LIMIT: Final = whole_number_query("limit", "The number of sign-ins to list.", minimum=1, maximum=200, default=20)


class SignInList(TypedDict):
    """The last sign-ins of a user, the latest first, as far as the audit trail has them."""

    sign_ins: list[EventEntry]


class SessionTimeline(TypedDict):
    """The state of a session, and its audit events."""

    sid: str
    state: Annotated[str, "`live`, `revoked`, `expired`, `outdated` or `deleted`."]
    conclusion: Annotated[str, "A sentence that says why the session ended."]
    events: list[EventEntry]


@requires(ADMIN)
async def list_user_sessions(request: web.Request) -> web.Response:
    """List the live sessions of a user, the oldest first."""
    user = await request.app[ACCOUNTS].find(Subject(request.match_info["sub"]))
    return await page_of_sessions(request, user.subject, current=request[PRINCIPAL].session_id)


@requires(ADMIN)
async def end_user_session(request: web.Request) -> web.Response:
    """End one of a user's sessions."""
    session_id = session_id_in_path(request)
    await request.app[SESSIONS].end(
        Subject(request.match_info["sub"]), session_id, reason=RevocationReason.ENDED_BY_ADMIN
    )
    return no_content()


@requires(ADMIN)
async def end_user_sessions(request: web.Request) -> web.Response:
    """End all sessions of a user."""
    user = await request.app[ACCOUNTS].find(Subject(request.match_info["sub"]))
    await request.app[SESSIONS].end_all_of(user.subject, reason=RevocationReason.ENDED_BY_ADMIN)
    return no_content()


@requires(ADMIN)
async def list_sign_ins(request: web.Request) -> web.Response:
    """List the last sign-ins of a user, the latest first, also those whose sessions have ended."""
    (limit,) = read_query(request, _LIMIT)
    user = await request.app[ACCOUNTS].find(Subject(request.match_info["sub"]))
    records = await request.app[EXPLANATION].sign_ins(user.subject, limit=limit)
    listed: SignInList = {"sign_ins": [describe_record(each) for each in reversed(records)]}
    return json_response(listed)


@requires(ADMIN)
async def explain_session(request: web.Request) -> web.Response:
    """Show what happened to a session, and why it ended."""
    explained = await request.app[EXPLANATION].explain(session_id_in_path(request))
    timeline: SessionTimeline = {
        "sid": format_session_id(explained.session_id),
        "state": explained.state,
        "conclusion": explained.conclusion,
        "events": [describe_record(each) for each in explained.records],
    }
    return json_response(timeline)


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/users/{sub}/sessions",
        list_user_sessions,
        query=SESSION_PAGES.query,
        responses=ResponseSpec(SessionList),
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/users/{sub}/sessions",
        end_user_sessions,
        responses=NO_CONTENT,
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/users/{sub}/sign-ins",
        list_sign_ins,
        query=(_LIMIT,),
        responses=ResponseSpec(SignInList),
        errors=(UserNotFound, Unavailable),
    ),
    Operation(
        "DELETE",
        "/admin/users/{sub}/sessions/{sid}",
        end_user_session,
        responses=NO_CONTENT,
        errors=(SessionNotFound, Unavailable),
    ),
    Operation(
        "GET",
        "/admin/sessions/{sid}",
        explain_session,
        responses=ResponseSpec(SessionTimeline),
        errors=(SessionNotFound, Unavailable),
    ),
)

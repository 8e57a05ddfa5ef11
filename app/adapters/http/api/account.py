"""The caller and their sessions: ``/auth/me``, ``/auth/sessions``."""

from typing import Annotated, Final, NotRequired, TypedDict

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import SessionId, Subject, format_session_id, parse_session_id
from ....domain.scope import ACCOUNT
from ....domain.sessions.errors import SessionNotFound
from ....domain.sessions.session import Session
from ....domain.sessions.subject_sessions import SubjectSessions
from ....domain.tokens.errors import SessionRequired
from ...guards.aiohttp_marks import requires
from ...guards.aiohttp_request import PRINCIPAL
from ..operation import NO_CONTENT, Operation, ResponseSpec
from ..requests.session_pages import SESSION_PAGES, session_cursor
from ..responses import json_response, no_content

SESSIONS: Final = web.AppKey("keyturn_sessions", SubjectSessions)


class Caller(TypedDict):
    """The user or the client that the access token was issued to."""

    sub: str
    client_id: str
    scope: str
    exp: Annotated[int, "Seconds since the epoch."]
    sid: NotRequired[Annotated[str, "The session. A token of `client_credentials` has none."]]
    auth_time: NotRequired[Annotated[int, "The time of the sign-in, in seconds since the epoch."]]


class SessionEntry(TypedDict):
    """A live session. Times are whole seconds since the epoch, as in the tokens."""

    sid: str
    current: Annotated[bool, "Whether this is the session of the access token."]
    client_id: str
    scope: str
    created_at: int
    last_used_at: Annotated[int, "The time of the last refresh, or of the sign-in."]
    expires_at: int
    address: Annotated[str, "The IP address from which the user signed in."]
    device: Annotated[str, "The name of the device, taken from User-Agent at sign-in."]


class SessionList(TypedDict):
    """A page of the live sessions of a user, the oldest first."""

    sessions: list[SessionEntry]
    next: NotRequired[Annotated[str, "The value of `after` for the next page. Absent if there is no further page."]]


async def me(request: web.Request) -> web.Response:
    """Show the caller. The response has only values of the access token."""
    principal = request[PRINCIPAL]
    caller: Caller = {
        "sub": principal.subject,
        "client_id": principal.client_id,
        "scope": principal.scope.text,
        "exp": principal.expires_at,
    }
    if principal.session_id is not None and principal.auth_time is not None:
        caller["sid"] = format_session_id(principal.session_id)
        caller["auth_time"] = principal.auth_time
    return json_response(caller)


@requires(ACCOUNT)
async def list_sessions(request: web.Request) -> web.Response:
    """List the caller's live sessions, the oldest first."""
    subject, current = signed_in(request)
    return await page_of_sessions(request, subject, current=current)


async def page_of_sessions(request: web.Request, subject: Subject, *, current: SessionId | None) -> web.Response:
    """Return the requested page of a user's sessions. The session ``current`` is marked if it is on the page."""
    requested = SESSION_PAGES.requested(request)
    page = await request.app[SESSIONS].list_sessions(subject, limit=requested.limit, after=requested.after)
    listed: SessionList = {"sessions": [describe(each, current=current) for each in page.sessions]}
    if page.next is not None:
        listed["next"] = session_cursor(page.next)
    return json_response(listed)


@requires(ACCOUNT)
async def end_session(request: web.Request) -> web.Response:
    """End one of the caller's sessions."""
    subject, _ = signed_in(request)
    await request.app[SESSIONS].end(subject, session_id_in_path(request))
    return no_content()


@requires(ACCOUNT)
async def end_sessions(request: web.Request) -> web.Response:
    """End all of the caller's sessions."""
    subject, current = signed_in(request)
    await request.app[SESSIONS].end_all(subject, current=current)
    return no_content()


def signed_in(request: web.Request) -> tuple[Subject, SessionId]:
    """Return the user and the session of the access token.

    Raises ``SessionRequired`` for a token of ``client_credentials``, which has no session.
    """
    principal = request[PRINCIPAL]
    if principal.session_id is None:
        raise SessionRequired(ACCOUNT)
    return principal.subject, principal.session_id


def session_id_in_path(request: web.Request) -> SessionId:
    """Return the session id in the path. Raises ``SessionNotFound`` for a malformed one."""
    try:
        return parse_session_id(request.match_info["sid"])
    except ValueError as error:
        raise SessionNotFound from error


def describe(session: Session, *, current: SessionId | None) -> SessionEntry:
    """Return a session as a JSON object, for its user or an administrator."""
    return {
        "sid": format_session_id(session.session_id),
        "current": session.session_id == current,
        "client_id": session.client_id,
        "scope": session.scope.text,
        "created_at": int(session.created_at),
        "last_used_at": int(session.rotated_at),
        "expires_at": int(session.ends_at()),
        "address": session.address,
        "device": session.device,
    }


ROUTES: Final = (
    Operation("GET", "/auth/me", me, responses=ResponseSpec(Caller)),
    Operation(
        "GET",
        "/auth/sessions",
        list_sessions,
        query=SESSION_PAGES.query,
        responses=ResponseSpec(SessionList),
        errors=(Unavailable,),
    ),
    Operation("DELETE", "/auth/sessions", end_sessions, responses=NO_CONTENT, errors=(Unavailable,)),
    Operation(
        "DELETE", "/auth/sessions/{sid}", end_session, responses=NO_CONTENT, errors=(SessionNotFound, Unavailable)
    ),
)

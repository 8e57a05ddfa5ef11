"""What became of a session: ``/admin/sessions``."""

from typing import Annotated, Final, TypedDict

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import format_session_id, parse_session_id
from ....domain.scope import ADMIN
from ....domain.sessions.errors import SessionNotFound
from ....domain.sessions.explanation import Explanation
from ...audit_record_json import EventEntry, event_members
from ...guards.aiohttp import requires
from ..operation import Operation, ResponseSpec
from ..responses import json_response

EXPLANATION: Final = web.AppKey("keyturn_explanation", Explanation)


class SessionTimeline(TypedDict):
    """A session's events, and what became of it."""

    sid: str
    state: Annotated[str, "live, revoked, expired, outdated or deleted"]
    conclusion: Annotated[str, "a sentence for people: why the session ended"]
    events: list[EventEntry]


@requires(ADMIN)
async def explain_session(request: web.Request) -> web.Response:
    """Tells what happened to a session, and why it ended."""
    try:
        session_id = parse_session_id(request.match_info["sid"])
    except ValueError as error:
        raise SessionNotFound from error
    told = await request.app[EXPLANATION].explain(session_id)
    answer: SessionTimeline = {
        "sid": format_session_id(told.session_id),
        "state": told.state,
        "conclusion": told.conclusion,
        "events": [event_members(each) for each in told.events],
    }
    return json_response(answer)


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/sessions/{sid}",
        explain_session,
        responses=ResponseSpec(SessionTimeline),
        errors=(SessionNotFound, Unavailable),
    ),
)

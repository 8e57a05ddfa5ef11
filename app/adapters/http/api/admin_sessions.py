"""The history of a session: ``/admin/sessions``."""

from typing import Annotated, Final, TypedDict

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.identifiers import format_session_id
from ....domain.scope import ADMIN
from ....domain.sessions.errors import SessionNotFound
from ....domain.sessions.explanation import Explanation
from ...audit_record_json import EventEntry, describe_record
from ...guards.aiohttp import requires
from ..operation import Operation, ResponseSpec
from ..responses import json_response
from .account import session_id_in_path

EXPLANATION: Final = web.AppKey("keyturn_explanation", Explanation)


class SessionTimeline(TypedDict):
    """The state of a session, and its audit events."""

    sid: str
    state: Annotated[str, "`live`, `revoked`, `expired`, `outdated` or `deleted`."]
    conclusion: Annotated[str, "A sentence that says why the session ended."]
    events: list[EventEntry]


@requires(ADMIN)
async def explain_session(request: web.Request) -> web.Response:
    """Show what happened to a session, and why it ended."""
    explained = await request.app[EXPLANATION].explain(session_id_in_path(request))
    timeline: SessionTimeline = {
        "sid": format_session_id(explained.session_id),
        "state": explained.state,
        "conclusion": explained.conclusion,
        "events": [describe_record(each) for each in explained.events],
    }
    return json_response(timeline)


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/sessions/{sid}",
        explain_session,
        responses=ResponseSpec(SessionTimeline),
        errors=(SessionNotFound, Unavailable),
    ),
)

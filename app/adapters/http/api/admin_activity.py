"""How many sign-ins, refusals and reuses there were: ``/admin/activity``."""

from typing import Annotated, Final, NotRequired, TypedDict

from aiohttp import web

from ....domain.audit.activity import Activity
from ....domain.errors import Unavailable
from ....domain.scope import ADMIN
from ...guards.aiohttp_marks import requires
from ..operation import Operation, ResponseSpec
from ..requests.query import read_query, whole_number_query
from ..responses import json_response

ACTIVITY: Final = web.AppKey("keyturn_activity", Activity)

_MAX_TIME: Final = 100_000_000_000
_WEEK: Final = 7 * 86_400

_UNTIL: Final = whole_number_query(
    "until",
    "The end of the time span, in seconds since the epoch; 0 is now.",
    minimum=0,
    maximum=_MAX_TIME,
    default=0,
)
_SPAN: Final = whole_number_query(
    "span", "The length of the time span in seconds.", minimum=60, maximum=_WEEK, default=21_600
)
_STEP: Final = whole_number_query(
    "step", "The seconds that are counted together.", minimum=60, maximum=900, default=900
)


class ActivityStep(TypedDict):
    """The events of one step."""

    at: Annotated[int, "The beginning of the step, in seconds since the epoch."]
    events: Annotated[dict[str, int], "The number of events of each name, such as `login_succeeded`."]


class ActivityList(TypedDict):
    """The counts of a time span, the earliest first. A step without events is left out."""

    since: Annotated[int, "The time from which the counts are complete, in seconds since the epoch."]
    until: int
    step: int
    steps: list[ActivityStep]
    next: NotRequired[Annotated[int, "The value of `until` for the rest of the span. Absent if there is none."]]


@requires(ADMIN)
async def show_activity(request: web.Request) -> web.Response:
    """Show how many sign-ins, refusals and reuses there were. A minute is counted when it is over."""
    until, span, step = read_query(request, _UNTIL, _SPAN, _STEP)
    page = await request.app[ACTIVITY].page(span=span, until=until or None, step=step)
    listed: ActivityList = {
        "since": page.since,
        "until": page.until,
        "step": step,
        "steps": [{"at": at, "events": dict(events)} for at, events in sorted(page.counts.items())],
    }
    if not page.is_whole:
        listed["next"] = page.since
    return json_response(listed)


ROUTES: Final = (
    Operation(
        "GET",
        "/admin/activity",
        show_activity,
        query=(_UNTIL, _SPAN, _STEP),
        responses=ResponseSpec(ActivityList),
        errors=(Unavailable,),
    ),
)

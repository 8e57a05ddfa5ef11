"""``keyturn sessions``: explain the state of a session."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..adapters.audit_record_json import describe_record
from ..domain.audit.record import AuditRecord
from ..domain.errors import ConfigurationError
from ..domain.identifiers import SessionId, format_session_id, parse_session_id
from ..domain.sessions.errors import SessionNotFound
from ..domain.sessions.timeline import Timeline, format_time
from ..service.settings import Settings
from .stores import opened_stores

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("sessions", help="explain the state of a session")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    explain = group.add_parser(
        "explain",
        help="show what happened to a session, and why it ended",
        description="Shows the events and the state of a session: for example why somebody was signed out.",
    )
    explain.add_argument("sid", type=str.strip, help="the id of the session: the claim sid of its access tokens")
    explain.add_argument("--json", action="store_true", help="print JSON")
    explain.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print the state of a session, and its events."""
    try:
        session_id = parse_session_id(arguments.sid)
    except ValueError as error:
        raise ConfigurationError(f"{arguments.sid!a} is not a session id, which has 22 characters.") from error
    try:
        timeline = asyncio.run(_explain(Settings.from_environment(environment), session_id))
    except SessionNotFound as error:
        raise ConfigurationError(
            f"Nothing is known of the session {arguments.sid}: it never existed, or KEYTURN_AUDIT_RETENTION has passed."
        ) from error
    print(_as_json(timeline) if arguments.json else _as_text(timeline))


async def _explain(settings: Settings, session_id: SessionId) -> Timeline:
    async with opened_stores(settings) as container:
        timeline: Timeline = await container.explanation().explain(session_id)
        return timeline


def _as_json(timeline: Timeline) -> str:
    events = [describe_record(each) for each in timeline.records]
    sid = format_session_id(timeline.session_id)
    return json.dumps({"sid": sid, "state": timeline.state, "conclusion": timeline.conclusion, "events": events})


def _as_text(timeline: Timeline) -> str:
    return "\n".join([timeline.conclusion, *map(_line, timeline.records)])


def _line(record: AuditRecord) -> str:
    details = " ".join(f"{name}={_printable(value)}" for name, value in record.details.items())
    return "  ".join(
        each for each in (format_time(record.at), f"{record.name:<20}", _printable(record.address), details) if each
    ).rstrip()


def _printable(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)

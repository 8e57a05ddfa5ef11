"""``keyturn sessions``: what became of a session."""

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
from .user_stores import opened_stores

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_to(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    parser = commands.add_parser("sessions", help="explain what became of a session")
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    explain = group.add_parser(
        "explain",
        help="tell what happened to a session, and why it ended",
        description="Tells a session's events and what became of it: why somebody was signed out.",
    )
    explain.add_argument("sid", type=str.strip, help="the session's id: the claim sid of its access tokens")
    explain.add_argument("--json", action="store_true", help="print JSON")
    explain.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
    """Print what became of a session, and its events."""
    try:
        session_id = parse_session_id(arguments.sid)
    except ValueError as error:
        raise ConfigurationError(f"{arguments.sid!a} is no session's id, which has 22 characters.") from error
    try:
        told = asyncio.run(_explain(Settings.from_environment(environment), session_id))
    except SessionNotFound as error:
        raise ConfigurationError(
            f"Nothing is known of the session {arguments.sid}: it never was, or KEYTURN_AUDIT_RETENTION is over."
        ) from error
    print(_as_json(told) if arguments.json else _as_text(told))


async def _explain(settings: Settings, session_id: SessionId) -> Timeline:
    async with opened_stores(settings) as parts:
        told: Timeline = await parts.explanation().explain(session_id)
        return told


def _as_json(told: Timeline) -> str:
    events = [describe_record(each) for each in told.events]
    sid = format_session_id(told.session_id)
    return json.dumps({"sid": sid, "state": told.state, "conclusion": told.conclusion, "events": events})


def _as_text(told: Timeline) -> str:
    return "\n".join([told.conclusion, *map(_line, told.events)])


def _line(event: AuditRecord) -> str:
    details = " ".join(f"{name}={_printable(value)}" for name, value in event.details.items())
    return "  ".join(
        each for each in (format_time(event.at), f"{event.name:<20}", _printable(event.address), details) if each
    ).rstrip()


def _printable(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else ascii(text)

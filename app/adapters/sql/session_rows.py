"""Sessions as rows of the table ``sessions``, and what several statements say about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import and_, bindparam, null, select, text

from ...domain.identifiers import format_session_id
from ...domain.scope import InvalidScope, Scope
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import LAST_SECOND, RevocationReason, Session
from .. import session_audience
from ..unreadable import log_unreadable
from .schema import SESSION_CUT_OFF, SESSIONS

_SESSION: Final = SESSIONS.c
_FIELDS: Final = tuple(field.name for field in fields(Session))

COLUMNS: Final = (*(_SESSION[name] for name in _FIELDS), _SESSION.salt)
"""The columns that ``session_of`` reads, in its order."""

CUT_OFF: Final = select(SESSION_CUT_OFF.c.cut_off).scalar_subquery()
"""The cut-off, or null. The table has at most one row."""

AFTER_CUT_OFF: Final = _SESSION.created_at >= text("coalesce((SELECT cut_off + 1 FROM session_cut_off), 0)")
"""Whether the session began after the second of the cut-off."""

# A condition on revoked_at fits an index that has every live session. PostgreSQL takes it for small, until it has
# statistics, and reads it from end to end. The condition on revoked_because fits no index, and means the same.
NOT_REVOKED: Final = and_(_SESSION.revoked_because.is_(None), AFTER_CUT_OFF)
"""Whether a session that was found by its id is not revoked."""

_HAS_TIME_LEFT: Final = _SESSION.ends_at >= bindparam("earliest_end")

LIVE: Final = and_(NOT_REVOKED, _HAS_TIME_LEFT)
"""Whether a session that was found by its id is live. ``live_at`` returns the parameter."""

LIVE_OF_SUBJECT: Final = and_(
    _SESSION.subject == bindparam("of_subject"), _SESSION.revoked_at.is_(None), AFTER_CUT_OFF, _HAS_TIME_LEFT
)
"""Whether the session is live and one of a subject. ``live_at`` returns the other parameter."""

REVOCATION: Final[Mapping[str, Any]] = {
    "revoked_at": bindparam("now"),
    "revoked_because": bindparam("reason"),
    "replaced": null(),
    "salt": null(),
}
"""The columns that a revocation changes."""


def live_at(now: float) -> Mapping[str, float]:
    """Return the parameter of the conditions: when a session that is live at ``now`` ends at the earliest."""
    return {"earliest_end": now + LAST_SECOND}


def row_of(session: Session) -> Mapping[str, object]:
    """Return the row of a session."""
    return {name: getattr(session, name) for name in _FIELDS} | {
        "scope": session.scope.text,
        "ends_at": session.ends_at(),
        "audience": session_audience.encode(session.audience) or None,
        **replaced_columns(session.replaced),
    }


def replaced_columns(replaced: ReplacedSecrets) -> Mapping[str, bytes | None]:
    """Return the columns of replaced secrets. The previous version of this program reads only the salt."""
    return {"replaced": replaced.packed or None, "salt": replaced.last_salt()}


def session_of(columns: Sequence[Any]) -> Session:
    """Return the session of a row of ``COLUMNS``."""
    *values, salt = columns
    facts = dict(zip(_FIELDS, values, strict=True))
    facts["scope"] = Scope.parse(facts["scope"])
    facts["replaced"] = ReplacedSecrets.stored(facts["replaced"] or b"", last_salt=salt, rotated_at=facts["rotated_at"])
    facts["audience"] = session_audience.decode(facts["audience"] or "")
    if facts["revoked_because"] is not None:
        facts["revoked_because"] = RevocationReason(facts["revoked_because"])
    return Session(**facts)


def sessions_of(rows: Iterable[Sequence[Any]]) -> list[Session]:
    """Return the sessions of rows of ``COLUMNS``. One that cannot be read is left out and logged."""
    found = (readable_session(row) for row in rows)
    return [each for each in found if each is not None]


def readable_session(columns: Sequence[Any]) -> Session | None:
    """Return the session of a row of ``COLUMNS``; ``None`` for one that cannot be read, which is logged."""
    try:
        return session_of(columns)
    except (TypeError, ValueError, InvalidScope) as error:
        log_unreadable("session", format_session_id(columns[0]), error)
        return None

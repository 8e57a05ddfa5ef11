"""Sessions as rows of the table ``sessions``, and what several statements say about them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import and_, bindparam, null, select, text

from ...domain.scope import Scope
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import LAST_SECOND, RevocationReason, Session
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
    if facts["revoked_because"] is not None:
        facts["revoked_because"] = RevocationReason(facts["revoked_because"])
    return Session(**facts)

"""A session as JSON."""

import json
from dataclasses import asdict
from typing import Any, Final

from keyturn.domain.scope import Scope
from keyturn.domain.sessions.session import RevocationReason, Session

_BYTES: Final = ("session_id", "lineage_digest", "secret_digest", "salt")


def dump(session: Session) -> bytes:
    """Return the session as JSON. Python writes each float so that it is read back as the same float."""
    members: dict[str, Any] = asdict(session) | {"scope": session.scope.text}
    for name in _BYTES:
        members[name] = None if members[name] is None else members[name].hex()
    return json.dumps(members).encode()


def load(text: bytes) -> Session:
    """Return the session that ``dump`` wrote."""
    members: dict[str, Any] = json.loads(text)
    for name in _BYTES:
        members[name] = None if members[name] is None else bytes.fromhex(members[name])
    members["scope"] = Scope.parse(members["scope"])
    if members["revoked_because"] is not None:
        members["revoked_because"] = RevocationReason(members["revoked_because"])
    return Session(**members)

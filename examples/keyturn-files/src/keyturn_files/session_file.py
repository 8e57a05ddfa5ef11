"""A session as JSON."""

import json
from dataclasses import asdict
from typing import Any, Final

from keyturn.domain.scope import Scope
from keyturn.domain.sessions.replaced import ReplacedSecrets
from keyturn.domain.sessions.session import RevocationReason, Session

_BYTES: Final = ("session_id", "lineage_digest", "secret_digest")


def dump(session: Session) -> bytes:
    """Return the session as JSON. Python writes each float so that it is read back as the same float."""
    members: dict[str, Any] = asdict(session)
    members["scope"] = session.scope.text
    members["replaced"] = session.replaced.packed.hex()
    for name in _BYTES:
        members[name] = members[name].hex()
    return json.dumps(members).encode()


def load(text: bytes) -> Session:
    """Return the session that ``dump`` wrote."""
    members: dict[str, Any] = json.loads(text)
    for name in _BYTES:
        members[name] = bytes.fromhex(members[name])
    members["replaced"] = ReplacedSecrets(bytes.fromhex(members["replaced"]))
    members["scope"] = Scope.parse(members["scope"])
    if members["revoked_because"] is not None:
        members["revoked_because"] = RevocationReason(members["revoked_because"])
    return Session(**members)

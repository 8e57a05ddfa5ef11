"""What the errors of PostgreSQL mean, and how to mend what caused them."""

from collections.abc import Mapping
from typing import Final

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..connecting import sentence_of
from ..store_faults import (
    DAMAGED,
    DISK_FULL,
    LOCKED,
    MEMORY_FULL,
    NO_ANSWER,
    NO_PERMISSION,
    READ_ONLY,
    REFUSED,
    STARTING,
    StoreFault,
    unavailable,
)

_STORE: Final = "PostgreSQL"
_SETTING: Final = "KEYTURN_DATABASE_URL"

READ_ONLY_STATE: Final = "25006"
"""The SQLSTATE of a change on a server that only reads: it was the primary, and is a replica now."""

_BROKEN: Final = StoreFault(DAMAGED, "The database is damaged: restore it, or change to a replica.")
_DENIED: Final = StoreFault(NO_PERMISSION, "Grant the user of KEYTURN_DATABASE_URL all rights on its tables.")
_LOGIN: Final = StoreFault(NO_PERMISSION, "Correct the user or the password in KEYTURN_DATABASE_URL, or pg_hba.conf.")
_UNREACHABLE: Final = StoreFault(NO_ANSWER, "Start the server, or correct the host and the port of the URL.")
_POOLED: Final = StoreFault(REFUSED, "A pooler shares connections: set KEYTURN_STORE_PREPARED_STATEMENTS to 0.")
_LATE: Final = StoreFault(NO_ANSWER, "The server or the network is too slow, or a lock is held.")
_CONFIGURED: Final = StoreFault(NO_ANSWER, "The next connection reads it again.")
_OTHER: Final = StoreFault(REFUSED, "The log of the server says more.")

_FAULTS: Final[Mapping[str, StoreFault]] = {
    READ_ONLY_STATE: StoreFault(
        READ_ONLY,
        "Name the primary in KEYTURN_DATABASE_URL, or set default_transaction_read_only to off for the database and the"
        " user.",
    ),
    "53100": StoreFault(DISK_FULL, "Free space on the disk of the server."),
    "53200": StoreFault(MEMORY_FULL, "Give the server more memory."),
    "53": StoreFault(REFUSED, "Raise max_connections of the server, or lower KEYTURN_STORE_CONNECTIONS."),
    "42501": _DENIED,
    "28": _LOGIN,
    "3D": StoreFault(NO_PERMISSION, "Create the database, or correct KEYTURN_DATABASE_URL."),
    "42": StoreFault(REFUSED, "The schema was changed: restore it, or restart the service."),
    "42P05": _POOLED,
    "26000": _POOLED,
    "55P03": StoreFault(LOCKED, "Find out who holds a lock on the tables of Keyturn."),
    "57014": _LATE,
    "57P": StoreFault(STARTING, "Wait until the server has started."),
    "58": StoreFault(DAMAGED, "Look at the disk of the server, and at its log."),
    "XX001": _BROKEN,
    "XX002": _BROKEN,
    "08": _UNREACHABLE,
}
"""Faults by the SQLSTATE or its first characters. Only these sentences are logged: others may quote values, such as
those of an invalid argument or of a trigger.
"""


def sqlstate_of(error: BaseException) -> str:
    """Return the SQLSTATE of an error of the driver, or an empty text."""
    return getattr(error, "sqlstate", None) or ""


def fault_of(error: Exception, *, setting: str = _SETTING) -> StoreUnavailable:
    """Return the error of the ports for an error of the driver. It names ``setting``, which has the URL."""
    says, fault = _sentence_and_fault(error)
    return unavailable(_STORE, says, fault._replace(mend=fault.mend.replace(_SETTING, setting)))


def _sentence_and_fault(error: Exception) -> tuple[str, StoreFault]:
    state = sqlstate_of(error)
    for known in (state, state[:3], state[:2]):
        if known in _FAULTS:
            sentence = getattr(error, "message", None) or type(error).__name__
            return f"{sentence} ({state})", _FAULTS[known]
    if state:
        return f"{type(error).__name__} ({state})", _OTHER
    if isinstance(error, TimeoutError):
        return str(error) or "no answer in time", _LATE
    if isinstance(error, OSError):
        return sentence_of(error), _UNREACHABLE
    if isinstance(error, ConfigurationError):  # a file that the URL names
        return str(error), _CONFIGURED
    return type(error).__name__, _OTHER

"""What the errors of Redis and Valkey mean, and how to mend what caused them. No client library is needed here."""

import re
from collections.abc import Mapping
from typing import Final

from ...domain.errors import StoreUnavailable
from ..connecting import system_sentence_of
from ..store_faults import (
    DISK_ERROR,
    MEMORY_FULL,
    NO_ANSWER,
    NO_PERMISSION,
    READ_ONLY,
    REFUSED,
    STARTING,
    TOO_FEW_REPLICAS,
    WRITES_BLOCKED,
    StoreFault,
    unavailable,
)

_STORE: Final = "Redis or Valkey"

_LOGIN: Final = StoreFault(NO_PERMISSION, "Correct the user or the password in KEYTURN_SESSION_URL.")
_UNREACHABLE: Final = StoreFault(NO_ANSWER, "Start the server, or correct the host and the port of the URL.")
_LATE: Final = StoreFault(NO_ANSWER, "The server or the network is too slow.")
_PAUSED: Final = StoreFault(
    WRITES_BLOCKED, "Run CLIENT UNPAUSE if somebody has paused the writes; else look at the disk of the server."
)
_REPLICAS: Final = StoreFault(
    TOO_FEW_REPLICAS, "Bring the replicas back, or set KEYTURN_SESSION_REPLICAS or min-replicas-to-write lower."
)
_CLUSTER: Final = StoreFault(NO_ANSWER, "Bring the missing nodes of the cluster back.")
_OTHER: Final = StoreFault(REFUSED, "The log of the server may say more.")

_FAULTS: Final[Mapping[str, StoreFault]] = {
    "OOM": StoreFault(MEMORY_FULL, "Raise maxmemory of the server."),
    "READONLY": StoreFault(READ_ONLY, "The server is a replica: name the primary in KEYTURN_SESSION_URL."),
    "MISCONF": StoreFault(DISK_ERROR, "The server cannot write to its disk: look at its space and at its log."),
    "NOPERM": StoreFault(
        NO_PERMISSION,
        "Grant the user of KEYTURN_SESSION_URL the keys keyturn:*, the channel keyturn:revocations, EVAL, EVALSHA and"
        " the commands of sessions.",
    ),
    "NOAUTH": _LOGIN,
    "WRONGPASS": _LOGIN,
    "NOREPLICAS": _REPLICAS,
    "LOADING": StoreFault(STARTING, "Wait until the server has loaded its data."),
    "MASTERDOWN": StoreFault(READ_ONLY, "The server is a replica without its primary: name the primary."),
    "CLUSTERDOWN": _CLUSTER,
    "TRYAGAIN": _CLUSTER,
    "BUSY": StoreFault(NO_ANSWER, "Another script is running for too long: run SCRIPT KILL."),
}
"""Faults by the first word of the error. Only these sentences are logged: others may quote arguments of a command."""

_IN_SCRIPT: Final = re.compile(r"^(?:ERR )?ACL failure in script: ")
"""How the refusal of a command begins that a script runs. Some versions give it no word of its own."""


def fault_of_reply(reply: str) -> StoreUnavailable:
    """Return the error of the ports for an error that the server sent. ``reply`` begins with its first word."""
    reply = _IN_SCRIPT.sub("NOPERM ", reply)
    word, _, sentence = reply.partition(" ")
    if word in _FAULTS:
        return unavailable(_STORE, f"{word} {sentence.partition(' script: ')[0]}", _FAULTS[word])
    return unavailable(_STORE, word if word.isalpha() and word.isupper() else "an error", _OTHER)


def fault_of_connection(error: Exception) -> StoreUnavailable:
    """Return the error of the ports for a connection that failed, or for an answer that did not come in time."""
    if isinstance(error, TimeoutError):
        return unavailable(_STORE, "no answer in time", _LATE)
    return unavailable(_STORE, system_sentence_of(error) or type(error).__name__, _UNREACHABLE)


def writes_blocked() -> StoreUnavailable:
    """Return the error for a server that answers reads and no writes."""
    return unavailable(_STORE, "reads are answered in time, and writes are not", _PAUSED)


def too_few_replicas() -> StoreUnavailable:
    """Return the error for a change that too few replicas have confirmed in time."""
    return unavailable(_STORE, "too few replicas confirmed a change", _REPLICAS)

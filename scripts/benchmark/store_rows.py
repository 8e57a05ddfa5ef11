"""The rows of a store: refreshes, compared with a signature and with the peer of the store, with one worker and with
two, and requests beside them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Final

from app.adapters.keys.directory import create_key_file

from . import cores, profiling, servers
from .figures import Profile
from .laboratory import Laboratory
from .load import Server
from .operations import SIGN
from .rounds import Probe, Reading, Row
from .stores import STORES, Store

SIGNATURE: Final = "raw RSA-2048 signature"

_AIMS: Final = {"memory": 0.70, "sqlite": 0.50, "postgres": 0.40, "valkey": 0.45}
"""Shares of the rate of signing alone."""

_AIMS_BESIDE_PEERS: Final = {"memory": 1.05, "sqlite": 0.9, "postgres": 0.9}
"""Shares of the peers' rates."""

_TWO_WORKERS: Final = ("postgres", "valkey")
_TWO_WORKERS_AIM: Final = 1.10


@contextmanager
def store_rows(lab: Laboratory, name: str, profiles: list[Profile], *, profile_seconds: float) -> Iterator[list[Row]]:
    """Start the store, the services on it and its peer. Yield the rows. Add the profile of a refresh to ``profiles``.

    The profile is made before, by a service of its own that is sampled.
    """
    with STORES[name]() as store, servers.key_directory() as keys, ExitStack() as running:
        create_key_file(keys, bits=2048, passphrase=None, activates_at=0.0)
        settings = {**store.settings, "KEYTURN_KEYS_DIR": str(keys)}
        first, lines = 2 * lab.sessions, 3 if name in _TWO_WORKERS else 2
        with profiling.sampled_service(settings, range(first)) as (service, sampling):
            profiles.append(lab.profile(_named(name), service, sampling, profile_seconds))
        one = running.enter_context(servers.service(settings, sessions=range(first, first + lines * lab.sessions)))
        alone = lab.refreshes(_named(name), one)
        rows = [_refresh_row(lab, name, alone), *_peer_rows(lab, store, alone, running)]
        rows.append(_waiting_row(lab, name, one))
        if name in _TWO_WORKERS:
            others = one.sessions[2 * lab.sessions :]
            rows += _two_workers_rows(lab, name, settings, others, alone=alone, running=running)
        yield rows


def _named(store: str) -> str:
    """Return the name of the row of a store. The row of the memory has no addition."""
    return "POST /auth/refresh" if store == "memory" else f"POST /auth/refresh on {store}"


def _refresh_row(lab: Laboratory, store: str, alone: Probe) -> Row:
    return Row(
        name=_named(store),
        probe=alone,
        limit=lab.operation(SIGN, while_busy_as=_named(store)),
        limit_name=SIGNATURE,
        reading=Reading.SHARE,
        aim=_AIMS[store],
        by_rate=True,
    )


def _peer_rows(lab: Laboratory, store: Store, alone: Probe, running: ExitStack) -> Sequence[Row]:
    if store.peer is None:
        return ()
    line = f"refresh of the peer on {store.name}"
    peer = lab.refreshes(line, running.enter_context(servers.peer(store.peer, store.peer_environment)))
    return (
        Row(
            name=f"{_named(store.name)} beside the peer",
            probe=alone,
            limit=peer,
            limit_name=line,
            reading=Reading.SHARE,
            aim=_AIMS_BESIDE_PEERS[store.name],
            by_rate=True,
        ),
        Row(
            name=line,
            probe=peer,
            limit=lab.operation(SIGN, while_busy_as=line),
            limit_name=SIGNATURE,
            reading=Reading.SHARE,
            by_rate=True,
        ),
    )


def _waiting_row(lab: Laboratory, store: str, service: Server) -> Row:
    line = f"p99 of GET /auth/me beside refreshes on {store}"
    return Row(
        name=line,
        probe=lab.waits(line, service),
        limit=lab.operation(SIGN, while_busy_as=line),
        limit_name=SIGNATURE,
        reading=Reading.TIMES,
    )


def _two_workers_rows(
    lab: Laboratory, store: str, settings: Mapping[str, str], sessions: range, *, alone: Probe, running: ExitStack
) -> Sequence[Row]:
    """Return the rows of two workers, which refresh these sessions of the store."""
    both = (cores.MEASURED, cores.DRIVING)
    service = running.enter_context(servers.service({**settings, "KEYTURN_WORKERS": "2"}, on=both))
    line = f"{_named(store)}, two workers"
    together = lab.refreshes(line, replace(service, sessions=sessions))
    return (
        Row(
            name=line,
            probe=together,
            limit=lab.operation(SIGN, while_busy_as=line),
            limit_name=SIGNATURE,
            reading=Reading.SHARE,
        ),
        Row(
            name=f"{line}, against one",
            probe=together,
            limit=alone,
            limit_name="the same with one worker",
            reading=Reading.TIMES,
            aim=_TWO_WORKERS_AIM,
        ),
    )

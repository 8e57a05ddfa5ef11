"""All rows and figures of a run."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from . import openssl, servers, sizes
from .asgi_rows import asgi_rows
from .edge_rows import edge_rows
from .figures import Figure, Profile
from .grant_rows import grant_rows
from .growth_rows import growth_rows, postgres_growth_rows, sqlite_growth_rows
from .laboratory import Laboratory
from .operation_rows import operation_rows
from .rounds import Row
from .sign_ins import SESSIONS_OF_A_LINE
from .starts import starts
from .store_rows import store_rows
from .stores import STORES


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much a run measures. Rotations are measured among ``few`` and among ``many`` sessions.

    ``seconds`` are those of the rounds, of which there are ``rounds`` at least. ``pace`` multiplies the length of each
    measurement. ``stored`` is the number of sessions whose size is measured in memory. ``sessions`` is the number of
    sessions that each line of refreshes has. ``cold_starts`` are the first starts of a fresh clone, which install
    packages; 0 leaves them out.
    """

    few: int = 1_000
    many: int = 1_000_000
    stored: int = 100_000
    stored_in_valkey: int = 20_000
    seconds: float = 150.0
    rounds: int = 15
    profile_seconds: float = 5.0
    pace: float = 1.0
    sessions: int = SESSIONS_OF_A_LINE
    cold_starts: int = 2


FULL: Final = Scale()
QUICK: Final = Scale(
    many=20_000, stored=20_000, stored_in_valkey=5_000, seconds=16.0, rounds=2, profile_seconds=1.0, cold_starts=1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The rows of a run, and what was measured before the rounds."""

    rows: Sequence[Row]
    figures: Sequence[Figure]
    profiles: list[Profile] = field(default_factory=list)


@contextmanager
def suite(lab: Laboratory, scale: Scale, *, stores: Sequence[str], progress: Callable[[str], None]) -> Iterator[Suite]:
    """Start the servers, make the sessions, and yield the rows. ``stores`` are names of ``STORES``."""
    figures: list[Figure] = []
    profiles: list[Profile] = []
    rows: list[Row] = []
    with ExitStack() as running:
        progress("starts")
        figures += starts(scale.cold_starts)
        progress("memory of sessions")
        figures += sizes.in_memory(scale.stored)
        if "valkey" in stores:
            figures.append(sizes.in_valkey(scale.stored_in_valkey))
        figures += openssl.signature_figures(lab)
        for store in (name for name in STORES if name in stores):
            progress(f"refresh on {store}")
            found = store_rows(lab, store, profiles, profile_seconds=scale.profile_seconds)
            rows += running.enter_context(found)
        progress("other servers")
        service = running.enter_context(servers.service(servers.own_issuer()))
        routes = running.enter_context(servers.routes(service, lab.jwk_set(service)))
        rows += running.enter_context(grant_rows(lab, service, routes[0]))
        rows += running.enter_context(edge_rows(lab, service, routes))
        rows += running.enter_context(asgi_rows(lab, service))
        rows += operation_rows(lab)
        progress(f"{scale.many:,} sessions")
        rows += running.enter_context(growth_rows(lab, few=scale.few, many=scale.many))
        for store, growth in (("sqlite", sqlite_growth_rows), ("postgres", postgres_growth_rows)):
            if store in stores:
                progress(f"{scale.many:,} sessions on {store}")
                rows += running.enter_context(growth(lab, figures, few=scale.few, many=scale.many))
        yield Suite(rows=rows, figures=figures, profiles=profiles)

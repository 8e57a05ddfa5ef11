"""The scenarios: which clients there are, and which tokens they hold."""

from typing import Final, NamedTuple

from app.domain.clients.client import FIRST_PARTY_CLIENT
from app.domain.sessions import ratchet
from app.domain.sessions.replaced import ReplacedSecret, ReplacedSecrets
from app.testing.builders import ALICE, refresh_token, session_of
from app.testing.system import NOW

from .explorer import Client, Exploration, State
from .invariants import Invariants
from .requests import CHANGE_PASSWORD, DISABLE, LOGIN, LOGOUT, REFRESH, Runner, SteppedServices
from .steps import SIGNER
from .store import ModelStore, StoreState

_SALT: Final = bytes(range(32))
_OLD: Final = refresh_token()
_CURRENT: Final = ratchet.successor(_OLD, salt=_SALT, generation=1)
_OTHER: Final = refresh_token(session=2, secret=7)

OLD, CURRENT, OTHER = ratchet.encode(_OLD), ratchet.encode(_CURRENT), ratchet.encode(_OTHER)
"""The replaced and the current token of the first session, and the token of the second session."""

ONE_TOKEN: Final = [(REFRESH, CURRENT), (REFRESH, CURRENT)]
TWO_GENERATIONS: Final = [(REFRESH, OLD), (REFRESH, CURRENT)]

TWO_CLIENTS: Final = {
    "two refreshes of one token": ONE_TOKEN,
    "two refreshes of two generations": TWO_GENERATIONS,
    "refresh and logout": [(REFRESH, CURRENT), (LOGOUT, CURRENT)],
    "refresh and change of the password": [(REFRESH, CURRENT), (CHANGE_PASSWORD, OTHER)],
    "refresh and disabling": [(REFRESH, CURRENT), (DISABLE, "")],
    "login and change of the password": [(LOGIN, ""), (CHANGE_PASSWORD, OTHER)],
}

THREE_CLIENTS: Final = {
    "three refreshes of one token": [*ONE_TOKEN, (REFRESH, CURRENT)],
    "three refreshes of two generations": [*TWO_GENERATIONS, (REFRESH, CURRENT)],
    "two refreshes and a logout": [*TWO_GENERATIONS, (LOGOUT, CURRENT)],
    "two refreshes and disabling": [*TWO_GENERATIONS, (DISABLE, "")],
}


class Found(NamedTuple):
    """How much an exploration has visited."""

    states: int
    schedules: int


def explore(services: SteppedServices, clients: list[tuple[str, str]], *, retries: int = 1) -> Found:
    """Explore all schedules of these clients, each with a kind and a token; raises ``Counterexample``."""
    runner, store = Runner(services), ModelStore(FIRST_PARTY_CLIENT)
    changes_users = any(kind in (CHANGE_PASSWORD, DISABLE) for kind, _ in clients)
    constant = frozenset({SIGNER, "clients"} if changes_users else {SIGNER, "clients", "users"})
    exploration = Exploration(runner, store, Invariants(runner, store), constant=constant)
    twins = [number > 0 and clients[number] == clients[number - 1] for number in range(len(clients))]
    state = State(
        store=store.state(_stored()),
        clients=tuple(
            Client(kind, token, retries, twin=twin) for (kind, token), twin in zip(clients, twins, strict=True)
        ),
        running=(),
        now=NOW,
        failures=1,
        time_steps=1,
    )
    for number in range(len(clients)):
        state = exploration.start(state, number, attempt=0)
    schedules = exploration.explore(state)
    return Found(exploration.states, schedules)


def _stored() -> StoreState:
    """Return a store in which the first session was rotated a moment ago."""
    replaced = ReplacedSecret(ratchet.digest(_OLD.secret), _SALT, NOW - 1)
    first = session_of(_CURRENT, generation=1, rotated_at=NOW - 1, replaced=ReplacedSecrets.of(replaced))
    chain = (ratchet.digest(_OLD.secret), NOW - 1), (ratchet.digest(_CURRENT.secret), None)
    return StoreState((first, session_of(_OTHER)), (ALICE,), chain)

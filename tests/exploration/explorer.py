"""Explore every schedule of a few requests: every order of their steps, with a failure, retries and a step of time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.domain.errors import Unavailable
from app.domain.sessions.errors import InvalidGrant

from .invariants import Broken, Invariants
from .requests import LOGIN, REFRESH, WINDOW, Position, Request, Runner
from .steps import UNAVAILABLE
from .store import ModelStore, StoreState


class Client(NamedTuple):
    """A client: the refresh token that it holds, and how often it may still ask again.

    ``confirmed`` tells whether it has received a success, ``moved`` whether something has happened to it, and ``twin``
    whether the client before it is equal to it until then.
    """

    kind: str
    token: str
    retries: int
    twin: bool = False
    moved: bool = False
    confirmed: bool = False


class Running(NamedTuple):
    """A request that runs. ``is_awaited`` tells whether its client still waits for the response.

    When it was sent, ``generation`` was the current one, ``is_outdated`` tells whether its token had been replaced
    before the window, and ``ended_before`` whether somebody had been told that the first session has ended.
    """

    position: Position
    is_awaited: bool
    generation: int
    is_outdated: bool
    ended_before: bool


class State(NamedTuple):
    """All that decides what can happen next."""

    store: StoreState
    clients: tuple[Client, ...]
    running: tuple[Running, ...]
    now: float
    failures: int
    time_steps: int


class Exploration:
    """Visits every state that the schedules of a scenario reach, and checks the invariants in each.

    ``states`` counts the states, and ``schedules`` the schedules: the ways from the first state to a last one.
    """

    def __init__(self, runner: Runner, store: ModelStore, invariants: Invariants, *, constant: frozenset[str]) -> None:
        """``constant`` names the ports to which no request of the scenario writes."""
        self._runner = runner
        self._constant = constant
        self._store = store
        self._invariants = invariants
        self._schedules: dict[int, int] = {}
        self._path: list[str] = []

    @property
    def states(self) -> int:
        """Return the number of different states."""
        return len(self._schedules)

    def explore(self, state: State) -> int:
        """Return the number of schedules from ``state`` on; raises ``Counterexample``."""
        key = _key(state)
        known = self._schedules.get(key)
        if known is not None:
            return known
        schedules = 0
        for label, after in self._moves(state):
            self._path.append(label)
            try:
                for running in after.running:
                    if running.position.outcome is not None:
                        self._invariants.check_outcome(running, after.store, after.now)
                settled = self._without_finished(after)
                schedules += sum(self._explored(each, choice) for choice, each in settled)
            except Broken as broken:
                raise Counterexample(str(broken), list(self._path)) from broken
            self._path.pop()
        if not schedules:
            try:
                self._invariants.check_end(state.store, state.clients, state.now)
            except Broken as broken:
                raise Counterexample(str(broken), list(self._path)) from broken
            schedules = 1
        self._schedules[key] = schedules
        return schedules

    def _explored(self, state: State, choice: str) -> int:
        self._path.append(choice)
        schedules = self.explore(state)
        self._path.pop()
        return schedules

    def start(self, state: State, number: int, attempt: int) -> State:
        """Return the state after a client has sent its request."""
        client = state.clients[number]
        request = Request(number, attempt, client.kind, client.token, state.now)
        ended = any(each.confirmed for each in state.clients if each.kind not in (REFRESH, LOGIN))
        replaced_at = state.store.replaced_at(client.token) if client.kind == REFRESH else None
        running = Running(
            self._runner.start(request),
            is_awaited=True,
            generation=len(state.store.chain) - 1,
            is_outdated=replaced_at is not None and state.now - replaced_at >= WINDOW,
            ended_before=ended,
        )
        return state._replace(running=(*state.running, running))

    def _moves(self, state: State) -> Iterator[tuple[str, State]]:
        """Yield each thing that can happen next, and the state after it."""
        alone = self._independent(state)
        if alone is not None:
            yield from self._calls(state, alone)
            return
        for number, running in enumerate(state.running):
            if _may_move(state, running.position.request.client):
                yield from self._calls(state, number)
        for number, running in enumerate(state.running):
            index = running.position.request.client
            client = state.clients[index]
            if running.is_awaited and client.kind == REFRESH and client.retries and _may_move(state, index):
                yield f"client {index} gives up", self._retried(state, number)
        if state.time_steps and state.running and not any(_is_advancing(each) for each in state.running):
            passed = state._replace(now=state.now + WINDOW + 1, time_steps=state.time_steps - 1)
            yield f"{WINDOW + 1} seconds pass", passed

    def _independent(self, state: State) -> int | None:
        """Return a running request whose next step nothing else can affect or notice; ``None`` if there is none.

        Then no other order of the steps has to be tried: it reads what nobody writes, and does not read the clock
        afterwards, or no time passes any more.
        """
        for number, running in enumerate(state.running):
            step = running.position.pending
            if step is not None and not step.is_write and step.port in self._constant:
                answer, _ = self._store.execute(state.store, step)
                after = self._runner.resume(running.position, answer, state.now)
                if not (after.reads_clock and state.time_steps):
                    return number
        return None

    def _calls(self, state: State, number: int) -> Iterator[tuple[str, State]]:
        """Yield the next step of a running request: it is done, or it fails before or after it is done."""
        running = state.running[number]
        step = running.position.pending
        assert step is not None
        name = f"{running.position.request}: {step.port}.{step.act}"
        answer, store = self._store.execute(state.store, step)
        yield name, self._resumed(state, number, answer, store)
        if state.failures:
            failed = state._replace(failures=state.failures - 1)
            yield f"{name} fails before it is done", self._resumed(failed, number, UNAVAILABLE, state.store)
            if step.is_write:
                yield f"{name} is done, and then fails", self._resumed(failed, number, UNAVAILABLE, store)

    def _resumed(self, state: State, number: int, answer: Any, store: StoreState) -> State:
        running = state.running[number]
        position = self._runner.resume(running.position, answer, state.now)
        state = _moved(state, position.request.client)
        others = state.running[:number], state.running[number + 1 :]
        return state._replace(store=store, running=(*others[0], running._replace(position=position), *others[1]))

    def _without_finished(self, state: State) -> Iterator[tuple[str, State]]:
        """Yield the states after a finished request has left: its response arrives, or is lost and asked for again."""
        number = next((number for number, each in enumerate(state.running) if each.position.outcome), None)
        if number is None:
            yield "", state
            return
        finished = state.running[number]
        left = state._replace(running=state.running[:number] + state.running[number + 1 :])
        outcome, index = finished.position.outcome, finished.position.request.client
        if not finished.is_awaited or outcome is None:
            yield "nobody waits for the response", left
            return
        client = state.clients[index]
        is_final = outcome.error is None or isinstance(outcome.error, InvalidGrant)
        if is_final:
            yield f"client {index} gets the response", self._delivered(left, index, outcome)
        else:
            yield f"client {index} gets an error", left
        may_ask_again = client.kind == REFRESH or isinstance(outcome.error, Unavailable)
        if client.retries and may_ask_again:
            lost = "the response is lost" if is_final else "the client asks again"
            yield f"client {index}: {lost}", self._asked_again(left, index)

    def _delivered(self, state: State, index: int, outcome: Any) -> State:
        client = state.clients[index]
        if outcome.error is None:
            result = getattr(outcome.result, "tokens", outcome.result)
            token = getattr(result, "refresh_token", client.token)
            client = client._replace(token=token, confirmed=True)
        return _with_client(state, index, client)

    def _retried(self, state: State, number: int) -> State:
        running = state.running[number]
        abandoned = running._replace(is_awaited=False)
        state = state._replace(running=(*state.running[:number], abandoned, *state.running[number + 1 :]))
        return self._asked_again(state, running.position.request.client)

    def _asked_again(self, state: State, index: int) -> State:
        client = state.clients[index]
        state = _with_client(state, index, client._replace(retries=client.retries - 1, moved=True))
        return self.start(state, index, attempt=1)


class Counterexample(AssertionError):
    """A schedule that breaks an invariant, as a list of steps."""

    def __init__(self, broken: str, steps: list[str]) -> None:
        listed = "\n".join(f"  {number}. {step}" for number, step in enumerate(filter(None, steps), start=1))
        super().__init__(f"{broken}\n{listed}")


def _is_advancing(running: Running) -> bool:
    """Return whether the next step is the compare-and-swap. It has a time limit far below the replay window."""
    return running.position.pending is not None and running.position.pending.act == "advance"


def _may_move(state: State, index: int) -> bool:
    """Return whether something may happen to a client. Of equal clients the first one moves first, because any other
    order differs only in their names.
    """
    client = state.clients[index]
    return client.moved or not client.twin or state.clients[index - 1].moved


def _moved(state: State, index: int) -> State:
    client = state.clients[index]
    return state if client.moved else _with_client(state, index, client._replace(moved=True))


def _with_client(state: State, index: int, client: Client) -> State:
    return state._replace(clients=(*state.clients[:index], client, *state.clients[index + 1 :]))


def _key(state: State) -> int:
    """Return a number of 64 bits that two equal states share. Positions and states of the store exist once each.

    That two of 10^7 different states share one has a probability of about 10^-6.
    """
    running = frozenset((id(each.position), *each[1:]) for each in state.running)
    return hash((id(state.store), state.clients, running, state.now, state.failures))

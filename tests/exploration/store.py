"""The model of the store: immutable states, and the answer of a call in each of them."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final

from app.domain.clients.client import Client
from app.domain.identifiers import SessionId
from app.domain.login.user import User
from app.domain.sessions import ratchet
from app.domain.sessions.session import Session
from app.testing.sessions import FakeSessionRepository
from app.testing.users import FakeUserRepository

from .steps import SIGNER, Step


@dataclass(frozen=True)
class StoreState:
    """What is stored. ``chain`` has for each secret that was ever current in the first session its digest, and when
    it was replaced (``None`` for the current one).
    """

    sessions: tuple[Session, ...]
    users: tuple[User, ...]
    chain: tuple[tuple[bytes, float | None], ...]

    def session(self, session_id: SessionId) -> Session:
        """Return the session with this id."""
        return next(each for each in self.sessions if each.session_id == session_id)

    @property
    def user(self) -> User:
        """Return the only user."""
        return self.users[0]

    def generation_of(self, digest: bytes) -> int | None:
        """Return the generation whose secret has this digest; ``None`` if it was never current."""
        return next((number for number, (each, _) in enumerate(self.chain) if each == digest), None)

    def replaced_at(self, refresh_token: str) -> float | None:
        """Return when a token of the first session was replaced; ``None`` if it is the current one."""
        generation = self.generation_of(ratchet.digest(ratchet.parse(refresh_token).secret))
        assert generation is not None, "a client presents only tokens that it was given"
        return self.chain[generation][1]

    def is_dead(self, session: Session, now: float) -> bool:
        """Return whether no token of the session may work any more."""
        outdated = session.credential_version != self.user.credential_version or self.user.disabled
        return outdated or not session.is_live(now)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the model of the store waited")


class ModelStore:
    """Runs calls on states. Each state and each answer is computed once, so equal states are the same object."""

    def __init__(self, client: Client) -> None:
        self._client: Final = client
        self._states: dict[StoreState, StoreState] = {}
        self._answers: dict[tuple[int, Step], tuple[Any, StoreState]] = {}

    def state(self, state: StoreState) -> StoreState:
        """Return the one object that is equal to ``state``."""
        return self._states.setdefault(state, state)

    def execute(self, state: StoreState, step: Step) -> tuple[Any, StoreState]:
        """Return the answer of the call, and the state after it."""
        known = self._answers.get((id(state), step))
        if known is None:
            known = self._answers[id(state), step] = self._execute(state, step)
        return known

    def _execute(self, state: StoreState, step: Step) -> tuple[Any, StoreState]:
        if step.port == "clients":
            return self._client, state
        if step.port == SIGNER:
            return b"signature", state
        sessions, users = FakeSessionRepository(), FakeUserRepository()
        sessions.stored = {each.session_id: each for each in state.sessions}
        users.stored = {each.subject: each for each in state.users}
        repository = sessions if step.port == "sessions" else users
        answer = run(getattr(repository, step.act)(*step.arguments, **dict(step.keywords)))
        chain = state.chain
        first = next(iter(sessions.stored.values()))
        if first.secret_digest != chain[-1][0]:
            chain = (*chain[:-1], (chain[-1][0], first.rotated_at), (first.secret_digest, None))
        after = StoreState(tuple(sessions.stored.values()), tuple(users.stored.values()), chain)
        return tuple(answer) if isinstance(answer, list) else answer, self.state(after)

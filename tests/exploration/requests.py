"""Requests: runs of a service of the domain, up to any of its steps."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, cast

from app.domain.identifiers import FIRST_PARTY
from app.domain.login.admission import Admission, Admitted
from app.domain.login.user import User
from app.domain.rate_limits.rate_limit import LocalRateLimit, RateLimit
from app.domain.sessions import ratchet
from app.domain.sessions.rotation import Rotation
from app.domain.sessions.session import SessionPolicy
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import ALICE, AUDIENCE, ISSUER, PASSWORD, RATE_LIMITS
from app.testing.services import Services
from app.testing.system import FakeClock
from app.testing.world import REQUESTER

from .steps import SIGNER, RepeatableCodec, RequestRandomness, Step, SteppedPort
from .store import run

NEW_PASSWORD: Final = "another correct horse"  # noqa: S105  # a test's
WINDOW: Final = 120

REFRESH, LOGOUT, CHANGE_PASSWORD, DISABLE, LOGIN = "refresh", "logout", "change password", "disable", "login"


class Request(NamedTuple):
    """A request of a client. ``token`` is the refresh token that it presents, "" if it presents none."""

    client: int
    attempt: int
    kind: str
    token: str
    started_at: float

    def __str__(self) -> str:
        """Return the name of the request in a counterexample."""
        retry = " again" if self.attempt else ""
        return f"client {self.client}: {self.kind}{retry}"


@dataclass(frozen=True)
class Outcome:
    """How a request ended: with a result, or with an error."""

    result: Any = None
    error: Exception | None = None


class Position:
    """A request that has made some of its steps. ``pending`` is the next one; without one there is an ``outcome``.

    ``steps`` has each step that was made with its answer. ``reads_clock`` tells whether the request has read the clock
    since the last of them.
    """

    def __init__(self, request: Request, steps: tuple[tuple[Step, Any], ...], ran: Step | Outcome) -> None:
        self.request = request
        self.steps = steps
        self.pending = ran if isinstance(ran, Step) else None
        self.outcome = ran if isinstance(ran, Outcome) else None
        self.times: tuple[float, ...] = ()
        self.next: dict[tuple[int, float | None], Position] = {}
        self.reads_clock = False

    def answered(self, act: str, answer: object) -> bool:
        """Return whether a step of this act had this answer."""
        return any(step.act == act and given == answer for step, given in self.steps)


class AdmitEveryone:
    """Admits every sign-in. The admission of the domain waits on the event loop, and an exploration has none."""

    def __init__(self, users: Any) -> None:
        self._users = users

    @asynccontextmanager
    async def sign_in(self, username: str, *_: object) -> AsyncIterator[Admitted]:
        """Look up the user."""
        yield Admitted(await self._users.find_by_username(username), device=None)

    @asynccontextmanager
    async def known_user(self, user: User, *_: object) -> AsyncIterator[None]:
        """Admit a user who is signed in."""
        del user
        yield


class WatchedClock(FakeClock):
    """A clock that tells whether it was read."""

    was_read = False

    def now(self) -> float:
        self.was_read = True
        return super().now()


class SteppedServices(Services):
    """The services of the domain on ports whose calls are steps."""

    clock: WatchedClock

    def __init__(self, rotation: type[Rotation] = Rotation) -> None:
        super().__init__(
            SessionPolicy(replay_window=WINDOW), AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE), RATE_LIMITS
        )
        run(self.keys.load())
        self.clock = WatchedClock()
        self.rotation_type = rotation
        self.codec = RepeatableCodec()
        self.randomness = RequestRandomness()
        self.refresh_limit = LocalRateLimit(RateLimit(10**9, 366 * 86_400))
        self.sessions = cast("Any", SteppedPort("sessions"))
        self.users = cast("Any", SteppedPort("users"))
        self.clients = cast("Any", SteppedPort("clients"))
        self.signer = cast("Any", SteppedPort(SIGNER))

    @cached_property
    def admission(self) -> Admission:
        """The stand-in for the admission."""
        return cast("Admission", AdmitEveryone(self.users))


class Runner:
    """Runs requests on ``services``. A position is computed once for each history of answers.

    A coroutine cannot be copied, so a request is run again from its start with the answers that it was given.
    """

    def __init__(self, services: SteppedServices) -> None:
        self._services = services
        self._first: dict[Request, Position] = {}
        self._answers: dict[int, object] = {}

    def start(self, request: Request) -> Position:
        """Return the request before its first step."""
        position = self._first.get(request)
        if position is None:
            position = self._first[request] = self._run(request, (), ())
        return position

    def resume(self, position: Position, answer: Any, now: float) -> Position:
        """Return the position after the pending step was answered at ``now``."""
        self._answers[id(answer)] = answer  # keeps the answer, so that its id stays its own
        after = position.next.get((id(answer), None)) or position.next.get((id(answer), now))
        if after is None:
            assert position.pending is not None
            steps = (*position.steps, (position.pending, answer))
            after = self._run(position.request, steps, (*position.times, now))
            position.next[id(answer), now if after.reads_clock else None] = after
        return after

    def _run(self, request: Request, steps: tuple[tuple[Step, Any], ...], times: tuple[float, ...]) -> Position:
        services = self._services
        services.clock.time = request.started_at
        services.randomness.begin(request.client * 10 + request.attempt)  # type: ignore[attr-defined]
        services.audit.events.clear()
        coroutine = self._coroutine(request)
        try:
            ran: Step | Outcome = coroutine.send(None)
            for (_, answer), now in zip(steps, times, strict=True):
                services.clock.time, services.clock.was_read = now, False
                ran = coroutine.send(answer)
        except StopIteration as done:
            ran = Outcome(result=done.value)
        except Exception as error:  # noqa: BLE001  # the invariants judge it
            ran = Outcome(error=error)
        finally:
            coroutine.close()
        position = Position(request, steps, ran)
        position.times, position.reads_clock = times, services.clock.was_read
        return position

    def _coroutine(self, request: Request) -> Coroutine[Any, Any, Any]:
        services = self._services
        match request.kind:
            case "refresh":
                return services.rotation.rotate(request.token, client_id=FIRST_PARTY, requester=REQUESTER)
            case "logout":
                return services.revocation.log_out_with_refresh_token(request.token, client_id=FIRST_PARTY)
            case "disable":
                return services.administration.disable(ALICE.subject)
            case "change password":
                session_id = ratchet.parse(request.token).session_id
                return services.password_change.change(
                    ALICE.subject, session_id, current=PASSWORD, new=NEW_PASSWORD, requester=REQUESTER
                )
        return services.authentication.sign_in(
            ALICE.username, PASSWORD, client_id=FIRST_PARTY, requested_scope=None, requester=REQUESTER
        )

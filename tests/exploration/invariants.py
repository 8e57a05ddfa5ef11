"""What must hold in every schedule."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from app.domain.errors import StoreUnavailable
from app.domain.keys.errors import SignerUnavailable
from app.domain.login.errors import InvalidCredentials, WrongCurrentPassword
from app.domain.sessions import ratchet
from app.domain.sessions.errors import InvalidGrant
from app.testing.builders import ALICE

from .requests import CHANGE_PASSWORD, DISABLE, LOGIN, LOGOUT, REFRESH, WINDOW, Outcome, Request, Runner
from .steps import SIGNER, UNAVAILABLE
from .store import ModelStore, StoreState

if TYPE_CHECKING:
    from .explorer import Client, Running


class Broken(Exception):
    """An invariant does not hold."""


def _check(holds: object, sentence: str) -> None:
    if not holds:
        raise Broken(sentence)


class Invariants:
    """Checks the end of each request, and the end of each schedule."""

    def __init__(self, runner: Runner, store: ModelStore) -> None:
        self._runner: Final = runner
        self._store: Final = store

    def check_outcome(self, running: "Running", store: StoreState, now: float) -> None:
        """Check a request that has just ended."""
        outcome = running.position.outcome
        assert outcome is not None
        error = outcome.error
        failed = {step.port for step, answer in running.position.steps if answer == UNAVAILABLE}
        if isinstance(error, StoreUnavailable):
            _check(failed - {SIGNER}, "a request was answered with 503 although the store answered it")
        elif isinstance(error, SignerUnavailable):
            _check(failed == {SIGNER}, "a request was answered with 503 although the signer answered it")
            advanced = running.position.answered("advance", answer=True)
            _check(not advanced, "a request that failed has used up its token")
        elif running.position.request.kind == REFRESH:
            self._check_refresh(running, outcome, store, now)
        else:
            _check_others(running.position.request, outcome, store, now)

    def _check_refresh(self, running: "Running", outcome: Outcome, store: StoreState, now: float) -> None:
        request = running.position.request
        presented = ratchet.parse(request.token)
        session = store.session(presented.session_id)
        if outcome.error is None:
            _check(not running.is_outdated, "a token that was replaced before the window was answered with a token")
            _check(not running.ended_before, "a refresh succeeded after the end of the session was confirmed")
            returned = store.generation_of(ratchet.digest(ratchet.parse(outcome.result.refresh_token).secret))
            _check(returned is not None, "a token was returned that was never committed")
            _check(returned is not None and returned >= running.generation, "an outdated token was returned")
            return
        _check(isinstance(outcome.error, InvalidGrant), f"a refresh failed with {outcome.error!r}")
        reason = getattr(outcome.error, "reason", "")
        if reason == "reuse":
            _check(running.is_outdated, "a token that was presented within the window was taken for reuse")
            _check(session.revoked_at is not None, "reuse was answered before the session was revoked")
        else:
            in_time = now - request.started_at < WINDOW
            _check(store.is_dead(session, now) or not in_time, f"an honest refresh was refused ({reason})")

    def check_end(self, store: StoreState, clients: Iterable["Client"], now: float) -> None:
        """Check the end of a schedule: what was confirmed has happened, and every client can go on."""
        _check(store.sessions[0].generation == len(store.chain) - 1, "a generation has two successors")
        for client in clients:
            if client.confirmed and client.kind in (REFRESH, LOGIN):
                self._check_client(client, store, now)
            elif client.confirmed:
                _check_ended(client.kind, client.token, store, now)

    def _check_client(self, client: "Client", store: StoreState, now: float) -> None:
        """Present the client's token once more: it leads to the current token while the session and the window last."""
        token = ratchet.parse(client.token)
        session = store.session(token.session_id)
        outcome = self._alone(Request(9, 0, REFRESH, client.token, now), store)
        if store.is_dead(session, now):
            _check(outcome.error is not None, "a session that has ended was refreshed")
        elif client.kind == LOGIN:
            _check(outcome.error is None, "a session that was just opened cannot be refreshed")
        else:
            _check(store.generation_of(ratchet.digest(token.secret)) is not None, "a confirmed refresh was lost")
            replaced_at = store.replaced_at(client.token)
            if replaced_at is None or now - replaced_at < WINDOW:
                _check(outcome.error is None, "a token within the window does not lead to the current one")

    def _alone(self, request: Request, store: StoreState) -> Outcome:
        """Return the outcome of a request that nothing disturbs."""
        position = self._runner.start(request)
        while position.pending is not None:
            answer, store = self._store.execute(store, position.pending)
            position = self._runner.resume(position, answer, request.started_at)
        assert position.outcome is not None
        return position.outcome


def _check_others(request: Request, outcome: Outcome, store: StoreState, now: float) -> None:
    """Check the end of a request that is no refresh."""
    if outcome.error is not None:
        allowed: tuple[Any, ...] = (InvalidCredentials,) if request.kind == LOGIN else (WrongCurrentPassword,)
        changed = store.user.credential_version != ALICE.credential_version or store.user.disabled
        _check(isinstance(outcome.error, allowed) and changed, f"{request.kind} failed with {outcome.error!r}")
    elif request.kind == LOGIN:
        session = store.session(outcome.result.tokens.session_id)
        _check(session.revoked_at is None or store.is_dead(session, now), "a session was opened and is revoked")
    else:
        _check_ended(request.kind, request.token, store, now)


def _check_ended(kind: str, token: str, store: StoreState, now: float) -> None:
    """Check that the act has ended the sessions that it says it has ended."""
    if kind == LOGOUT:
        session = store.session(ratchet.parse(token).session_id)
        _check(session.revoked_at is not None, "a logout was confirmed and the session is live")
    if kind == DISABLE:
        _check(all(store.is_dead(each, now) for each in store.sessions), "a disabled user has a live session")
    if kind == CHANGE_PASSWORD:
        kept = ratchet.parse(token).session_id
        others = [each for each in store.sessions if each.session_id != kept]
        _check(all(store.is_dead(each, now) for each in others), "another session survived a change of the password")

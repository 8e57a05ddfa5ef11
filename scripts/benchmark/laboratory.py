"""The processes of a run and the probes that measure with them."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from operator import attrgetter
from typing import Final

from . import client, cores, growth, load, operations, servers
from .figures import Profile
from .load import Server
from .population import NumberedTokens
from .profiling import Sampling
from .rounds import Measurement, Probe
from .sign_ins import SESSIONS_OF_A_LINE, SignIns
from .traffic import Forms, Gets, Posts, Refreshes, Traffic

_CONNECTIONS: Final = 16
_LOGINS_AT_ONCE: Final = 4
_READERS: Final = 2

_BURST_SECONDS: Final = 0.12
_LOGIN_BURST_SECONDS: Final = 0.3
_BURST_SECONDS_OF_READERS: Final = 0.5
_PROFILED_SECONDS: Final = 0.5
_LIMIT_SECONDS: Final = 0.04
_HASH_SECONDS: Final = 0.06
_SPIN_MARGIN: Final = 1.2

_PATIENCE: Final = 3
"""How many times longer a profile may take than the CPU time that it is about."""

_CLIENT: Final = {"client_id": "bench", "grants": ["client_credentials"], "scope": "bench", "audiences": ["bench"]}


class Laboratory:
    """Has two processes on the measured core, for raw operations and for rotation, and the client's process."""

    def __init__(self, raw: Executor, populations: Executor, driver: Executor, *, pace: float, sessions: int) -> None:
        self.sessions = sessions
        self._pace = pace
        self.signed_in = SignIns(driver, sessions)
        self._raw = raw
        self._populations = populations
        self._driver = driver
        self._client_share: dict[str, float] = defaultdict(lambda: 0.1)

    def jwk_set(self, service: Server) -> object:
        """Return the published JWK Set."""
        (body,) = self._driver.submit(load.ask, service, client.get("/.well-known/jwks.json")).result()
        return client.parse_object(body)

    def refreshes(self, line: str, service: Server) -> Probe:
        """Return a probe that refreshes sessions in turn."""
        self._open(line, service, Refreshes(self.signed_in.refresh_tokens(service)), _CONNECTIONS)
        return self._burst(line)

    def first_refreshes(self, line: str, service: Server, tokens: Iterable[str]) -> Probe:
        """Return a probe that refreshes the sessions with these first tokens."""
        self._open(line, service, Refreshes(tokens), _CONNECTIONS)
        return self._burst(line)

    def waits(self, line: str, service: Server) -> Probe:
        """Return a probe of the longest waits for ``GET /auth/me`` while other connections refresh: the 99th percentile
        of a burst, in seconds.
        """
        beside = f"{line}, refreshes beside"
        self._open(beside, service, Refreshes(self.signed_in.refresh_tokens(service)), _CONNECTIONS - _READERS)
        self._open(line, service, Gets("/auth/me", self.signed_in.access_tokens(service)), _READERS)

        def measure() -> Measurement:
            seconds = _BURST_SECONDS_OF_READERS * self._pace
            burst = self._driver.submit(load.burst_beside, line, beside, seconds).result()
            self._client_share[line] = burst.client_share
            return Measurement(burst.percentile(99), burst)

        return measure

    def profile(self, name: str, service: Server, sampling: Sampling, seconds: float) -> Profile:
        """Refresh until the service has used ``seconds`` of CPU time. Return what they were used for."""
        self._open(name, service, Refreshes(NumberedTokens(service.sessions)), _CONNECTIONS)
        self._driver.submit(load.burst, name, _BURST_SECONDS * self._pace).result()
        sampling.start()
        spent, requests, until = 0.0, 0, time.monotonic() + seconds * _PATIENCE
        while spent < seconds and time.monotonic() < until:
            burst = self._driver.submit(load.burst, name, _PROFILED_SECONDS * self._pace).result()
            spent += burst.cpu * len(burst.latencies)
            requests += len(burst.latencies)
        found = sampling.finish()
        scale = 1e6 * spent / requests / sum(found["parts"].values())
        return Profile(
            name=name,
            samples=found["samples"],
            parts={part: used * scale for part, used in found["parts"].items()},
        )

    def gets(self, line: str, server: Server, path: str, access_tokens: Sequence[str] = ()) -> Probe:
        """Return a probe that gets ``path`` with each access token in turn."""
        self._open(line, server, Gets(path, access_tokens), _CONNECTIONS)
        return self._burst(line)

    def signatures(self, line: str, server: Server) -> Probe:
        """Return a probe that posts a token of the usual length to a route that only signs."""
        self._open(line, server, Posts("/sign", refresh_token=91 * "x"), _CONNECTIONS)
        return self._burst(line)

    def client_credentials(self, line: str, service: Server) -> Probe:
        """Register a client. Return a probe that issues access tokens to it."""
        registered = self._driver.submit(
            load.ask,
            service,
            client.post("/admin/clients", self.signed_in.access_tokens(service)[0], **_CLIENT),
        ).result()
        secret = client.parse_object(registered[0])["client_secret"]
        form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": secret}
        self._open(line, service, Forms("/oauth/token", **form), _CONNECTIONS)
        return self._burst(line)

    def logins(self, line: str, service: Server) -> Probe:
        """Return a probe that signs in."""
        self._open(
            line,
            service,
            Posts("/auth/login", username=servers.USERNAME, password=servers.PASSWORD),
            _LOGINS_AT_ONCE,
        )
        return self._burst(line, _LOGIN_BURST_SECONDS)

    def logins_main_thread(self, line: str) -> Probe:
        """Return a probe that signs in on the same line and counts only the server's main thread. Hashing runs in other
        threads.
        """
        return self._burst(line, _LOGIN_BURST_SECONDS, attrgetter("main_thread_cpu"))

    def operation(self, name: str, *, while_busy_as: str | None = None) -> Probe:
        """Return a probe that repeats an operation. Meanwhile the client is as busy as on the line ``while_busy_as``,
        or idle.
        """
        seconds = self._pace * (_HASH_SECONDS if name == operations.HASH else _LIMIT_SECONDS)

        def measure() -> Measurement:
            if while_busy_as is None:
                return Measurement(self._raw.submit(operations.measure, name, seconds).result())
            spinning = self._driver.submit(load.spin, seconds * _SPIN_MARGIN, self._client_share[while_busy_as])
            cpu = self._raw.submit(operations.measure, name, seconds).result()
            spinning.result()
            return Measurement(cpu)

        return measure

    def rotations(self, count: int, *, signed: bool) -> Probe:
        """Return a probe that rotates among ``count`` sessions, with or without signatures."""
        self._populations.submit(growth.prepare, count).result()

        def measure() -> Measurement:
            seconds = _LIMIT_SECONDS * self._pace
            return Measurement(self._populations.submit(growth.measure, count, seconds, signed=signed).result())

        return measure

    def _open(self, line: str, server: Server, traffic: Traffic, connections: int) -> None:
        self._driver.submit(load.open_line, line, server, traffic, connections).result()

    def _burst(
        self, line: str, seconds: float = _BURST_SECONDS, clock: Callable[[load.Burst], float] = attrgetter("cpu")
    ) -> Probe:
        def measure() -> Measurement:
            burst = self._driver.submit(load.burst, line, seconds * self._pace).result()
            self._client_share[line] = burst.client_share
            return Measurement(clock(burst), burst)

        return measure


def sum_of(first: Probe, second: Probe) -> Probe:
    """Return a probe that measures both and adds their costs."""
    return lambda: Measurement(first().cpu + second().cpu)


@contextmanager
def laboratory(*, pace: float = 1.0, sessions: int = SESSIONS_OF_A_LINE) -> Iterator[Laboratory]:
    """Start the processes. Stop them at the end. ``pace`` multiplies the length of every measurement. ``sessions`` is
    the number of sessions that each line of refreshes has.
    """
    with (
        cores.process_on(cores.MEASURED) as raw,
        cores.process_on(cores.MEASURED) as populations,
        cores.process_on(cores.DRIVING) as driver,
    ):
        yield Laboratory(raw, populations, driver, pace=pace, sessions=sessions)

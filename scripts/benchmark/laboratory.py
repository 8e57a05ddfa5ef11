"""The processes of a run and the probes that measure with them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from operator import attrgetter
from typing import Final

from . import client, cores, growth, load, operations, servers
from .load import Server
from .rounds import Measurement, Probe
from .traffic import Forms, Gets, Posts, Refreshes, Traffic

_CONNECTIONS: Final = 16
_LOGINS_AT_ONCE: Final = 4
_SESSIONS: Final = 32

_BURST_SECONDS: Final = 0.12
_LOGIN_BURST_SECONDS: Final = 0.3
_LIMIT_SECONDS: Final = 0.04
_HASH_SECONDS: Final = 0.06
_SPIN_MARGIN: Final = 1.2

_CLIENT: Final = {"client_id": "bench", "grants": ["client_credentials"], "scope": "bench", "audiences": ["bench"]}


class Laboratory:
    """Has two processes on the measured core, for raw operations and for rotation, and the client's process."""

    def __init__(self, raw: Executor, populations: Executor, driver: Executor) -> None:
        self._raw = raw
        self._populations = populations
        self._driver = driver
        self._client_share: dict[str, float] = defaultdict(lambda: 0.1)
        self._granted: dict[Server, list[dict[str, str]]] = {}

    def tokens(self, service: Server, kind: str) -> list[str]:
        """Sign in many times. Return the ``access_token`` or the ``refresh_token`` of each session."""
        if service not in self._granted:
            request = client.post("/auth/login", username=servers.USERNAME, password=servers.PASSWORD)
            answers = self._driver.submit(load.ask, service, request, _SESSIONS).result()
            self._granted[service] = [client.parse_object(body) for body in answers]
        return [granted[kind] for granted in self._granted[service]]

    def jwk_set(self, service: Server) -> object:
        """Return the published JWK Set."""
        (body,) = self._driver.submit(load.ask, service, client.get("/.well-known/jwks.json")).result()
        return client.parse_object(body)

    def refreshes(self, line: str, service: Server) -> Probe:
        """Return a probe that refreshes the tokens of many sessions in turn."""
        self._open(line, service, Refreshes(self.tokens(service, "refresh_token")), _CONNECTIONS)
        return self._burst(line)

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
            load.ask, service, client.post("/admin/clients", self.tokens(service, "access_token")[0], **_CLIENT)
        ).result()
        secret = client.parse_object(registered[0])["client_secret"]
        form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": secret}
        self._open(line, service, Forms("/oauth/token", **form), _CONNECTIONS)
        return self._burst(line)

    def logins(self, line: str, service: Server) -> Probe:
        """Return a probe that signs in."""
        self._open(
            line, service, Posts("/auth/login", username=servers.USERNAME, password=servers.PASSWORD), _LOGINS_AT_ONCE
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
        seconds = _HASH_SECONDS if name == operations.HASH else _LIMIT_SECONDS

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
            return Measurement(self._populations.submit(growth.measure, count, _LIMIT_SECONDS, signed=signed).result())

        return measure

    def _open(self, line: str, server: Server, traffic: Traffic, connections: int) -> None:
        self._driver.submit(load.open_line, line, server, traffic, connections).result()

    def _burst(
        self, line: str, seconds: float = _BURST_SECONDS, clock: Callable[[load.Burst], float] = attrgetter("cpu")
    ) -> Probe:
        def measure() -> Measurement:
            burst = self._driver.submit(load.burst, line, seconds).result()
            self._client_share[line] = burst.client_share
            return Measurement(clock(burst), burst)

        return measure


def sum_of(first: Probe, second: Probe) -> Probe:
    """Return a probe that measures both and adds their costs."""
    return lambda: Measurement(first().cpu + second().cpu)


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Start the processes. Stop them at the end."""
    with (
        cores.process_on(cores.MEASURED) as raw,
        cores.process_on(cores.MEASURED) as populations,
        cores.process_on(cores.DRIVING) as driver,
    ):
        yield Laboratory(raw, populations, driver)

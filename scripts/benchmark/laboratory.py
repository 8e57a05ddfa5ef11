"""The processes of a run, and what can be measured with them."""

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
    """A process for raw operations and one for populations, on the measured core, and one that drives servers."""

    def __init__(self, raw: Executor, populations: Executor, driver: Executor) -> None:
        self._raw = raw
        self._populations = populations
        self._driver = driver
        self._client_share: dict[str, float] = defaultdict(lambda: 0.1)
        self._granted: dict[Server, list[dict[str, str]]] = {}

    def tokens(self, service: Server, kind: str) -> list[str]:
        """Return a token of each of many sessions: ``kind`` is ``access_token`` or ``refresh_token``."""
        if service not in self._granted:
            request = client.post("/auth/login", username=servers.USERNAME, password=servers.PASSWORD)
            answers = self._driver.submit(load.ask, service, request, _SESSIONS).result()
            self._granted[service] = [client.members(body) for body in answers]
        return [granted[kind] for granted in self._granted[service]]

    def jwk_set(self, service: Server) -> object:
        """Return what the service publishes."""
        (body,) = self._driver.submit(load.ask, service, client.get("/.well-known/jwks.json")).result()
        return client.members(body)

    def refreshes(self, line: str, service: Server) -> Probe:
        """Refresh the tokens of many sessions of ``service`` in turn."""
        self._open(line, service, Refreshes(self.tokens(service, "refresh_token")), _CONNECTIONS)
        return self._burst(line)

    def gets(self, line: str, server: Server, path: str, access_tokens: Sequence[str] = ()) -> Probe:
        """Get ``path`` with the access tokens in turn."""
        self._open(line, server, Gets(path, access_tokens), _CONNECTIONS)
        return self._burst(line)

    def signatures(self, line: str, server: Server) -> Probe:
        """Post a refresh token, of the usual length, to a route that just signs."""
        self._open(line, server, Posts("/sign", refresh_token=91 * "x"), _CONNECTIONS)
        return self._burst(line)

    def client_credentials(self, line: str, service: Server) -> Probe:
        """Issue access tokens to a client that an administrator registers for it."""
        registered = self._driver.submit(
            load.ask, service, client.post("/admin/clients", self.tokens(service, "access_token")[0], **_CLIENT)
        ).result()
        secret = client.members(registered[0])["client_secret"]
        form = {"grant_type": "client_credentials", "client_id": "bench", "client_secret": secret}
        self._open(line, service, Forms("/oauth/token", **form), _CONNECTIONS)
        return self._burst(line)

    def logins(self, line: str, service: Server) -> Probe:
        """Sign in."""
        self._open(
            line, service, Posts("/auth/login", username=servers.USERNAME, password=servers.PASSWORD), _LOGINS_AT_ONCE
        )
        return self._burst(line, _LOGIN_BURST_SECONDS)

    def logins_main_thread(self, line: str) -> Probe:
        """Sign in on the same line, and count the server's main thread only: hashing has threads of its own."""
        return self._burst(line, _LOGIN_BURST_SECONDS, attrgetter("main_thread_cpu"))

    def operation(self, name: str, *, beside: str | None = None) -> Probe:
        """Do an operation over and over; meanwhile the client is as busy as it is on the line ``beside``, or idle."""
        seconds = _HASH_SECONDS if name == operations.HASH else _LIMIT_SECONDS

        def measure() -> Measurement:
            if beside is None:
                return Measurement(self._raw.submit(operations.measure, name, seconds).result())
            spinning = self._driver.submit(load.spin, seconds * _SPIN_MARGIN, self._client_share[beside])
            cpu = self._raw.submit(operations.measure, name, seconds).result()
            spinning.result()
            return Measurement(cpu)

        return measure

    def rotations(self, count: int, *, signed: bool) -> Probe:
        """Rotate among ``count`` sessions, with the signature of the access token or without."""
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


def both(one: Probe, other: Probe) -> Probe:
    """Return the probe of doing one thing and the other."""
    return lambda: Measurement(one().cpu + other().cpu)


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Start the processes, and end them."""
    with (
        cores.process_on(cores.MEASURED) as raw,
        cores.process_on(cores.MEASURED) as populations,
        cores.process_on(cores.DRIVING) as driver,
    ):
        yield Laboratory(raw, populations, driver)

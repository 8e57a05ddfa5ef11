"""Compare ways to sign in one worker that has two cores: ``python -m scripts.benchmark.compare_signers [ROUNDS]``.

Each round measures every way in turn. Every figure is a median. The ratios are those of the rounds, to the first way.
"""

import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Final, NamedTuple

from . import client, cores, load, servers
from .load import Server
from .processes import running
from .signing_service import SIGNERS
from .traffic import Gets, Refreshes

_SESSIONS: Final = 90
_CONNECTIONS: Final = 32
_BURST_SECONDS: Final = 0.4
_ROUNDS: Final = 30


class Sample(NamedTuple):
    """One round: refreshes alone, and requests for ``/auth/me`` beside refreshes. Seconds, and refreshes a second."""

    cpu: float
    per_second: float
    wait: float


@contextmanager
def _service(signer: str) -> Iterator[Server]:
    arguments = ["-m", "scripts.benchmark.signing_service", signer, "serve"]
    with running(
        arguments, servers.environment({"KEYTURN_REPLAY_WINDOW": "1s"}, range(0)), (cores.MEASURED, cores.DRIVING)
    ) as (
        process,
        announcement,
    ):
        yield Server(pid=process.pid, port=servers.port_of(announcement))


def _open_lines(driver: Executor, signer: str, service: Server) -> None:
    sign_in = client.post("/auth/login", username=servers.USERNAME, password=servers.PASSWORD)
    granted = [client.parse_object(body) for body in driver.submit(load.ask, service, sign_in, _SESSIONS).result()]
    refreshes = Refreshes([each["refresh_token"] for each in granted])
    readers = Gets("/auth/me", [each["access_token"] for each in granted])
    driver.submit(load.open_line, f"{signer}: refresh", service, refreshes, _CONNECTIONS).result()
    driver.submit(load.open_line, f"{signer}: me", service, readers, 1).result()


def _sample(driver: Executor, signer: str) -> Sample:
    alone = driver.submit(load.burst, f"{signer}: refresh", _BURST_SECONDS).result()
    beside = driver.submit(load.burst_beside, f"{signer}: me", f"{signer}: refresh", _BURST_SECONDS).result()
    return Sample(alone.cpu, alone.per_second, beside.percentile(99))


def main(rounds: int) -> None:
    """Measure, and print the table."""
    samples: dict[str, list[Sample]] = {signer: [] for signer in SIGNERS}
    with ExitStack() as running_services, cores.process_on(cores.DRIVING) as driver:
        for signer in SIGNERS:
            _open_lines(driver, signer, running_services.enter_context(_service(signer)))
            _sample(driver, signer)
        for number in range(rounds):
            for signer in list(SIGNERS) if number % 2 else list(SIGNERS)[::-1]:
                samples[signer].append(_sample(driver, signer))
    first = next(iter(samples.values()))
    print(f"{'':16}{'CPU of a refresh':>24}{'refreshes':>18}{'p99 of /auth/me':>28}")
    for signer, taken in samples.items():
        cpu, rate, wait = (statistics.median(column) for column in zip(*taken, strict=True))
        lowest = statistics.quantiles([each.cpu for each in taken], n=10)[0]
        print(
            f"{signer:16}{cpu * 1e6:7.0f} µs, best {lowest * 1e6:5.0f} µs {_ratio(taken, first, 0):5.2f}"
            f"{rate:9.0f} /s {_ratio(taken, first, 1):5.2f}{wait * 1e3:13.1f} ms {_ratio(taken, first, 2):5.2f}"
        )


def _ratio(taken: list[Sample], first: list[Sample], field: int) -> float:
    return statistics.median(each[field] / other[field] for each, other in zip(taken, first, strict=True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else _ROUNDS)

"""The example service in a process of its own, behind the remote guard, before a real Keyturn."""

import asyncio
import base64
import json
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import jwt
import pytest
from aiohttp import ClientSession, ClientTimeout

from tests.conftest import Proof
from tests.metrics import Metrics
from tests.servers.ports import free_port

from .environments import SITE_PACKAGES, build_wheel, make_environment, pip
from .load import PASSWORD, USERNAME
from .people import NO_CONTENT, OK, REVOCATION_SECONDS, UNAUTHORIZED, People
from .processes import PATIENCE_SECONDS, ROOT, Service, run, running
from .test_key_rotation import KEEN, keys
from .worker_processes import running_workers

_EXAMPLE: Final = ROOT / "examples" / "orders"
_CREATED: Final = 201
_UNAVAILABLE: Final = 503
_STALE_SECONDS: Final = 10
_STEP_SECONDS: Final = 0.05
_JWKS: Final = "/.well-known/jwks.json"
_METADATA: Final = "/.well-known/oauth-authorization-server"
_FOR_ORDERS: Final = {"AUDIENCE": "orders", "DEFAULT_SCOPE": "account orders:read orders:write"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package, whose tests can be run."""
    copy = tmp_path_factory.mktemp("example") / "orders"
    return Path(shutil.copytree(_EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


@pytest.fixture(scope="module")
def python(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment in which both packages are installed."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(build_wheel(tmp_path_factory.mktemp("tree"))))
    pip("--python", str(python), "install", "--no-build-isolation", str(package))
    return python


def at(port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings of a Keyturn on this port, whose issuer is its own URL."""
    return {"PORT": str(port), "ISSUER": f"http://127.0.0.1:{port}", **_FOR_ORDERS, **settings}


class Orders:
    """The running service, as a client sees it."""

    def __init__(self, url: str, client: ClientSession) -> None:
        self._url, self._client = url, client

    async def see(self, token: str) -> int:
        """Return the status of the caller's orders."""
        async with self._client.get(f"{self._url}/orders", headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status

    async def order(self, token: str) -> int:
        """Return the status of an order."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self._client.post(f"{self._url}/orders/tea", headers=headers) as response:
            return response.status

    async def until(self, ask: Callable[[], Awaitable[int]], expected: int, seconds: float) -> float:
        """Ask until the status is as expected; return after how many seconds it was. It must come in time."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while await ask() != expected:  # noqa: ASYNC110  # another process does it
                await asyncio.sleep(_STEP_SECONDS)
        return time.monotonic() - begun


def made(folder: Path) -> Path:
    """Return a folder that was made."""
    folder.mkdir()
    return folder


@asynccontextmanager
async def orders_of(python: Path, keyturn: Service, folder: Path, *options: str) -> AsyncIterator[Orders]:
    """Run the service for the tokens of a Keyturn, with more options."""
    command: list[str | Path] = [
        python.with_name("orders"),
        "--issuer",
        keyturn.url,
        "--stale-after",
        str(_STALE_SECONDS),
        "--port",
        "0",
        *options,
    ]
    with running(folder, command=command, directory=folder, announcement=r"Running on (\S+)") as service:
        async with ClientSession(timeout=ClientTimeout(PATIENCE_SECONDS)) as client:
            yield Orders(service.url, client)


@contextmanager
def keyturn_in(folder: Path) -> Iterator[Service]:
    """Run a Keyturn of two workers, with keys and a store that stay."""
    with running_workers(folder, at(free_port(), {})) as service:
        yield service


def test_its_own_tests_pass(python: Path, package: Path) -> None:
    """Where only the two packages are, against a Keyturn that they start."""
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory=package)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert " passed in " in tests.stdout


def test_its_types_are_right(python: Path, package: Path) -> None:
    """As mypy finds them, which reads the guard's from the installed package."""
    checked = run(
        python.parent / "python", "-m", "mypy", "--strict", "--no-incremental", "src", "tests", directory=package
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_it_keeps_answering_while_keyturn_is_stopped(python: Path, tmp_path: Path) -> None:
    """Stopped, and killed, Keyturn is not missed by the route that goes on; the one that does not answers 503 once the
    feed is stale, and takes orders again when Keyturn goes on.
    """
    with running(
        tmp_path, at(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    ) as keyturn:
        async with People([keyturn.url], 1) as people, orders_of(python, keyturn, made(tmp_path / "orders")) as orders:
            [token] = people.access_tokens
            assert await orders.order(token) == _CREATED
            keyturn.send(signal.SIGSTOP)
            answers = [await orders.see(token) for _ in range(200)]
            await orders.until(lambda: orders.order(token), _UNAVAILABLE, _STALE_SECONDS + PATIENCE_SECONDS)
            answers += [await orders.see(token) for _ in range(200)]
            assert set(answers) == {OK}
            keyturn.send(signal.SIGCONT)
            await orders.until(lambda: orders.order(token), _CREATED, PATIENCE_SECONDS)
            keyturn.send(signal.SIGKILL)
            keyturn.exit_status()
            await orders.until(lambda: orders.order(token), _UNAVAILABLE, _STALE_SECONDS + PATIENCE_SECONDS)
            assert {await orders.see(token) for _ in range(200)} == {OK}


@pytest.mark.proof("feed")
async def test_a_revoked_session_is_refused_within_5_seconds(python: Path, tmp_path: Path, proof: Proof) -> None:
    """Ended at one of two workers, whichever the feed is polled from; the other sessions go on."""
    ended = proof.count("sessions ended", small=3, full=40)
    waits = []
    with keyturn_in(tmp_path) as keyturn:
        async with (
            People([keyturn.url], ended + 1) as people,
            orders_of(python, keyturn, made(tmp_path / "orders")) as orders,
        ):
            for session in range(ended):
                token = people.access_tokens[session]
                assert await orders.see(token) == OK
                status, _ = await people.post("/auth/logout", {"refresh_token": people.tokens[session]})
                assert status == NO_CONTENT
                waits.append(await orders.until(lambda t=token: orders.see(t), UNAUTHORIZED, REVOCATION_SECONDS))  # type: ignore[misc]
            assert await orders.see(people.access_tokens[-1]) == OK
    proof.measured("longest wait, seconds", max(waits))


async def test_it_finds_the_keys_by_the_metadata(python: Path, tmp_path: Path) -> None:
    """Keyturn's metadata names the JWK Set, so that nothing has to be guessed: every request for them is answered."""
    settings = at(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    with running(tmp_path, settings) as keyturn:
        async with People([keyturn.url], 1) as people, orders_of(python, keyturn, made(tmp_path / "orders")) as orders:
            assert await orders.see(people.access_tokens[0]) == OK
            assert _answers(keyturn, _METADATA) == [OK]
            assert _answers(keyturn, _JWKS) == [OK]


async def test_its_metrics_tell_what_the_guard_does(python: Path, tmp_path: Path) -> None:
    """On a port of their own, as Prometheus reads them."""
    settings = at(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    port = free_port()
    with running(tmp_path, settings) as keyturn:
        async with orders_of(python, keyturn, made(tmp_path / "orders"), "--metrics-port", str(port)) as orders:
            assert await orders.see("rubbish") == UNAUTHORIZED
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as response:
                metrics = Metrics.parse(await response.text())
    assert metrics.value("guard_feed_stale") == 0
    assert metrics.value("guard_fetches_total", document="keys", outcome="good") == 1
    assert metrics.value("guard_access_refusals_total", reason="malformed") == 1


async def test_a_flood_of_unknown_keys_makes_one_fetch(python: Path, tmp_path: Path) -> None:
    """Hundreds of tokens, each with a key of its own, make one fetch of the JWK Set within the 10 seconds."""
    settings = at(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    with running(tmp_path, settings) as keyturn:
        async with People([keyturn.url], 1) as people, orders_of(python, keyturn, made(tmp_path / "orders")) as orders:
            before = _fetches(keyturn)
            begun = time.monotonic()
            for number in count():
                assert await orders.see(_forged(f"kid-{number}")) == UNAUTHORIZED
                if number >= 300 and _fetches(keyturn) > before:
                    break
                assert time.monotonic() < begun + PATIENCE_SECONDS
            for number in range(300):
                assert await orders.see(_forged(f"again-{number}")) == UNAUTHORIZED
            fetches, cooldowns = _fetches(keyturn) - before, (time.monotonic() - begun) // 10
            assert before == 1
            assert 1 <= fetches <= 1 + cooldowns
            assert await orders.see(people.access_tokens[0]) == OK


async def test_a_rotation_of_keys_fails_no_request(python: Path, tmp_path: Path) -> None:
    """Keys rotate every few seconds, on two workers; no token that is alive is ever refused."""
    store = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "WORKERS": "2",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    signers: set[str] = set()
    answered = 0
    with running(tmp_path, at(free_port(), {**store, **KEEN, "KEY_ROTATION_PERIOD": "6s"})) as keyturn:
        async with People([keyturn.url], 4) as people, orders_of(python, keyturn, made(tmp_path / "orders")) as orders:
            async with asyncio.timeout(3 * PATIENCE_SECONDS):
                while len(signers) < 3:
                    await asyncio.gather(*(people.refreshed(session) for session in range(4)))
                    for _ in range(5):
                        seen = await asyncio.gather(*map(orders.see, people.access_tokens))
                        assert set(seen) == {OK}
                        answered += len(seen)
                    signers.update(jwt.get_unverified_header(token)["kid"] for token in people.access_tokens)
    assert answered > 100


async def test_a_compromised_key_is_refused_within_5_seconds(python: Path, tmp_path: Path) -> None:
    """From the command on; the sessions refresh into the next key, whose tokens are accepted at once."""
    store = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    settings = at(free_port(), {**store, **KEEN, "JWKS_MAX_AGE": "10m", "ACCESS_TOKEN_TTL": "15m"})
    with running(tmp_path, settings) as keyturn:
        async with People([keyturn.url], 1) as people, orders_of(python, keyturn, made(tmp_path / "orders")) as orders:
            old = people.access_tokens[0]
            assert await orders.see(old) == OK
            leaked = jwt.get_unverified_header(old)["kid"]
            await asyncio.to_thread(keys, settings, "compromised", leaked)
            await orders.until(lambda: orders.see(old), UNAUTHORIZED, REVOCATION_SECONDS)
            await people.refreshed(0)
            assert jwt.get_unverified_header(people.access_tokens[0])["kid"] != leaked
            assert await orders.see(people.access_tokens[0]) == OK


def _fetches(keyturn: Service) -> int:
    """Return how often the JWK Set was fetched."""
    return len(_answers(keyturn, _JWKS))


def _answers(keyturn: Service, route: str) -> list[int]:
    """Return the statuses of a route's answers, by the access log."""
    lines = [json.loads(line) for line in keyturn.log().splitlines() if line.startswith("{")]
    return [line["status"] for line in lines if line.get("route") == route]


def _forged(kid: str) -> str:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": kid}
    parts = [json.dumps(header, separators=(",", ":")).encode(), b"{}", bytes(256)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

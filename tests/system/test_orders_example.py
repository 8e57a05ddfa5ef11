"""The example service in its own process: it uses the remote guard and a real Keyturn."""

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

from .environments import SITE_PACKAGES, make_environment, pip
from .load import PASSWORD, USERNAME
from .processes import ROOT, TIMEOUT_SECONDS, Service, run, running
from .refreshing_clients import NO_CONTENT, OK, REVOCATION_SECONDS, UNAUTHORIZED, RefreshingClients
from .test_key_rotation import FAST_ROTATION, keys
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
    """Return a copy of the example package with its tests."""
    copy = tmp_path_factory.mktemp("example") / "orders"
    return Path(shutil.copytree(_EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


@pytest.fixture(scope="module")
def python(package: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with Keyturn and the package."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(wheel))
    pip("--python", str(python), "install", "--no-build-isolation", str(package))
    return python


def issuer_settings(port: int, settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings of a Keyturn on this port whose issuer is its own URL."""
    return {"PORT": str(port), "ISSUER": f"http://127.0.0.1:{port}", **_FOR_ORDERS, **settings}


class Orders:
    """A client of the running example."""

    def __init__(self, url: str, client: ClientSession) -> None:
        self._url, self._client = url, client

    async def see(self, token: str) -> int:
        """Return the status of a request for the caller's orders."""
        async with self._client.get(f"{self._url}/orders", headers={"Authorization": f"Bearer {token}"}) as response:
            return response.status

    async def order(self, token: str) -> int:
        """Return the status of a request to place an order."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self._client.post(f"{self._url}/orders/tea", headers=headers) as response:
            return response.status

    async def wait_for(self, ask: Callable[[], Awaitable[int]], expected: int, seconds: float) -> float:
        """Ask until the status is ``expected``, at most ``seconds``. Return the time that this took."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while await ask() != expected:  # noqa: ASYNC110  # only polling shows it
                await asyncio.sleep(_STEP_SECONDS)
        return time.monotonic() - begun


def make_folder(folder: Path) -> Path:
    """Make a folder and return it."""
    folder.mkdir()
    return folder


@asynccontextmanager
async def running_orders(python: Path, keyturn: Service, folder: Path, *options: str) -> AsyncIterator[Orders]:
    """Run the example for the tokens of a Keyturn."""
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
        async with ClientSession(timeout=ClientTimeout(TIMEOUT_SECONDS)) as client:
            yield Orders(service.url, client)


@contextmanager
def running_keyturn(folder: Path) -> Iterator[Service]:
    """Run a Keyturn with two workers."""
    with running_workers(folder, issuer_settings(free_port(), {})) as service:
        yield service


def test_example_tests_pass(python: Path, package: Path) -> None:
    """The example's tests pass in an environment with the two packages. They start a Keyturn."""
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory=package)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert " passed in " in tests.stdout


def test_example_types_are_right(python: Path, package: Path) -> None:
    """Mypy accepts the example with the types of the installed guard."""
    checked = run(
        python.parent / "python", "-m", "mypy", "--strict", "--no-incremental", "src", "tests", directory=package
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_example_works_while_keyturn_is_down(python: Path, tmp_path: Path) -> None:
    """While Keyturn is stopped or killed, a route that is open when stale still answers. A route that is closed when
    stale answers 503 as soon as the feed is stale, until Keyturn runs again.
    """
    with running(
        tmp_path, issuer_settings(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    ) as keyturn:
        async with (
            RefreshingClients([keyturn.url], 1) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            [token] = clients.access_tokens
            assert await orders.order(token) == _CREATED
            keyturn.send_signal(signal.SIGSTOP)
            answers = [await orders.see(token) for _ in range(200)]
            await orders.wait_for(lambda: orders.order(token), _UNAVAILABLE, _STALE_SECONDS + TIMEOUT_SECONDS)
            answers += [await orders.see(token) for _ in range(200)]
            assert set(answers) == {OK}
            keyturn.send_signal(signal.SIGCONT)
            await orders.wait_for(lambda: orders.order(token), _CREATED, TIMEOUT_SECONDS)
            keyturn.send_signal(signal.SIGKILL)
            keyturn.exit_status()
            await orders.wait_for(lambda: orders.order(token), _UNAVAILABLE, _STALE_SECONDS + TIMEOUT_SECONDS)
            assert {await orders.see(token) for _ in range(200)} == {OK}


@pytest.mark.proof("feed")
async def test_revoked_session_is_refused_within_5_seconds(python: Path, tmp_path: Path, proof: Proof) -> None:
    """A session that ends at either of two workers is refused within 5 seconds. Other sessions are not affected."""
    ended = proof.count("sessions ended", small=3, full=40)
    waits = []
    with running_keyturn(tmp_path) as keyturn:
        async with (
            RefreshingClients([keyturn.url], ended + 1) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            for session in range(ended):
                token = clients.access_tokens[session]
                assert await orders.see(token) == OK
                status, _ = await clients.post("/auth/logout", {"refresh_token": clients.tokens[session]})
                assert status == NO_CONTENT
                waits.append(await orders.wait_for(lambda t=token: orders.see(t), UNAUTHORIZED, REVOCATION_SECONDS))  # type: ignore[misc]
            assert await orders.see(clients.access_tokens[-1]) == OK
    proof.measured("longest wait, seconds", max(waits))


async def test_guard_finds_keys_by_metadata(python: Path, tmp_path: Path) -> None:
    """The guard finds the JWK Set by Keyturn's metadata: it sends one request for each."""
    settings = issuer_settings(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    with running(tmp_path, settings) as keyturn:
        async with (
            RefreshingClients([keyturn.url], 1) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            assert await orders.see(clients.access_tokens[0]) == OK
            assert _logged_statuses(keyturn, _METADATA) == [OK]
            assert _logged_statuses(keyturn, _JWKS) == [OK]


async def test_metrics_of_the_guard(python: Path, tmp_path: Path) -> None:
    """The example publishes the guard's metrics on their own port."""
    settings = issuer_settings(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    port = free_port()
    with running(tmp_path, settings) as keyturn:
        async with running_orders(
            python, keyturn, make_folder(tmp_path / "orders"), "--metrics-port", str(port)
        ) as orders:
            assert await orders.see("rubbish") == UNAUTHORIZED
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/metrics") as response:
                metrics = Metrics.parse(await response.text())
    assert metrics.value("guard_feed_stale") == 0
    assert metrics.value("guard_fetches_total", document="keys", outcome="good") == 1
    assert metrics.value("guard_access_refusals_total", reason="malformed") == 1


async def test_many_unknown_keys_cause_one_fetch(python: Path, tmp_path: Path) -> None:
    """Hundreds of tokens with unknown key ids cause at most one fetch of the JWK Set in 10 seconds."""
    settings = issuer_settings(free_port(), {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD})
    with running(tmp_path, settings) as keyturn:
        async with (
            RefreshingClients([keyturn.url], 1) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            before = _fetches(keyturn)
            begun = time.monotonic()
            for number in count():
                assert await orders.see(_forged_token(f"kid-{number}")) == UNAUTHORIZED
                if number >= 300 and _fetches(keyturn) > before:
                    break
                assert time.monotonic() < begun + TIMEOUT_SECONDS
            for number in range(300):
                assert await orders.see(_forged_token(f"again-{number}")) == UNAUTHORIZED
            fetches, cooldowns = _fetches(keyturn) - before, (time.monotonic() - begun) // 10
            assert before == 1
            assert 1 <= fetches <= 1 + cooldowns
            assert await orders.see(clients.access_tokens[0]) == OK


async def test_key_rotation_refuses_no_request(python: Path, tmp_path: Path) -> None:
    """While two workers rotate keys every few seconds, no valid token is refused."""
    store = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "WORKERS": "2",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    signers: set[str] = set()
    answered = 0
    with running(
        tmp_path, issuer_settings(free_port(), {**store, **FAST_ROTATION, "KEY_ROTATION_PERIOD": "6s"})
    ) as keyturn:
        async with (
            RefreshingClients([keyturn.url], 4) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            async with asyncio.timeout(3 * TIMEOUT_SECONDS):
                while len(signers) < 3:
                    await asyncio.gather(*(clients.refresh_with_retries(session) for session in range(4)))
                    for _ in range(5):
                        seen = await asyncio.gather(*map(orders.see, clients.access_tokens))
                        assert set(seen) == {OK}
                        answered += len(seen)
                    signers.update(jwt.get_unverified_header(token)["kid"] for token in clients.access_tokens)
    assert answered > 100


async def test_compromised_key_is_refused_within_5_seconds(python: Path, tmp_path: Path) -> None:
    """The tokens of a compromised key are refused within 5 seconds. The sessions refresh into the next key, whose
    tokens are accepted at once.
    """
    store = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    settings = issuer_settings(
        free_port(), {**store, **FAST_ROTATION, "JWKS_MAX_AGE": "10m", "ACCESS_TOKEN_TTL": "15m"}
    )
    with running(tmp_path, settings) as keyturn:
        async with (
            RefreshingClients([keyturn.url], 1) as clients,
            running_orders(python, keyturn, make_folder(tmp_path / "orders")) as orders,
        ):
            old = clients.access_tokens[0]
            assert await orders.see(old) == OK
            leaked = jwt.get_unverified_header(old)["kid"]
            await asyncio.to_thread(keys, settings, "compromised", leaked)
            await orders.wait_for(lambda: orders.see(old), UNAUTHORIZED, REVOCATION_SECONDS)
            await clients.refresh_with_retries(0)
            assert jwt.get_unverified_header(clients.access_tokens[0])["kid"] != leaked
            assert await orders.see(clients.access_tokens[0]) == OK


def _fetches(keyturn: Service) -> int:
    """Return how often the JWK Set was fetched."""
    return len(_logged_statuses(keyturn, _JWKS))


def _logged_statuses(keyturn: Service, route: str) -> list[int]:
    """Return the statuses of a route's answers from the access log."""
    lines = [json.loads(line) for line in keyturn.log().splitlines() if line.startswith("{")]
    return [line["status"] for line in lines if line.get("route") == route]


def _forged_token(kid: str) -> str:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": kid}
    parts = [json.dumps(header, separators=(",", ":")).encode(), b"{}", bytes(256)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

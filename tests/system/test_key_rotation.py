"""Automatic key rotation on two instances of each store, checked with independent JWT libraries."""

import asyncio
import base64
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

import jwt
import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet

from app.cli import main
from app.domain import base64url
from app.domain.keys.stored_key import StoredKey
from app.service.container import Container
from app.service.settings import Settings
from tests.conftest import Proof

from .backends import KINDS, Backend, backend
from .history import Answer, Refresh
from .processes import SERVE, Service, environment, run, running
from .refreshing_clients import OK, UNAUTHORIZED, RefreshingClients
from .test_stored_bytes import read_all_files

_AUDIENCE: Final = "keyturn"
_ENCRYPTION_KEY: Final = base64url.encode(bytes(range(32)))
FAST_ROTATION: Final = {
    "KEY_ENCRYPTION_KEY": _ENCRYPTION_KEY,
    "JWKS_MAX_AGE": "1",
    "CLOCK_LEEWAY": "0",
    "ACCESS_TOKEN_TTL": "4",
    "STORE_TIMEOUT": "30s",
}
"""Short times, except the store timeout: the machine may be busy."""

_LEAD_SECONDS: Final = 6
_STEP_SECONDS: Final = 0.1
_TIMEOUT_SECONDS: Final = 60
"""A limit for one rotation on a busy machine."""

_OUTPUT: Final = threading.Lock()
"""Only one thread at a time may redirect the output of this process."""


def fast_rotation(store: Backend, **settings: str) -> dict[str, str]:
    """Return settings for fast rotation with signing keys in the store."""
    others = {name: value for name, value in store.settings.items() if not name.startswith("KEY")}
    return {**others, **FAST_ROTATION, **settings}


def keys(settings: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Run ``keys`` with these arguments. Return the JSON lines that it prints."""
    with _OUTPUT, redirect_stdout(StringIO()) as printed:
        assert main(["keys", *arguments, "--json"], environment(settings)) == 0
    return [json.loads(line) for line in printed.getvalue().splitlines()]


def is_alive(token: str) -> bool:
    """Return whether a token has not expired."""
    expires_at: float = jwt.decode(token, options={"verify_signature": False})["exp"]
    return expires_at > time.time()


@contextmanager
def _while_alive(token: str) -> Iterator[None]:
    """Ignore an error if the token has expired meanwhile: the machine may be busy."""
    try:
        yield
    except Exception:
        if is_alive(token):
            raise


class Follower:
    """A joserfc verifier that fetches the JWK Set only when its ``Cache-Control`` has expired."""

    def __init__(self, url: str, client: ClientSession) -> None:
        self._url, self._client = f"{url}/.well-known/jwks.json", client
        self._keys = KeySet([])
        self._fetch_at = 0.0
        self.kids: set[str] = set()

    async def verify(self, token: str) -> None:
        """Verify a token. Raise an error if it is not valid."""
        if time.monotonic() >= self._fetch_at:
            fetched_at = time.monotonic()
            async with self._client.get(self._url) as response:
                self._keys = KeySet.import_key_set(await response.json(content_type=None))
                max_age = re.search(r"max-age=(\d+)", response.headers["Cache-Control"])
            assert max_age is not None
            self._fetch_at = fetched_at + int(max_age[1])
            kids = [key.kid or "" for key in self._keys.keys]
            assert len(set(kids)) == len(kids), "two keys have one kid"
            self.kids.update(kids)
        joserfc_jwt.decode(token, self._keys, algorithms=["RS256"])


@pytest.mark.proof("keys")
async def test_all_tokens_verify_during_rotation(tmp_path: Path, proof: Proof) -> None:
    """While two instances rotate keys, every token of either one verifies until it expires, with the JWK Set of either
    one, by PyJWT and by a client that respects ``Cache-Control``. Each rotation makes one key.
    """
    rotations = proof.count("rotations on each store", small=1, full=6)
    with ExitStack() as life:
        pairs = [_two_instances(kind, _make_folder(tmp_path / kind), life) for kind in KINDS]
        async with asyncio.timeout((rotations + 1) * _TIMEOUT_SECONDS):
            verified = await asyncio.gather(*(_verify_all(*each, rotations) for each in pairs))
    proof.measured("verifications", dict(zip(KINDS, verified, strict=True)))


def _two_instances(kind: str, folder: Path, life: ExitStack) -> tuple[list[Service], dict[str, str]]:
    """Start a store and two instances on it. Return the instances and their settings."""
    settings = fast_rotation(life.enter_context(backend(kind, folder)), KEY_ROTATION_PERIOD=f"{_LEAD_SECONDS}s")
    services = [life.enter_context(running(_make_folder(folder / str(each)), settings)) for each in range(2)]
    return services, settings


async def _verify_all(services: list[Service], settings: dict[str, str], rotations: int) -> int:
    """Verify all tokens until ``rotations`` new keys have signed. Return the number of verifications."""
    urls = [service.url for service in services]
    signers: set[str] = set()
    verified = 0
    async with RefreshingClients(urls, 4) as clients, ClientSession() as client:
        followers = [Follower(url, client) for url in urls]
        pyjwt = [jwt.PyJWKClient(f"{url}/.well-known/jwks.json", lifespan=1) for url in urls]
        alive = [*clients.access_tokens]
        while len(signers) <= rotations:
            await asyncio.gather(*(clients.refresh_with_retries(session) for session in range(4)))
            alive = [*clients.access_tokens, *filter(is_alive, alive)]
            verified += await _verify_with_followers(followers, alive)
            verified += await asyncio.to_thread(_verify_with_pyjwt, pyjwt, clients.access_tokens)
            signers.update(_kid(token) for token in clients.access_tokens if is_alive(token))
            await asyncio.sleep(_STEP_SECONDS)
        assert Answer.REFUSED not in {event.answer for event in clients.events if isinstance(event, Refresh)}
    assert not [fault for each in services for fault in re.findall(r'.*"status": 5.*', each.log())]
    published = {kid for follower in followers for kid in follower.kids}
    _check_one_key_per_rotation(stored := await asyncio.to_thread(keys, settings, "list"))
    assert signers <= published <= {each["kid"] for each in stored}
    return verified


async def _verify_with_followers(followers: list[Follower], tokens: list[str]) -> int:
    """Verify each token with each follower. Return the number of verifications."""
    verified = 0
    for token, follower in product(tokens, followers):
        with _while_alive(token):
            await follower.verify(token)
        verified += is_alive(token)
    return verified


def _verify_with_pyjwt(clients: list[jwt.PyJWKClient], tokens: list[str]) -> int:
    """Verify each token with each PyJWT client. Return the number of verifications."""
    verified = 0
    for token, client in product(tokens, clients):
        with _while_alive(token):
            key = client.get_signing_key_from_jwt(token)
            jwt.decode(token, key.key, algorithms=["RS256"], audience=_AUDIENCE)
        verified += is_alive(token)
    return verified


def _check_one_key_per_rotation(stored: list[dict[str, Any]]) -> None:
    """Check that no two keys start to sign at nearly the same time."""
    assert len({each["kid"] for each in stored}) == len(stored)
    takeovers = [each["activates_at"] for each in stored]
    assert all(later - earlier >= _LEAD_SECONDS for earlier, later in pairwise(takeovers)), takeovers


@pytest.mark.proof("keys")
async def test_compromised_key_is_refused_by_all_instances(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """After ``keys compromised`` each instance refuses the key's tokens within 5 s, and sessions refresh into the next
    key. ``--revoke-sessions`` also ends all sessions. A restart keeps the keys, no file of the store contains one, and
    the service does not start with another encryption key.
    """
    settings = fast_rotation(store) | {"ACCESS_TOKEN_TTL": "15m"}
    with ExitStack() as life:
        services = [life.enter_context(running(_make_folder(tmp_path / str(each)), settings)) for each in range(2)]
        async with RefreshingClients([service.url for service in services], 2) as clients:
            [leaked, pending] = await asyncio.to_thread(keys, settings, "list")
            assert [leaked["state"], pending["state"]] == ["active", "pending"]
            await asyncio.to_thread(keys, settings, "compromised", leaked["kid"])
            begun = time.monotonic()
            async with asyncio.timeout(proof.count("seconds in which all refuse it, at most", small=20, full=5)):
                for service in services:
                    await _until(lambda url=service.url: clients.me(0, url), UNAUTHORIZED)  # type: ignore[misc]  # the lambda is called at once
            proof.measured("seconds in which all refused it", round(time.monotonic() - begun, 2))
            await clients.refresh_with_retries(0)
            assert _kid(clients.access_tokens[0]) == pending["kid"]
            assert await _answer(lambda: clients.me(0)) == OK
            *_, ended = await asyncio.to_thread(keys, settings, "compromised", pending["kid"], "--revoke-sessions")
            assert ended.keys() == {"cut_off"}
            for service in services:
                assert await _answer(lambda url=service.url: _refresh(clients, url)) == UNAUTHORIZED  # type: ignore[misc]  # the lambda is called at once
        async with RefreshingClients([service.url for service in services], 2) as clients:
            await clients.refresh_with_retries(0)
            assert await _answer(lambda: clients.me(0)) == OK
        before = await asyncio.to_thread(keys, settings, "list")
    with running(_make_folder(tmp_path / "again"), settings) as service:
        async with ClientSession() as client, client.get(f"{service.url}/.well-known/jwks.json") as response:
            published = {each["kid"] for each in (await response.json(content_type=None))["keys"]}
        assert {each["kid"] for each in before} <= published
    await asyncio.to_thread(_check_no_private_key, store, settings)
    wrong = settings | {"KEY_ENCRYPTION_KEY": base64url.encode(bytes(32))}
    refused = await asyncio.to_thread(run, *SERVE, variables=environment(wrong | {"PORT": "0"}))
    assert refused.returncode == 1
    assert "was encrypted with another key than KEYTURN_KEY_ENCRYPTION_KEY" in refused.stderr
    assert "Traceback" not in refused.stderr


def _check_no_private_key(store: Backend, settings: dict[str, str]) -> None:
    """Check that the store's files contain the encrypted keys, and no part of a private key in any spelling."""
    if store.kind == "postgresql":
        store.server.execute("CHECKPOINT")  # type: ignore[union-attr]  # it is PostgreSQL's
    container = Container(settings=Settings.from_environment(environment(settings)))

    async def load() -> list[StoredKey]:
        try:
            await container.session_store().open()
            return list(await container.key_store().load())
        finally:
            await container.session_store().close()

    stored = read_all_files(store.files)
    for each in asyncio.run(load()):
        assert each.key.kid.encode() in stored
        private_key = load_der_private_key(each.pkcs8, password=None)
        assert isinstance(private_key, RSAPrivateKey)
        numbers = private_key.private_numbers()
        for secret in (numbers.p, numbers.q, numbers.d):
            raw = secret.to_bytes((secret.bit_length() + 7) // 8, "big")[:48]
            assert not any(spelling in stored for spelling in (raw, raw.hex().encode(), *_in_base64(raw)))


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Yield the Base64 forms of bytes inside a longer text, for each possible offset."""
    for skipped in range(3):
        part = raw[skipped : skipped + 24]
        yield from (base64.b64encode(part), base64.urlsafe_b64encode(part))


def _make_folder(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _kid(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


async def _refresh(clients: RefreshingClients, url: str) -> int:
    """Return the status when an instance gets the first session's refresh token."""
    status, _ = await clients.post("/auth/refresh", {"refresh_token": clients.tokens[0]}, url)
    return status


async def _answer(ask: Callable[[], Awaitable[int]]) -> int:
    """Return the first status that comes. Retry while there is no answer."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while (status := await ask()) == 0:  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(_STEP_SECONDS)
    return status


async def _until(ask: Callable[[], Awaitable[int]], expected: int) -> None:
    while await ask() != expected:  # noqa: ASYNC110  # only polling shows it
        await asyncio.sleep(_STEP_SECONDS)

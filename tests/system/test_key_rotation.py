"""Keys that rotate by themselves, on several instances of each store, before verifiers that anyone may use."""

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
from .people import OK, UNAUTHORIZED, People
from .processes import SERVE, Service, environment, run, running
from .test_stored_bytes import everything

_AUDIENCE: Final = "keyturn"
_ENCRYPTION_KEY: Final = base64url.encode(bytes(range(32)))
KEEN: Final = {
    "KEY_ENCRYPTION_KEY": _ENCRYPTION_KEY,
    "JWKS_MAX_AGE": "1",
    "CLOCK_LEEWAY": "0",
    "ACCESS_TOKEN_TTL": "4",
    "STORE_TIMEOUT": "30s",
}
"""Times that are short, but for that in which a store must answer: a machine can be busy."""

_LEAD_SECONDS: Final = 6
_STEP_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 60
"""For one rotation, on a machine that is busy."""

_ONE_PRINTS: Final = threading.Lock()
"""What is printed can be redirected to one place at a time, whichever thread prints."""


def keen(store: Backend, **settings: str) -> dict[str, str]:
    """Return settings of a service that is keen, and whose keys are in the store."""
    others = {name: value for name, value in store.settings.items() if not name.startswith("KEY")}
    return {**others, **KEEN, **settings}


def keys(settings: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Run ``keys`` with these arguments, and return what it prints."""
    with _ONE_PRINTS, redirect_stdout(StringIO()) as printed:
        assert main(["keys", *arguments, "--json"], environment(settings)) == 0
    return [json.loads(line) for line in printed.getvalue().splitlines()]


def lives(token: str) -> bool:
    """Tell whether a token has not expired."""
    expires_at: float = jwt.decode(token, options={"verify_signature": False})["exp"]
    return expires_at > time.time()


@contextmanager
def _while_alive(token: str) -> Iterator[None]:
    """Forgive what fails when the token has expired by then: a machine can be busy."""
    try:
        yield
    except Exception:
        if lives(token):
            raise


class Follower:
    """A verifier by joserfc that fetches the JWK Set when its ``Cache-Control`` says so, and at no other time."""

    def __init__(self, url: str, client: ClientSession) -> None:
        self._url, self._client = f"{url}/.well-known/jwks.json", client
        self._keys = KeySet([])
        self._fetch_at = 0.0
        self.kids: set[str] = set()

    async def verify(self, token: str) -> None:
        """Raise if the token does not verify."""
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
async def test_no_verifier_notices(tmp_path: Path, proof: Proof) -> None:
    """Two instances rotate together on each store: every token that either issues verifies for as long as it lives, by
    what either publishes, with PyJWT and with a client that follows the JWK Set by its ``Cache-Control``. Each rotation
    makes one key.
    """
    rotations = proof.count("rotations on each store", small=1, full=6)
    with ExitStack() as life:
        pairs = [_two_instances(kind, _made(tmp_path / kind), life) for kind in KINDS]
        async with asyncio.timeout((rotations + 1) * _PATIENCE_SECONDS):
            verified = await asyncio.gather(*(_verify_all(*each, rotations) for each in pairs))
    proof.measured("verifications", dict(zip(KINDS, verified, strict=True)))


def _two_instances(kind: str, folder: Path, life: ExitStack) -> tuple[list[Service], dict[str, str]]:
    """Start a store and two instances on it; return these, and their settings."""
    settings = keen(life.enter_context(backend(kind, folder)), KEY_ROTATION_PERIOD=f"{_LEAD_SECONDS}s")
    services = [life.enter_context(running(_made(folder / str(each)), settings)) for each in range(2)]
    return services, settings


async def _verify_all(services: list[Service], settings: dict[str, str], rotations: int) -> int:
    """See that all verifies until so many keys have taken over; return how many verifications that were."""
    urls = [service.url for service in services]
    signers: set[str] = set()
    verified = 0
    async with People(urls, 4) as people, ClientSession() as client:
        followers = [Follower(url, client) for url in urls]
        pyjwt = [jwt.PyJWKClient(f"{url}/.well-known/jwks.json", lifespan=1) for url in urls]
        alive = [*people.access_tokens]
        while len(signers) <= rotations:
            await asyncio.gather(*(people.refreshed(session) for session in range(4)))
            alive = [*people.access_tokens, *filter(lives, alive)]
            verified += await _verify_with_followers(followers, alive)
            verified += await asyncio.to_thread(_verify_with_pyjwt, pyjwt, people.access_tokens)
            signers.update(_kid(token) for token in people.access_tokens if lives(token))
            await asyncio.sleep(_STEP_SECONDS)
        assert Answer.REFUSED not in {event.answer for event in people.events if isinstance(event, Refresh)}
    assert not [fault for each in services for fault in re.findall(r'.*"status": 5.*', each.log())]
    published = {kid for follower in followers for kid in follower.kids}
    _see_one_key_for_each_rotation(stored := await asyncio.to_thread(keys, settings, "list"))
    assert signers <= published <= {each["kid"] for each in stored}
    return verified


async def _verify_with_followers(followers: list[Follower], tokens: list[str]) -> int:
    """Verify each token by each follower, and return how many verifications that were."""
    verified = 0
    for token, follower in product(tokens, followers):
        with _while_alive(token):
            await follower.verify(token)
        verified += lives(token)
    return verified


def _verify_with_pyjwt(clients: list[jwt.PyJWKClient], tokens: list[str]) -> int:
    """Verify each token by each client, and return how many verifications that were."""
    verified = 0
    for token, client in product(tokens, clients):
        with _while_alive(token):
            key = client.get_signing_key_from_jwt(token)
            jwt.decode(token, key.key, algorithms=["RS256"], audience=_AUDIENCE)
        verified += lives(token)
    return verified


def _see_one_key_for_each_rotation(stored: list[dict[str, Any]]) -> None:
    """See that no two keys were made to follow the same one: they would take over at the same time, or nearly."""
    assert len({each["kid"] for each in stored}) == len(stored)
    takeovers = [each["activates_at"] for each in stored]
    assert all(later - earlier >= _LEAD_SECONDS for earlier, later in pairwise(takeovers)), takeovers


@pytest.mark.proof("keys")
async def test_a_compromised_key_is_out_everywhere(store: Backend, tmp_path: Path, proof: Proof) -> None:
    """One command drops it: each instance refuses its tokens within 5 s, sessions refresh into the new key; with
    ``--revoke-sessions`` only a new sign-in helps. A start finds the keys again, no file of the store has one, and
    another encryption key does not start.
    """
    settings = keen(store) | {"ACCESS_TOKEN_TTL": "15m"}
    with ExitStack() as life:
        services = [life.enter_context(running(_made(tmp_path / str(each)), settings)) for each in range(2)]
        async with People([service.url for service in services], 2) as people:
            [leaked, pending] = await asyncio.to_thread(keys, settings, "list")
            assert [leaked["state"], pending["state"]] == ["active", "pending"]
            await asyncio.to_thread(keys, settings, "compromised", leaked["kid"])
            begun = time.monotonic()
            async with asyncio.timeout(proof.count("seconds in which all refuse it, at most", small=20, full=5)):
                for service in services:
                    await _until(lambda url=service.url: people.me(0, url), UNAUTHORIZED)  # type: ignore[misc]  # as said
            proof.measured("seconds in which all refused it", round(time.monotonic() - begun, 2))
            await people.refreshed(0)
            assert _kid(people.access_tokens[0]) == pending["kid"]
            assert await _answer(lambda: people.me(0)) == OK
            *_, ended = await asyncio.to_thread(keys, settings, "compromised", pending["kid"], "--revoke-sessions")
            assert ended == {"sessions_revoked": 2}
            for service in services:
                assert await _answer(lambda url=service.url: _refresh(people, url)) == UNAUTHORIZED  # type: ignore[misc]  # as said
        async with People([service.url for service in services], 2) as people:
            await people.refreshed(0)
            assert await _answer(lambda: people.me(0)) == OK
        before = await asyncio.to_thread(keys, settings, "list")
    with running(_made(tmp_path / "again"), settings) as service:
        async with ClientSession() as client, client.get(f"{service.url}/.well-known/jwks.json") as response:
            published = {each["kid"] for each in (await response.json(content_type=None))["keys"]}
        assert {each["kid"] for each in before} <= published
    await asyncio.to_thread(_see_no_private_key, store, settings)
    wrong = settings | {"KEY_ENCRYPTION_KEY": base64url.encode(bytes(32))}
    refused = await asyncio.to_thread(run, *SERVE, variables=environment(wrong | {"PORT": "0"}))
    assert refused.returncode == 1
    assert "KEYTURN_KEY_ENCRYPTION_KEY is not the one" in refused.stderr
    assert "Traceback" not in refused.stderr


def _see_no_private_key(store: Backend, settings: dict[str, str]) -> None:
    """See that the store's files have the sealed keys, and no part of what is in them, in any spelling."""
    if store.kind == "postgresql":
        store.server.execute("CHECKPOINT")  # type: ignore[union-attr]  # it is PostgreSQL's
    container = Container(settings=Settings.from_environment(environment(settings)))

    async def load() -> list[StoredKey]:
        try:
            await container.session_store().open()
            return list(await container.key_store().load())
        finally:
            await container.session_store().close()

    stored = everything(store.files)
    for each in asyncio.run(load()):
        assert each.key.kid.encode() in stored
        private_key = load_der_private_key(each.pkcs8, password=None)
        assert isinstance(private_key, RSAPrivateKey)
        numbers = private_key.private_numbers()
        for secret in (numbers.p, numbers.q, numbers.d):
            raw = secret.to_bytes((secret.bit_length() + 7) // 8, "big")[:48]
            assert not any(spelling in stored for spelling in (raw, raw.hex().encode(), *_in_base64(raw)))


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """Yield how bytes look in a longer text, wherever in it they begin."""
    for skipped in range(3):
        part = raw[skipped : skipped + 24]
        yield from (base64.b64encode(part), base64.urlsafe_b64encode(part))


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _kid(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


async def _refresh(people: People, url: str) -> int:
    """Return what an instance answers to the refresh token of the first session."""
    status, _ = await people.post("/auth/refresh", {"refresh_token": people.tokens[0]}, url)
    return status


async def _answer(ask: Callable[[], Awaitable[int]]) -> int:
    """Return the first status that comes: a machine can be busy."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (status := await ask()) == 0:  # noqa: ASYNC110  # another process does it
            await asyncio.sleep(_STEP_SECONDS)
    return status


async def _until(ask: Callable[[], Awaitable[int]], expected: int) -> None:
    while await ask() != expected:  # noqa: ASYNC110  # another process does it
        await asyncio.sleep(_STEP_SECONDS)

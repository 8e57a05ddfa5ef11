"""Keys that rotate by themselves, on several instances of each store, before verifiers that anyone may use."""

import asyncio
import base64
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from itertools import product
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
from app.container import Container
from app.domain.model import base64url
from app.domain.model.signing_key import StoredKey
from app.settings import Settings
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
}
_LEAD_SECONDS: Final = 6
_STEP_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 60
"""For one rotation, on a machine that is busy."""

_ONE_PRINTS: Final = threading.Lock()
"""What is printed can be redirected to one place at a time, whichever thread prints."""


def keen(store: Backend, **settings: str) -> dict[str, str]:
    """Return settings of a service whose keys are in the store, and whose times are short."""
    others = {name: value for name, value in store.settings.items() if not name.startswith("KEY")}
    return {**others, **KEEN, **settings}


def keys(settings: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Run ``keys`` with these arguments, and return what it prints."""
    with _ONE_PRINTS, redirect_stdout(StringIO()) as printed:
        assert main(["keys", *arguments, "--json"], environment(settings)) == 0
    return [json.loads(line) for line in printed.getvalue().splitlines()]


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

    async def rotate(kind: str) -> int:
        folder = tmp_path / kind
        folder.mkdir()
        with ExitStack() as life:
            store = life.enter_context(backend(kind, folder))
            settings = keen(store, KEY_ROTATION_PERIOD=f"{_LEAD_SECONDS}s")
            services = [life.enter_context(running(_made(folder / str(each)), settings)) for each in range(2)]
            async with asyncio.timeout((rotations + 1) * _PATIENCE_SECONDS):
                return await _verify_all(services, settings, rotations)

    verified = await asyncio.gather(*map(rotate, KINDS))
    proof.measured("verifications", dict(zip(KINDS, verified, strict=True)))


async def _verify_all(services: list[Service], settings: dict[str, str], rotations: int) -> int:
    urls = [service.url for service in services]
    signers: set[str] = set()
    verified = 0
    async with People(urls, 4) as people, ClientSession() as client:
        followers = [Follower(url, client) for url in urls]
        pyjwt = [jwt.PyJWKClient(f"{url}/.well-known/jwks.json", lifespan=1) for url in urls]
        alive = [*people.access_tokens]
        while len(signers) <= rotations:
            await asyncio.gather(*(people.refresh(session) for session in range(4)))
            alive = [token for token in alive if _claims(token)["exp"] > time.time() + 1] + people.access_tokens
            signers.update(jwt.get_unverified_header(token)["kid"] for token in people.access_tokens)
            for token in alive:
                for follower in followers:
                    await follower.verify(token)
                    verified += 1
            verified += await asyncio.to_thread(_verify_with_pyjwt, pyjwt, people.access_tokens)
            await asyncio.sleep(_STEP_SECONDS)
        assert {event.answer for event in people.events if isinstance(event, Refresh)} == {Answer.GRANTED}
    published = {kid for follower in followers for kid in follower.kids}
    stored = [each["kid"] for each in await asyncio.to_thread(keys, settings, "list")]
    assert signers <= published <= set(stored)
    assert len(stored) == len(set(stored)) <= len(signers) + 2, "each rotation makes one key"
    return verified


def _verify_with_pyjwt(clients: list[jwt.PyJWKClient], tokens: list[str]) -> int:
    """Verify each token by each client, and return how many verifications that were."""
    for token, client in product(tokens, clients):
        key = client.get_signing_key_from_jwt(token)
        jwt.decode(token, key.key, algorithms=["RS256"], audience=_AUDIENCE)
    return len(tokens) * len(clients)


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
            await people.refresh(0)
            assert jwt.get_unverified_header(people.access_tokens[0])["kid"] == pending["kid"]
            assert await people.me(0) == OK
            *_, ended = await asyncio.to_thread(keys, settings, "compromised", pending["kid"], "--revoke-sessions")
            assert ended == {"sessions_revoked": 2}
            for service in services:
                status, _ = await people.post("/auth/refresh", {"refresh_token": people.tokens[0]}, service.url)
                assert status == UNAUTHORIZED
        async with People([service.url for service in services], 2) as people:
            await people.refresh(0)
            assert await people.me(0) == OK
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
            await container.stores.session_store().open()
            return list(await container.key_stores.chosen().load())
        finally:
            await container.stores.session_store().close()

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


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def _until(ask: Callable[[], Awaitable[int]], expected: int) -> None:
    while await ask() != expected:  # noqa: ASYNC110  # another process does it
        await asyncio.sleep(_STEP_SECONDS)

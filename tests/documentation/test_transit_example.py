"""The page on signing keys: its signer elsewhere."""

import importlib
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from dependency_injector.providers import Object

from app.adapters.keys.bounded_signer import BoundedSigner
from app.contracts.signer import SignerContract
from app.domain.keys.errors import SignerUnavailable
from app.domain.keys.stored_key import StoredKey
from app.ports.signer import Signer
from app.service.application import create_application
from app.service.container import Container
from app.service.settings import Settings
from app.testing.builders import PASSWORD

from .console import ROOT
from .transit_engine import TOKEN, TransitEngine

_PAGE = (ROOT / "docs" / "signing-keys.md").read_text()


@pytest.fixture(scope="module")
def private_keys() -> Sequence[RSAPrivateKey]:
    """Return two versions of a key."""
    return [generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


@pytest.fixture
async def engine(private_keys: Sequence[RSAPrivateKey]) -> AsyncIterator[TransitEngine]:
    """Return a running engine."""
    engine = TransitEngine(*private_keys)
    async with engine.server:
        yield engine


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the page's program up to its last lines. It imports ``keyturn``, which is ``app`` where it is installed."""
    (source,) = re.findall(r"^```python\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.setitem(sys.modules, "keyturn", ModuleType("keyturn"))
    for name in re.findall(r"^from keyturn\.(\S+) import", source, re.MULTILINE):
        monkeypatch.setitem(sys.modules, f"keyturn.{name}", importlib.import_module(f"app.{name}"))
    names: dict[str, Any] = {"__name__": "keyturn_transit"}
    exec(compile(source, "docs/signing-keys.md", "exec"), names)  # noqa: S102  # the page's own text
    return names


class TestTransitKeys(SignerContract):
    """The signer of the page passes the kit, with the bounds that the page gives it."""

    @pytest.fixture(autouse=True)
    async def _load_keys(self, engine: TransitEngine, program: dict[str, Any]) -> AsyncIterator[None]:
        self.transit = program["TransitKeys"](_url(engine), TOKEN)
        self.stored: Sequence[StoredKey] = await self.transit.load()
        yield
        await self.transit._session.close()

    async def connections(self, n: int) -> Sequence[Signer]:
        return [BoundedSigner(self.transit)] * n

    def keys(self) -> Sequence[StoredKey]:
        return self.stored

    def matches(self, key: StoredKey, message: bytes, signature: bytes) -> bool:
        public_key = load_der_public_key(key.public_key)
        assert isinstance(public_key, RSAPublicKey)
        try:
            public_key.verify(signature, message, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


async def test_an_engine_that_fails_is_unavailable(engine: TransitEngine, program: dict[str, Any]) -> None:
    """A 503, or no answer at all, is ``SignerUnavailable``. A token that is refused is not: nobody should try again."""
    transit = program["TransitKeys"](_url(engine), TOKEN)
    keys = await transit.load()
    transit.install(keys)
    kid = keys[0].key.kid
    engine.status = 503
    with pytest.raises(SignerUnavailable):
        await transit.sign(kid, b"message")
    engine.status = 403
    with pytest.raises(Exception, match="403"):
        await transit.sign(kid, b"message")
    await engine.server.close()
    with pytest.raises(SignerUnavailable):
        await transit.sign(kid, b"message")
    await transit._session.close()


async def test_the_service_signs_with_the_engine(engine: TransitEngine, program: dict[str, Any]) -> None:
    """A user signs in and refreshes, although the engine fails once. The newest version signs, and is published."""
    transit = program["TransitKeys"](_url(engine), TOKEN)
    settings = Settings(bootstrap_username="alice", bootstrap_password=PASSWORD, password_hash_memory=8_192)
    with ExitStack() as overridden:
        overridden.enter_context(Container.key_store.override(Object(transit)))
        overridden.enter_context(Container.signer.override(Object(BoundedSigner(transit))))
        app = create_application(settings)
    async with TestClient(TestServer(app)) as client:
        body = {"username": "alice", "password": PASSWORD}
        granted = await (await client.post("/auth/login", json=body)).json()
        engine.status = 503
        refused = await client.post("/auth/refresh", json={"refresh_token": granted["refresh_token"]})
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        engine.status = None
        answer = await client.post("/auth/refresh", json={"refresh_token": granted["refresh_token"]})
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        assert (await client.get("/auth/me", headers=headers)).status == 200
        [published] = (await (await client.get("/.well-known/jwks.json")).json())["keys"]
        assert published["kid"] == (await transit.load())[1].key.kid
    await transit._session.close()


def _url(engine: TransitEngine) -> str:
    return str(engine.server.make_url("")).rstrip("/")

"""Fixtures: running services, their tokens and their log."""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapters.keys.rsa_key import generate_rsa_key, to_stored_key
from app.ports.signer import Signer
from app.service.settings import Settings
from app.testing.system import FakeClock

from .fake_issuer import FakeIssuer
from .forgery import Forge
from .log_lines import LogLines, only_handler
from .service import DEFAULT_SETTINGS, Service, Tokens

Start = Callable[..., Awaitable[Service]]


@pytest.fixture(scope="session")
def signing_key() -> RSAPrivateKey:
    """Return the signing key of every service in the tests."""
    return generate_rsa_key(2048)


@pytest.fixture
def forge(signing_key: RSAPrivateKey) -> Forge:
    """Return a signer that signs anything with the services' key."""
    return Forge(signing_key)


@pytest.fixture
async def issuer(forge: Forge) -> AsyncIterator[FakeIssuer]:
    """Return an issuer whose responses the test sets."""
    async with FakeIssuer(forge, FakeClock(float(int(time.time())))) as issuer:
        yield issuer


@pytest.fixture
async def start(signing_key: RSAPrivateKey) -> AsyncIterator[Start]:
    """Return a function that starts a service with given settings. ``hashing`` makes it hash passwords, and ``signer``
    signs for it.
    """
    key = to_stored_key(signing_key)
    async with AsyncExitStack() as running:

        async def start(*, hashing: bool = False, signer: Signer | None = None, **settings: Any) -> Service:
            service = Service(key, Settings(**{**DEFAULT_SETTINGS, **settings}), hashing=hashing, signer=signer)
            return await running.enter_async_context(service)

        yield start


@pytest.fixture
async def service(start: Start) -> Service:
    """Return a running service."""
    return await start()


@pytest.fixture
async def tokens(service: Service) -> Tokens:
    """Return the tokens of Alice's first session."""
    return await service.sign_in()


@pytest.fixture
def log() -> Iterator[LogLines]:
    """Return the log of the service at level DEBUG."""
    lines = LogLines()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(lines)
    with only_handler(lines, "keyturn"):
        yield lines
    root.removeHandler(lines)
    root.setLevel(level)

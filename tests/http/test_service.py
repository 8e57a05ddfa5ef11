"""The running service of the HTTP tests."""

import gc
import weakref

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.adapters.keys.rsa_key import to_stored_key
from app.service.settings import Settings

from .service import DEFAULT_SETTINGS, Service


async def test_a_stopped_service_is_freed(signing_key: RSAPrivateKey) -> None:
    """Nothing holds the application of a service that a test has stopped."""
    async with Service(to_stored_key(signing_key), Settings(**DEFAULT_SETTINGS), hashing=False) as service:
        await service.sign_in()
        application = weakref.ref(service.app)
    del service
    gc.collect()
    assert application() is None

"""``keyturn keys encryption-key``: make a key that encrypts the signing keys of a shared store."""

import secrets

from ..domain import base64url
from ..service.settings.forms import ENCRYPTION_KEY_BYTES
from .call import Call


def make(call: Call) -> None:
    """Show a new key for ``KEYTURN_KEY_ENCRYPTION_KEY``."""
    key = base64url.encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES))
    call.show({"key": key}, key)

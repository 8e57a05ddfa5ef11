"""Reading and writing one private key as PEM."""

import hashlib
import json

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from ... import COMMAND
from ...domain import base64url
from ...domain.errors import ConfigurationError
from ...domain.keys.signing_key import SigningKey
from ...domain.keys.stored_key import StoredKey
from .fitness import PUBLIC_EXPONENT, check_fitness


def read_private_key(
    pem: bytes, *, passphrase: str | None, source: str, activates_at: float = 0.0, published_at: float = 0.0
) -> StoredKey:
    """Return the RSA key in ``pem`` (PKCS #8 or PKCS #1, any line ends), found fit to sign.

    Raises ``ConfigurationError``, naming ``source`` and the mend, if it cannot be read or is not fit.
    """
    private_key = _load(pem, passphrase, source)
    if not isinstance(private_key, RSAPrivateKey):
        raise ConfigurationError(f"{source} is not an RSA key; RS256 needs one ({COMMAND} keys generate makes it).")
    check_fitness(private_key.public_key().public_numbers(), source=source)
    return stored_key(private_key, activates_at=activates_at, published_at=published_at)


def generate(bits: int) -> RSAPrivateKey:
    """Return a new RSA key with a modulus of ``bits``."""
    return generate_private_key(public_exponent=PUBLIC_EXPONENT, key_size=bits)


def to_pem(pkcs8: bytes, *, passphrase: str | None) -> bytes:
    """Return a key that is PKCS #8 in DER as PEM; raises as ``write_private_key`` does."""
    private_key = load_der_private_key(pkcs8, password=None)
    assert isinstance(private_key, RSAPrivateKey)
    return write_private_key(private_key, passphrase=passphrase)


def write_private_key(private_key: RSAPrivateKey, *, passphrase: str | None) -> bytes:
    """Return the key as PKCS #8 in PEM, encrypted if there is a passphrase.

    Raises ``ConfigurationError`` for a passphrase of more than 1,023 bytes.
    """
    try:
        encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    except ValueError as error:
        raise ConfigurationError("KEYTURN_KEY_PASSPHRASE is too long: 1,023 bytes are the most.") from error


def stored_key(private_key: RSAPrivateKey, *, activates_at: float = 0.0, published_at: float = 0.0) -> StoredKey:
    """Return the key as the domain names it, with its private half."""
    pkcs8 = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    kid = thumbprint(private_key.public_key().public_numbers())
    return StoredKey(SigningKey(kid, activates_at, published_at), pkcs8)


def thumbprint(numbers: RSAPublicNumbers) -> str:
    """Return the SHA-256 JWK thumbprint of a public key (RFC 7638 §3)."""
    members = {"e": _base64url_uint(numbers.e), "kty": "RSA", "n": _base64url_uint(numbers.n)}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True)
    return base64url.encode(hashlib.sha256(canonical.encode()).digest())


def _load(pem: bytes, passphrase: str | None, source: str) -> object:
    if b"-----BEGIN" not in pem:
        raise ConfigurationError(f"{source} holds no PEM: it has no line '-----BEGIN PRIVATE KEY-----'.")
    try:
        return load_pem_private_key(pem, password=passphrase.encode() if passphrase else None)
    except TypeError as error:
        raise ConfigurationError(_passphrase_fault(source, given=bool(passphrase))) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        hint = ", or KEYTURN_KEY_PASSPHRASE is not its passphrase" if passphrase else ""
        raise ConfigurationError(
            f"{source} cannot be read as a private key: it is damaged, cut short or of an unknown kind{hint}."
        ) from error


def _passphrase_fault(source: str, *, given: bool) -> str:
    if given:
        return f"{source} is not encrypted; leave KEYTURN_KEY_PASSPHRASE unset, or encrypt the key."
    return f"{source} is encrypted; give its passphrase in KEYTURN_KEY_PASSPHRASE."


def _base64url_uint(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))

"""Convert private keys from and to PEM."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...domain.keys.stored_key import StoredKey
from .fitness import check_fitness
from .rsa_key import to_stored_key


def read_private_key(
    pem: bytes, *, passphrase: str | None, source: str, activates_at: float = 0.0, published_at: float = 0.0
) -> StoredKey:
    """Return the RSA key in ``pem`` (PKCS #8 or PKCS #1, with any line ends).

    Raises ``ConfigurationError`` if the key cannot be read or is not fit to sign. The message names ``source`` and says
    what to do.
    """
    private_key = _load(pem, passphrase, source)
    if not isinstance(private_key, RSAPrivateKey):
        raise ConfigurationError(f"{source} is not an RSA key; RS256 needs one ({COMMAND} keys generate makes it).")
    check_fitness(private_key.public_key().public_numbers(), source=source)
    return to_stored_key(private_key, activates_at=activates_at, published_at=published_at)


def pkcs8_to_pem(pkcs8: bytes, *, passphrase: str | None) -> bytes:
    """Return a key in PKCS #8 DER as PEM; raises as ``private_key_to_pem`` does."""
    private_key = load_der_private_key(pkcs8, password=None)
    assert isinstance(private_key, RSAPrivateKey)
    return private_key_to_pem(private_key, passphrase=passphrase)


def private_key_to_pem(private_key: RSAPrivateKey, *, passphrase: str | None) -> bytes:
    """Return the key as PKCS #8 in PEM, encrypted if there is a passphrase.

    Raises ``ConfigurationError`` for a passphrase of more than 1,023 bytes.
    """
    try:
        encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    except ValueError as error:
        raise ConfigurationError("KEYTURN_KEY_PASSPHRASE is too long: it may have at most 1,023 bytes.") from error


def _load(pem: bytes, passphrase: str | None, source: str) -> object:
    if b"-----BEGIN" not in pem:
        raise ConfigurationError(f"{source} is not PEM: it has no line '-----BEGIN PRIVATE KEY-----'.")
    try:
        return load_pem_private_key(pem, password=passphrase.encode() if passphrase else None)
    except TypeError as error:
        raise ConfigurationError(_passphrase_fault(source, given=bool(passphrase))) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        hint = ", or KEYTURN_KEY_PASSPHRASE is not its passphrase" if passphrase else ""
        raise ConfigurationError(
            f"{source} cannot be read as a private key: it is damaged, incomplete or of an unknown type{hint}."
        ) from error


def _passphrase_fault(source: str, *, given: bool) -> str:
    if given:
        return f"{source} is not encrypted; leave KEYTURN_KEY_PASSPHRASE unset, or encrypt the key."
    return f"{source} is encrypted; give its passphrase in KEYTURN_KEY_PASSPHRASE."

"""Private keys as PEM in the forms that tools write, and their secrets, which no message may show."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

PASSPHRASE: Final = "corr3ct-h0rse"  # noqa: S105  # a test's


def pkcs8(key: RSAPrivateKey | EllipticCurvePrivateKey) -> bytes:
    """Return the key as openssl genpkey writes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def pkcs1(key: RSAPrivateKey) -> bytes:
    """Return the key as openssl rsa -traditional writes it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def encrypted(key: RSAPrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """Return the key encrypted with ``PASSPHRASE``."""
    return key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(PASSPHRASE.encode()))


def all_texts(error: BaseException | None) -> str:
    """Return all texts of an error and its causes that a log could show."""
    texts = ""
    while error is not None:
        texts += f"{error} {error!r} "
        error = error.__cause__ or error.__context__
    return texts


def secrets_in(pem: bytes) -> list[str]:
    """Return what no message may show: the passphrase, and the lines of the key between its header and its end."""
    lines = pem.decode("latin-1").splitlines()
    return [PASSPHRASE, *(line for line in lines if len(line) > 8 and not line.startswith("-----"))]

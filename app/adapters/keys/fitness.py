"""Check that an RSA key may sign."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ... import COMMAND
from ...domain.errors import ConfigurationError

KEY_SIZES: Final = (2048, 3072, 4096)
"""The sizes of generated keys, in bits."""

PUBLIC_EXPONENT: Final = 65537

_SMALL_PRIMES: Final = (
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
)  # fmt: skip


def check_fitness(numbers: RSAPublicNumbers, *, source: str) -> None:
    """Raise ``ConfigurationError`` for a key that must not sign. Its message names ``source`` and says what to do."""
    bits = numbers.n.bit_length()
    if not KEY_SIZES[0] <= bits <= KEY_SIZES[-1]:
        raise ConfigurationError(
            f"{source} is an RSA key of {bits} bits; use one of {KEY_SIZES[0]} to {KEY_SIZES[-1]} bits"
            f" ({COMMAND} keys generate makes one)."
        )
    if numbers.e != PUBLIC_EXPONENT:
        raise ConfigurationError(
            f"{source} has the public exponent {numbers.e}; make a key with {PUBLIC_EXPONENT}"
            f" ({COMMAND} keys generate makes one)."
        )
    if _has_roca_fingerprint(numbers.n):
        raise ConfigurationError(
            f"{source} was made by a flawed generator and can be factored (ROCA, CVE-2017-15361); make a new key"
            f" with other software ({COMMAND} keys generate makes one)."
        )


def _has_roca_fingerprint(modulus: int) -> bool:
    """Return whether the modulus is a power of 65537 modulo every small prime. All moduli of the flawed generator are
    (Nemec et al., CCS 2017, §3.2). The probability for a sound key is below 10^-8.
    """
    return all(modulus % prime in _powers_of_65537(prime) for prime in _SMALL_PRIMES)


def _powers_of_65537(prime: int) -> set[int]:
    powers, power = set[int](), 1
    while power not in powers:
        powers.add(power)
        power = power * PUBLIC_EXPONENT % prime
    return powers

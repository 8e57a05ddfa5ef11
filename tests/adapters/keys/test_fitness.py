"""RSA keys that are fit to sign (SPEC.md §6)."""

import math
import random
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from app.adapters.keys.fitness import check_fitness
from app.domain.errors import ConfigurationError

_PRIMES: Final = [n for n in range(2, 702) if all(n % divisor for divisor in range(2, math.isqrt(n) + 1))]
"""The first 126 primes."""


def _odd(bits: int, seed: int) -> int:
    return random.Random(seed).getrandbits(bits) | 1 << (bits - 1) | 1  # noqa: S311  # the modulus of no real key


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_usual_sizes_are_fit(bits: int) -> None:
    """The sizes that the service generates are accepted."""
    check_fitness(RSAPublicNumbers(65537, _odd(bits, seed=0)), source="S")


@pytest.mark.parametrize("bits", [512, 1024, 2047, 4097, 8192, 16_384])
def test_other_sizes_are_refused(bits: int) -> None:
    """Smaller keys are unsafe and larger ones too slow. The error names the size and the sizes that are accepted."""
    with pytest.raises(ConfigurationError, match=rf"^S is an RSA key of {bits} bits; use one of 2048 to 4096 bits"):
        check_fitness(RSAPublicNumbers(65537, _odd(bits, seed=0)), source="S")


@pytest.mark.parametrize("exponent", [1, 3, 17, 257, 65_539, 2**32 + 1])
def test_other_exponents_are_refused(exponent: int) -> None:
    """Only the exponent 65537 is accepted. The error names the exponent and says what to do."""
    with pytest.raises(ConfigurationError, match=rf"^S has the public exponent {exponent}; make a key with 65537"):
        check_fitness(RSAPublicNumbers(exponent, _odd(2048, seed=0)), source="S")


def test_ordinary_moduli_have_no_roca_fingerprint() -> None:
    """None of 200 random odd numbers is taken for a ROCA modulus."""
    for seed in range(200):
        check_fitness(RSAPublicNumbers(65537, _odd(2048, seed)), source=f"seed {seed}")


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
@pytest.mark.parametrize("seed", range(5))
def test_roca_moduli_are_refused(bits: int, seed: int) -> None:
    """Numbers that are a power of 65537 modulo the generator's product of primes are refused, whatever their size."""
    product = math.prod(_PRIMES)
    power = pow(65537, _odd(64, seed), product)
    modulus = power + product * (_odd(bits, seed) // product)
    assert (len(_PRIMES), modulus.bit_length()) == (126, bits)
    with pytest.raises(ConfigurationError, match=r"^S was made by a flawed generator .*ROCA, CVE-2017-15361.*new key"):
        check_fitness(RSAPublicNumbers(65537, modulus), source="S")

"""Sealed private keys."""

import json

import pytest

from app.adapters.jose.key_sealer import JoseKeySealer
from app.domain.errors import ConfigurationError
from app.domain.model import base64url

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
SECRET = b"a private key"


def test_what_is_sealed_opens() -> None:
    """It is a JWE of ``dir`` and A256GCM, each time another, that the same encryption key opens."""
    sealer = JoseKeySealer(NEW)
    sealed = sealer.seal(SECRET, kid="kid-1")
    header = json.loads(base64url.decode(sealed.partition(".")[0]))
    assert (header["alg"], header["enc"]) == ("dir", "A256GCM")
    assert sealer.open(sealed, kid="kid-1") == SECRET
    assert sealer.seal(SECRET, kid="kid-1") != sealed


def test_the_old_key_opens_beside_the_new() -> None:
    """While an encryption key is replaced both open, and the new one seals."""
    sealed = JoseKeySealer(OLD).seal(SECRET, kid="kid-1")
    both = JoseKeySealer(NEW, OLD)
    assert both.open(sealed, kid="kid-1") == SECRET
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(SECRET, kid="kid-1"))
    assert JoseKeySealer(NEW).open(both.seal(SECRET, kid="kid-1"), kid="kid-1") == SECRET


def test_another_encryption_key_opens_nothing() -> None:
    """The error names the setting."""
    with pytest.raises(ConfigurationError, match="KEYTURN_KEY_ENCRYPTION_KEY"):
        JoseKeySealer(NEW).open(JoseKeySealer(OLD).seal(SECRET, kid="kid-1"), kid="kid-1")


def test_a_key_opens_in_its_own_place() -> None:
    """Put in the place of another it is refused: whoever writes to the store cannot bring an old key back as a new."""
    sealer = JoseKeySealer(NEW)
    with pytest.raises(ConfigurationError, match="kid-2"):
        sealer.open(sealer.seal(SECRET, kid="kid-1"), kid="kid-2")


@pytest.mark.parametrize("part", range(5))
def test_a_changed_key_is_refused(part: int) -> None:
    """Whichever part of it was changed, cut or added."""
    sealer = JoseKeySealer(NEW)
    parts = sealer.seal(SECRET, kid="kid-1").split(".")
    for changed in ("", "AAAA", parts[part][:-4] + "AAAA"):
        with pytest.raises(ConfigurationError):
            sealer.open(".".join([*parts[:part], changed + "A" * (part == 1), *parts[part + 1 :]]), kid="kid-1")


@pytest.mark.parametrize("junk", ["", ".", "....", "no JWE", "W10....", "e30....", "é"])
def test_junk_is_refused(junk: str) -> None:
    """What is no JWE at all is an error like any other."""
    with pytest.raises(ConfigurationError):
        JoseKeySealer(NEW).open(junk, kid="kid-1")


def test_nothing_shows_the_encryption_key() -> None:
    """Neither its ``repr`` nor what it seals has it."""
    sealer = JoseKeySealer(NEW)
    shown = repr(sealer) + sealer.seal(SECRET, kid="kid-1")
    assert not any(spelt in shown for spelt in (repr(NEW), NEW.hex(), base64url.encode(NEW)))

"""Project Wycheproof's vectors for RS256 (tests/vectors/wycheproof)."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from app.adapters.jose import compact
from app.adapters.jose.verifier import JoseTokenVerifier
from app.domain.errors import ConfigurationError
from app.domain.tokens.errors import BadSignature, MalformedToken

from .forging import decoded

_FILE: Final = Path(__file__).parents[2] / "vectors" / "wycheproof" / "json_web_signature_rs256.json"
_VECTORS: Final[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))

# No case is left out. The README beside the file says which cases the excerpt lacks: none of them is about RS256.
_CASES: Final[list[Any]] = [
    pytest.param(group["public"], test, id=f"{test['tcId']}-{test['comment']}")
    for group in _VECTORS["testGroups"]
    for test in group["tests"]
]


@pytest.mark.parametrize(("jwk", "test"), _CASES)
def test_a_vector_has_its_published_result(jwk: dict[str, object], test: dict[str, Any]) -> None:
    """A valid token gives its payload. An invalid token, or one whose key is not for verifying, is refused."""
    if test["result"] == "valid":
        assert _payload(jwk, test["jws"]) == decoded(test["jws"].split(".")[1])
    else:
        with pytest.raises((BadSignature, MalformedToken, ConfigurationError)):
            _payload(jwk, test["jws"])


def test_no_vector_is_missing() -> None:
    """All cases of the file run."""
    assert len(_CASES) == _VECTORS["numberOfTests"]


def _payload(jwk: dict[str, object], token: str) -> bytes:
    """Return the payload that ``jwk`` verifies, without the rules for headers of access tokens, which the vectors
    break.
    """
    (key,) = JoseTokenVerifier.from_jwk_set({"keys": [jwk]})._keys.values()
    return compact.CompactJws.parse(token).verified_payload(key)

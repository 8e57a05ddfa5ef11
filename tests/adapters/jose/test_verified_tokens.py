"""The memory of verified tokens takes no more bytes than it says, whatever the tokens look like."""

import gc
import json
import os
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.jose import access_token_json, compact
from app.adapters.jose.verified_tokens import MAX_BYTES, VerifiedTokens
from app.adapters.jose.verifier import JoseTokenVerifier

from .forging import CLAIMS

_LONGEST_PAYLOAD = 5_700
"""Bytes of the claims in a token of 8,192 characters."""

_MANY_AUDIENCES = [f"{number:x}" for number in range(16, 1_000)]
_MANY_SCOPES = " ".join(f"{chr(65 + number // 26)}{chr(97 + number % 26)}" for number in range(340))

SHAPES: dict[str, tuple[dict[str, Any], int]] = {
    "as short as possible": ({"aud": "a", "scope": "", "sub": "s", "client_id": "c"}, 50),
    "ordinary": ({}, 800),
    "one long audience": ({"aud": "a" * _LONGEST_PAYLOAD}, compact.MAX_LENGTH),
    "one long audience in wide characters": (
        {"aud": "\N{GRINNING FACE}" * (_LONGEST_PAYLOAD // 4)},
        compact.MAX_LENGTH,
    ),
    "many short audiences": ({"aud": _MANY_AUDIENCES}, compact.MAX_LENGTH),
    "many short scopes": ({"scope": _MANY_SCOPES}, compact.MAX_LENGTH),
}


@pytest.fixture
def traced() -> Iterator[None]:
    """Trace the memory that Python allocates during the test."""
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


def _memory() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _pair(number: int, changes: dict[str, Any], length: int) -> tuple[str, bytes]:
    """Return a token of ``length`` characters and its payload. Nothing is signed: only the sizes matter."""
    payload = json.dumps({**CLAIMS, "jti": f"token-{number}", **changes}, ensure_ascii=False).encode()
    return f"{number:08d}".rjust(length, "x"), payload


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("shape", SHAPES)
def test_the_tokens_take_at_most_the_stated_bytes(shape: str) -> None:
    """Tokens of any shape fill the memory up to its limit, and it takes no more than that. Reading every claim and the
    scope as text adds nothing.
    """
    limit = 2 * 1024 * 1024
    before = _memory()
    tokens, added = VerifiedTokens(max_bytes=limit), 0
    while added < 2 * len(tokens) + 10:
        token, payload = _pair(added, *SHAPES[shape])
        claims = access_token_json.load(payload)
        tokens.add(token, claims)
        assert tokens.get(token) is claims
        assert claims.scope.text is not None
        added += 1
    del token, payload, claims
    taken = _memory() - before
    assert taken <= tokens.size <= limit
    assert taken > limit / 2, "the tokens take much less than they are charged for"


@pytest.mark.usefixtures("traced")
def test_1500_tokens_of_the_greatest_length_stay_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifier of a service or a guard takes at most 16 MiB for the tokens that it has verified."""
    payloads: dict[str, bytes] = {}
    monkeypatch.setattr(compact, "verify", lambda token, keys, *, typ: payloads.pop(token))
    before, verifier = _memory(), JoseTokenVerifier()
    for number in range(1_500):
        token, payload = _pair(number, *SHAPES["one long audience"])
        payloads[token] = payload
        verifier.decode(token)
        del token, payload
    assert MAX_BYTES == 16 * 1024 * 1024
    assert _memory() - before <= MAX_BYTES


def test_a_token_is_found_only_as_a_whole() -> None:
    """Two tokens with the same end are not taken for each other. The later one takes the place of the earlier."""
    tokens = VerifiedTokens()
    (first, payload), (other, _) = _pair(1, *SHAPES["ordinary"]), _pair(2, *SHAPES["ordinary"])
    same_end = "y" + first[1:]
    claims = access_token_json.load(payload)
    tokens.add(first, claims)
    size = tokens.size
    assert tokens.get(first) is claims
    assert tokens.get(same_end) is tokens.get(first[1:]) is tokens.get(other) is None
    tokens.add(same_end, claims)
    assert (tokens.get(first), tokens.get(same_end)) == (None, claims)
    assert (len(tokens), tokens.size) == (1, size)


def test_a_token_that_is_larger_than_the_memory_is_not_kept() -> None:
    """It is forgotten at once, with the older ones, and the memory is empty again."""
    tokens = VerifiedTokens(max_bytes=5_000)
    for shape, kept in (("ordinary", 1), ("one long audience", 0), ("ordinary", 1)):
        token, payload = _pair(len(shape), *SHAPES[shape])
        tokens.add(token, access_token_json.load(payload))
        assert len(tokens) == kept


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("held", [False, True])
def test_a_forked_process_hangs_on_no_lock_of_its_parent(*, held: bool) -> None:
    """A child adds tokens at once. It keeps those of its parent, unless a thread of the parent was adding one."""
    tokens = VerifiedTokens()
    (first, payload), (second, _) = _pair(1, *SHAPES["ordinary"]), _pair(2, *SHAPES["ordinary"])
    claims = access_token_json.load(payload)
    tokens.add(first, claims)
    lock = tokens._lock
    if held:
        lock.acquire()
    child = os.fork()
    if child == 0:
        is_free = tokens._lock.acquire(blocking=False)
        if is_free:
            tokens._lock.release()
            tokens.add(second, claims)
        os._exit(len(tokens) if is_free else 99)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (1 if held else 2)
    assert (lock.locked(), tokens.get(first)) == (held, claims)

"""Bodies that are no JSON object."""

import json

import pytest

from .service import JSON, Service, Tokens

GOOD = '{"username": "alice", "password": "correct horse"%s}'

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "space": b"  ",
    "cut": b'{"username": "alice"',
    "two values": b"{}{}",
    "comment": b"{} // no",
    "single quotes": b"{'username': 'alice'}",
    "trailing comma": (GOOD % ",").encode(),
    "control character": b'{"username": "a\nb"}',
    "duplicate member": (GOOD % ', "username": "alice"').encode(),
    "duplicate within": (GOOD % ', "x": {"a": 1, "a": 1}').encode(),
    "duplicate by escape": (GOOD % ', "us\\u0065rname": "alice"').encode(),
    "NaN": (GOOD % ', "x": NaN').encode(),
    "Infinity": (GOOD % ', "x": -Infinity').encode(),
    "too great a number": (GOOD % ', "x": 1e400').encode(),
    "5,000 digits": (GOOD % (', "x": ' + "9" * 5_000)).encode(),
    "16,000 digits": (GOOD % (', "x": -' + "9" * 16_000)).encode(),
    "8,000 arrays": b'{"x": ' + b"[" * 8_000 + b"]" * 8_000 + b"}",
    "16,000 arrays, open": b"[" * 16_000,
    "2,700 objects": b'{"x":' * 2_700 + b"1" + b"}" * 2_700,
    "9 levels": (GOOD % ', "x": [[[[[[[[1]]]]]]]]').encode(),
    "not UTF-8": b'{"username": "\xff", "password": "x"}',
    "overlong UTF-8": b'{"username": "\xc0\x80", "password": "x"}',
    "surrogates in UTF-8": b'{"username": "\xed\xa0\x80", "password": "x"}',
    "UTF-16": (GOOD % "").encode("utf-16"),
    "UTF-16 without mark": (GOOD % "").encode("utf-16-le"),
    "UTF-32": (GOOD % "").encode("utf-32"),
    "byte order mark": (GOOD % "").encode("utf-8-sig"),
    "half a pair": b'{"username": "\\ud800", "password": "x"}',
    "other half": b'{"username": "alice", "password": "\\udfff"}',
    "half a pair in a name": (GOOD % ', "\\ud800": 1').encode(),
    "pair reversed": b'{"username": "\\udc00\\ud800", "password": "x"}',
}

NO_OBJECT = ["[]", '["username"]', '"text"', "5", "-1.5e3", "true", "null"]


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
async def test_malformed_json_is_refused(service: Service, tokens: Tokens, body: bytes) -> None:
    """Every endpoint gives the same error. It names no field and quotes nothing."""
    assert len(body) <= 16_384
    for path in ("/auth/login", "/auth/refresh"):
        answer = await service.ask("POST", path, data=body, headers=JSON)
        assert answer.problem == (400, "invalid-request")
        assert "errors" not in answer.json()
    if body:
        answer = await service.ask("POST", "/auth/logout", data=body, headers=JSON, token=tokens.access)
        assert answer.problem == (400, "invalid-request")
    assert (await service.me(tokens.access)).status == 200


@pytest.mark.parametrize("body", NO_OBJECT)
async def test_other_json_values_are_refused(service: Service, body: str) -> None:
    """A body must be a JSON object."""
    for path in ("/auth/login", "/auth/refresh", "/auth/logout"):
        assert (await service.ask("POST", path, data=body, headers=JSON)).problem == (400, "invalid-request")


async def test_very_deep_json_is_too_large(service: Service) -> None:
    """100,000 levels do not fit into 16 KiB."""
    answer = await service.ask("POST", "/auth/login", data=b"[" * 100_000, headers=JSON)
    assert answer.problem == (413, "payload-too-large")


@pytest.mark.parametrize(
    "name",
    [
        "\u0000",
        "\U0001f511",
        "a" * 255,
        "\U0001f511" * 255,
        "\u202e\u2028",
        "' OR 1=1 --",
        "${jndi:x}",
        "%s%n",
        "\r\nX: y",
    ],
)
async def test_unusual_strings_are_accepted(service: Service, name: str) -> None:
    """Unusual characters are part of a name, escaped or not. An escaped surrogate pair is one character."""
    for ascii_only in (True, False):
        body = json.dumps({"username": name, "password": name[:128]}, ensure_ascii=ascii_only).encode()
        answer = await service.ask("POST", "/auth/login", data=body, headers=JSON)
        assert answer.problem == (401, "invalid-credentials")

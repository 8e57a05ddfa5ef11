"""Checks answers against the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

from jsonschema import Draft202012Validator
from multidict import CIMultiDictProxy


class Answered(Protocol):
    """An HTTP response."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...
    @property
    def body(self) -> bytes: ...


def _pattern(path: str) -> str:
    """Return a regular expression for a path of the document. A parameter matches one segment; an issuer's path may
    have several.
    """
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path).replace(r"\{issuer_path\}", ".+"))


def _kind(error: Mapping[str, Any]) -> list[Any]:
    """Return the members of an error that are the same in all answers with its code."""
    return [error.get(member) for member in ("type", "title", "status", "error")] + ["request_id" in error]


class Conformance:
    """Checks answers against one document. Members that the document does not name are refused."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._validators: dict[str, Draft202012Validator] = {}
        self._components = json.loads(json.dumps(document["components"]))
        for schema in self._components["schemas"].values():
            schema["additionalProperties"] = False
        self._paths = [(re.compile(_pattern(path)), operations) for path, operations in document["paths"].items()]

    def check(self, method: str, path: str, answer: Answered) -> None:
        """Fail unless the document describes the answer: status, headers and body. Preflights are not described."""
        if method == "OPTIONS" and answer.status == HTTPStatus.NO_CONTENT:
            return
        described = self._described(method, path.partition("?")[0], answer.status)
        missing = {name for name in described["headers"] if name not in answer.headers}
        assert not missing, f"{method} {path}: {answer.status} without {missing}"
        if "content" not in described:
            assert answer.body == b"", f"{method} {path}: {answer.status} has a body"
        elif method != "HEAD":
            self._check_body(described["content"], answer)

    def _described(self, method: str, path: str, status: int) -> Mapping[str, Any]:
        operations = next((each for pattern, each in self._paths if pattern.fullmatch(path)), None)
        operation = (operations or {}).get("get" if method == "HEAD" else method.lower())
        if operation is None:
            code = "method-not-allowed" if operations else "not-found"
            return self._everywhere(f"oauth-{code}" if path.startswith("/oauth/") else code, status)
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {path}: {status} is not among {[*responses]}"
        described: Mapping[str, Any] = responses[str(status)]
        return described

    def _everywhere(self, code: str, status: int) -> Mapping[str, Any]:
        described: Mapping[str, Any] = self._components["responses"][code]
        assert code.removeprefix("oauth-").replace("-", "_").upper() == HTTPStatus(status).name, code
        return described

    def _check_body(self, content: Mapping[str, Any], answer: Answered) -> None:
        media_type = answer.headers["Content-Type"].partition(";")[0]
        described = content.get(media_type, content.get("*/*"))
        assert described is not None, f"{media_type} is not among {[*content]}"
        if media_type.endswith("json"):
            body = json.loads(answer.body)
            self._validator(described["schema"]).validate(body)
            examples = [each["value"] for each in described.get("examples", {}).values()]
            assert not examples or _kind(body) in map(_kind, examples), f"{body} is not among {examples}"

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        key = json.dumps(schema)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**schema, "components": self._components})
        return self._validators[key]


@lru_cache(maxsize=8)
def conformance_of(document: bytes) -> Conformance:
    """Return the checker of a document, given as JSON. Services of most tests have the same document."""
    return Conformance(json.loads(document))

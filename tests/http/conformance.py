"""Whether an answer is what the OpenAPI document says of it."""

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Protocol

from jsonschema import Draft202012Validator
from multidict import CIMultiDictProxy


class Answered(Protocol):
    """What came back."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...
    @property
    def body(self) -> bytes: ...


def _pattern(path: str) -> str:
    """Return what paths look like that a path of the document stands for; that of an issuer may have slashes."""
    return re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path).replace(r"\{issuer_path\}", ".+"))


class Conformance:
    """Holds answers against a document; members that it does not name are refused, though clients must allow them."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components = json.loads(json.dumps(document["components"]))
        for schema in self._components["schemas"].values():
            schema["additionalProperties"] = False
        self._paths = [(re.compile(_pattern(path)), operations) for path, operations in document["paths"].items()]

    def check(self, method: str, path: str, answer: Answered) -> None:
        """Fail unless the answer to a request is described, with its headers and its body; preflights are not."""
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
            self._validator(json.dumps(described["schema"])).validate(json.loads(answer.body))

    @cache  # noqa: B019  # it lives as long as the service of one test
    def _validator(self, schema: str) -> Draft202012Validator:
        return Draft202012Validator({**json.loads(schema), "components": self._components})

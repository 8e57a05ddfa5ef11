"""The paths that need no access token. This file imports no web framework.

A path is public only if it is written as it was declared. Applications read paths in different ways: some join double
slashes, some resolve dots, some read an encoded slash as a slash. A path that could be read in two ways is not public.
"""

import re
from collections.abc import Iterable
from typing import Final

_AMBIGUOUS: Final = re.compile(r"//|/\.{1,2}(?:/|$)|[\\;\x00-\x1f\x7f]")
"""Double slashes, dot segments, backslashes, path parameters and control characters."""

_AMBIGUOUS_ENCODED: Final = re.compile(rb"%(?:2[eEfF]|5[cC]|3[bB]|25|00)")
"""Encoded dots, slashes, backslashes, semicolons, percent signs and NULs, in the path as the client sent it."""

_DECLARED: Final = re.compile(r"(?:(?P<method>[A-Z]+) )?(?P<path>/[^\s?#%*]*)(?P<below>\*)?")
_ANY: Final = ""

_DECLARED_WEBSOCKET: Final = "WEBSOCKET"

WEBSOCKET: Final = "a WebSocket\n"
"""Stands for the method of a WebSocket. No request can have it: a method has no space and no line feed (RFC 9110
§5.6.2). But a request could have the method ``WEBSOCKET``.
"""


class PublicPaths:
    """The declared paths: ``/welcome``, ``GET /items`` for one method alone, or ``/static/*`` for all paths below one.

    ``GET`` includes ``HEAD``. A path without a method is public for every method, and for WebSockets.
    """

    def __init__(self, declared: Iterable[str]) -> None:
        if isinstance(declared, str):
            raise TypeError('name the public paths in a list: public=["/welcome"]')
        self.declared = tuple(declared)
        self._exact: dict[str, set[str]] = {}
        self._below: list[tuple[str, str]] = []
        for each in self.declared:
            self._declare(each)

    def admits(self, method: str, path: str, raw_path: bytes | None, *, mounted_at: str = "") -> bool:
        """Return whether a request needs no token. ``path`` is decoded.

        ``raw_path`` is the path as the client sent it; ``None`` if the server does not say it. ``mounted_at`` is where
        the application is mounted, the ``root_path`` of ASGI.
        """
        below = path_below(path, mounted_at) if mounted_at else path
        if below is None:
            return False
        methods = self._exact.get(below)
        if (methods is not None and (method in methods or _ANY in methods)) or self._is_below(method, below):
            return _has_one_reading(below, raw_path)
        return False

    def _is_below(self, method: str, path: str) -> bool:
        for allowed, prefix in self._below:  # noqa: SIM110  # each request runs this, and a generator takes longer
            if path.startswith(prefix) and allowed in (_ANY, method):
                return True
        return False

    def _declare(self, declared: str) -> None:
        match = _DECLARED.fullmatch(declared)
        if match is None or _AMBIGUOUS.search(match["path"]) or (match["below"] and not match["path"].endswith("/")):
            raise ValueError(
                f"{declared!r} is no public path: write '/welcome', 'GET /items' or '/static/*', as the decoded path"
                " below the application, without a query, '//', '.' or '..'"
            )
        for method in _methods(match["method"]):
            if match["below"]:
                self._below.append((method, match["path"]))
            else:
                self._exact.setdefault(match["path"], set()).add(method)


def _methods(declared: str | None) -> tuple[str, ...]:
    if declared == _DECLARED_WEBSOCKET:
        return (WEBSOCKET,)
    return ("GET", "HEAD") if declared == "GET" else (declared or _ANY,)


def path_below(path: str, mounted_at: str) -> str | None:
    """Return ``path`` relative to where an application is mounted; ``None`` if routers read it in different ways.

    Servers and routers differ in whether the path includes that. Litestar drops everything up to the place, wherever
    it stands in the path. A place that is no ``/`` with segments, or that ends in a slash, is taken off by some routers
    and kept by others: Starlette keeps ``/api/``, so that ``/api/welcome`` leads to another handler than ``/welcome``.
    """
    if not mounted_at:
        return path
    if mounted_at[0] != "/" or mounted_at[-1] == "/" or _AMBIGUOUS.search(mounted_at):
        return None
    if mounted_at not in path:
        return path
    below = path.removeprefix(mounted_at)
    if below == path or mounted_at in below or below[:1] not in ("", "/"):
        return None
    return below or "/"


def _has_one_reading(path: str, raw_path: bytes | None) -> bool:
    return _AMBIGUOUS.search(path) is None and (raw_path is None or _AMBIGUOUS_ENCODED.search(raw_path) is None)

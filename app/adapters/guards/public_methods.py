"""The methods of gRPC that need no access token. This file imports no framework."""

import re
from collections.abc import Iterable
from typing import Final

_DECLARED: Final = re.compile(r"/[A-Za-z_][\w.]*/(?:[A-Za-z_]\w*|\*)", re.ASCII)


class PublicMethods:
    """The declared methods: ``/orders.Orders/List``, or ``/grpc.health.v1.Health/*`` for all methods of a service."""

    def __init__(self, declared: Iterable[str]) -> None:
        if isinstance(declared, str):
            raise TypeError('name the public methods in a list: public=["/grpc.health.v1.Health/Check"]')
        self.declared = tuple(declared)
        for each in self.declared:
            if not _DECLARED.fullmatch(each):
                raise ValueError(f"{each!r} is no method: write '/package.Service/Method' or '/package.Service/*'")
        self._exact = frozenset(self.declared)

    def admits(self, method: str) -> bool:
        """Return whether a call needs no token. ``method`` is its path, as the client sent it."""
        service, slash, name = method.rpartition("/")
        return name != "*" and (method in self._exact or f"{service}{slash}*" in self._exact)

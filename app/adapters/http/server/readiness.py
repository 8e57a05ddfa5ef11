"""Whether this instance wants requests."""

from typing import Final

from aiohttp import web


class Readiness:
    """Ready once started, while its stores answer, until it drains."""

    def __init__(self) -> None:
        self.started = False
        self.stores_answer = True
        self.draining = False

    def __str__(self) -> str:
        if self.draining:
            return "draining"
        if not self.started:
            return "starting"
        return "ready" if self.stores_answer else "without store"

    def __bool__(self) -> bool:
        return str(self) == "ready"


READINESS: Final = web.AppKey("keyturn_readiness", Readiness)

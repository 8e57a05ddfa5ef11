"""Whether this instance is ready for requests."""

from typing import Final

from aiohttp import web


class Readiness:
    """The state of this instance: it is ready from its start until it drains, while the stores answer."""

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

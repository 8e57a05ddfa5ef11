"""Whether this instance wants requests."""

from typing import Final

from aiohttp import web


class Readiness:
    """Ready once started, until it drains."""

    def __init__(self) -> None:
        self.started = False
        self.draining = False

    def __bool__(self) -> bool:
        return self.started and not self.draining


READINESS: Final = web.AppKey("keyturn_readiness", Readiness)

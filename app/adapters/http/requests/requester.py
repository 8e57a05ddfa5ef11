"""Where a request comes from, as its sender's sessions show it."""

from typing import Final

from aiohttp import hdrs, web

from ....domain.requester import Requester
from .client_address import CLIENT_ADDRESS
from .device_name import device_name

_MOST_CHARACTERS: Final = 512
"""Of a User-Agent that are looked at."""


def requester(request: web.Request) -> Requester:
    """Return the client's address and the name of its device."""
    agent = request.headers.get(hdrs.USER_AGENT, "")[:_MOST_CHARACTERS]
    return Requester(address=request[CLIENT_ADDRESS], device=device_name(agent))

"""The address and the device of the client that sends a request. Sessions and audit events record them."""

from typing import Final

from aiohttp import hdrs, web

from ....domain.requester import Requester
from .client_address import CLIENT_ADDRESS
from .device_name import device_name

_MAX_AGENT_LENGTH: Final = 512
"""The rest of a longer User-Agent is ignored."""


def requester(request: web.Request) -> Requester:
    """Return the client's address and the name of its device."""
    agent = request.headers.get(hdrs.USER_AGENT, "")[:_MAX_AGENT_LENGTH]
    return Requester(address=request[CLIENT_ADDRESS], device=device_name(agent))

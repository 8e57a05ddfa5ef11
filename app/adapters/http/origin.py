"""Where a request comes from, as its sender's sessions show it."""

from typing import Final

from aiohttp import hdrs, web

from ...domain.model.session import Origin
from .device_name import device_name

_MOST_CHARACTERS: Final = 512
"""Of a User-Agent that are looked at."""


def origin(request: web.Request) -> Origin:
    """Return the client's address and the name of its device."""
    agent = request.headers.get(hdrs.USER_AGENT, "")[:_MOST_CHARACTERS]
    return Origin(address=request.remote or "", device=device_name(agent))

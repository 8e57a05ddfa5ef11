"""The address and the device of the client that sends a request. Sessions and audit events record them.

A short device name, taken from ``User-Agent`` (RFC 9110 §10.1.5), helps people to recognise their sessions.
"""

import re
from functools import lru_cache
from typing import Final

from aiohttp import hdrs, web

from ....domain.requester import Requester
from .client_address import CLIENT_ADDRESS

_MAX_AGENT_LENGTH: Final = 512
"""The rest of a longer User-Agent is ignored."""

_MAX_LENGTH: Final = 80

_BROWSERS: Final = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Version/\S+ (?:Mobile/\S+ )?Safari/")),
)
"""The first match counts, because most browsers also name browsers that are later in this list."""

_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\(iPhone")),
    ("iPad", re.compile(r"\(iPad")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)


def requester(request: web.Request) -> Requester:
    """Return the client's address and the name of its device."""
    agent = request.headers.get(hdrs.USER_AGENT, "")[:_MAX_AGENT_LENGTH]
    return Requester(address=request[CLIENT_ADDRESS], device=device_name(agent))


@lru_cache(maxsize=1024)
def device_name(agent: str) -> str:
    """Return the name of the device that sends this ``User-Agent``: printable, with at most 80 characters.

    A browser is named like "Firefox on Linux". Another program is named by its first product, like "curl/8.5.0". The
    name is "" if the header has neither.
    """
    agent = "".join(filter(str.isprintable, agent))
    browser, system = _first_match(_BROWSERS, agent), _first_match(_SYSTEMS, agent)
    if agent.startswith("Mozilla/") and browser:
        return f"{browser} on {system}" if system else browser
    return agent.strip().partition(" ")[0][:_MAX_LENGTH]


def _first_match(names: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str:
    return next((name for name, pattern in names if pattern.search(agent)), "")

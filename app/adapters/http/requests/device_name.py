"""A short name for what a ``User-Agent`` (RFC 9110 §10.1.5) says of itself, for people to recognise their devices."""

import re
from typing import Final

MOST_CHARACTERS: Final = 80

_BROWSERS: Final = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Version/\S+ (?:Mobile/\S+ )?Safari/")),
)
"""In the order in which they are asked: most claim to be those that come later, too."""

_SYSTEMS: Final = (
    ("iPhone", re.compile(r"\(iPhone")),
    ("iPad", re.compile(r"\(iPad")),
    ("Android", re.compile(r"Android")),
    ("Windows", re.compile(r"Windows")),
    ("ChromeOS", re.compile(r"CrOS")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)


def device_name(agent: str) -> str:
    """Return such as "Firefox on Linux" for a browser, and the product that comes first, such as "curl/8.5.0", for any
    other program: printable, and of 80 characters at most. What says nothing is "".
    """
    agent = "".join(filter(str.isprintable, agent))
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if agent.startswith("Mozilla/") and browser:
        return f"{browser} on {system}" if system else browser
    return agent.strip().partition(" ")[0][:MOST_CHARACTERS]


def _first(names: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str:
    return next((name for name, pattern in names if pattern.search(agent)), "")

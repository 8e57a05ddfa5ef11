"""The parts of a request, and which file of which package belongs to which part."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Final

HTTP: Final = "HTTP"
READING: Final = "reading the request"
STORE: Final = "store"
DOMAIN: Final = "domain"
SIGNING: Final = "signing"
LOG: Final = "log and audit"
LOOP: Final = "event loop"
OTHER: Final = "other"

PARTS: Final = (HTTP, READING, DOMAIN, SIGNING, STORE, LOG, LOOP, OTHER)
"""In the order in which they are printed."""

OF_THE_SERVICE: Final[Mapping[str, str]] = {
    "adapters/http/requests": READING,
    "adapters/strict_json.py": READING,
    "adapters/http/server/access_log.py": LOG,
    "adapters/telemetry": LOG,
    "adapters/audit_record_json.py": LOG,
    "adapters/log_lines.py": LOG,
    "adapters/jose": SIGNING,
    "adapters/keys": SIGNING,
    "adapters/keyvalue": STORE,
    "adapters/memory": STORE,
    "adapters/records": STORE,
    "adapters/redis": STORE,
    "adapters/sql": STORE,
    "adapters/client_json.py": STORE,
    "adapters/connecting.py": STORE,
    "adapters/session_audience.py": STORE,
    "adapters/stop_signals.py": LOOP,
    "adapters/store_faults.py": STORE,
    "adapters/store_urls": STORE,
    "adapters/unreadable.py": STORE,
    "adapters/passwords": DOMAIN,
    "adapters/system.py": DOMAIN,
    "adapters/errors": HTTP,
    "adapters/guards": HTTP,
    "adapters/http": HTTP,
    "adapters/issuer": HTTP,
    "adapters/compact_json.py": HTTP,
    "adapters/request_context.py": HTTP,
    "domain": DOMAIN,
    "ports": DOMAIN,
    "service": DOMAIN,
}
"""Folders and files of ``app``. The first that contains a file counts."""

_OF_PACKAGES: Final[Mapping[str, str]] = {
    "aiohttp": HTTP,
    "multidict": HTTP,
    "yarl": HTTP,
    "logging": LOG,
    "cryptography": SIGNING,
    "joserfc": SIGNING,
    "asyncpg": STORE,
    "greenlet": STORE,
    "redis": STORE,
    "sqlalchemy": STORE,
    "sqlite3": STORE,
}
"""Packages outside. What is in none of them, such as ``json``, counts for its caller."""

_APP: Final = Path(__file__).parents[2] / "app"
_RECEIVING: Final = frozenset({"_read_ready__data_received", "_read_ready__get_buffer"})
_OF_STORES: Final = frozenset({"asyncio.streams", "app.adapters.redis.shared_connection"})
"""The modules of protocols that only connections to stores have."""


def part_of(frame: FrameType | None) -> str:
    """Return the part that the innermost frame with a part belongs to, or else the event loop or ``OTHER``."""
    found = OTHER
    while frame is not None:
        part = part_of_file(frame.f_code.co_filename)
        if part == LOOP:
            part = _part_of_connection(frame)
            found = LOOP
        if part is not None:
            return part
        frame = frame.f_back
    return found


@cache
def part_of_file(name: str) -> str | None:
    """Return the part of a file; ``None`` if it counts for its caller."""
    path = Path(name)
    if path.is_relative_to(_APP):
        relative = path.relative_to(_APP)
        return next((part for place, part in OF_THE_SERVICE.items() if relative.is_relative_to(place)), None)
    folders = set(path.parts)
    if path.stem == "selectors" or "asyncio" in folders:
        return LOOP
    return next((part for package, part in _OF_PACKAGES.items() if package in folders), None)


def _part_of_connection(frame: FrameType) -> str | None:
    """Return the part of the connection that the event loop is reading from; ``None`` if it does something else.

    The code that handles what was read may be compiled, so that it has no frame of its own.
    """
    if frame.f_code.co_name not in _RECEIVING:
        return None
    protocol: Any = getattr(frame.f_locals.get("self"), "_protocol", None)
    module = type(protocol).__module__
    return STORE if module in _OF_STORES else _OF_PACKAGES.get(module.partition(".")[0])

"""The sender of a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """``address`` is the client's IP address. ``device`` is a short name of its device, such as "Firefox on Linux"."""

    address: str = ""
    device: str = ""

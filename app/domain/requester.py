"""Where a request came from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """Where a request came from: the client's address and a short name of its device, for people to recognise."""

    address: str = ""
    device: str = ""

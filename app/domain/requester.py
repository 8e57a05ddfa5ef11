"""The sender of a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requester:
    """The client's address, and a short name of its device that a person recognises."""

    address: str = ""
    device: str = ""

"""Known devices: what a device shows of an earlier sign-in. It authenticates nobody; it chooses a budget."""

import hmac
from dataclasses import dataclass, field
from typing import Final

from .. import base64url
from ..identifiers import Subject
from .user import User

DEVICE_ID_BYTES: Final = 16

_VERSION: Final = b"\x01"
_TIME_BYTES: Final = 8
_ID_END: Final = len(_VERSION) + DEVICE_ID_BYTES
_TIME_END: Final = _ID_END + _TIME_BYTES
_MAC_BYTES: Final = 32
_PURPOSE: Final = b"keyturn device"


@dataclass(frozen=True, slots=True)
class Device:
    """A device from which ``subject`` signed in, last at ``seen_at`` (seconds since the epoch)."""

    subject: Subject
    device_id: bytes
    seen_at: int


@dataclass(frozen=True, slots=True)
class DeviceClaim:
    """What a device token says; whether it is true takes the user to find out."""

    device: Device
    mac: bytes = field(repr=False)

    def is_of(self, user: User) -> bool:
        """Tell whether the token was made for this user and their password."""
        made = hmac.compare_digest(self.mac, _mac(_facts(self.device), user))
        return made and self.device.subject == user.subject


def device_token(device: Device, user: User) -> str:
    """Return what the device is to show: version, id, time and subject, and a MAC under a key that comes from the
    user's stored password hash. So every instance can check it, and a new password makes it worthless.
    """
    facts = _facts(device)
    return base64url.encode(_mac(facts, user) + facts)


def device_claim(token: str, *, now: float, lifetime: int) -> DeviceClaim | None:
    """Return what ``token`` says; ``None`` for one that is malformed, or older than ``lifetime`` seconds."""
    try:
        raw = base64url.decode(token)
        mac, facts = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        device_id, seen_at, subject = facts[1:_ID_END], facts[_ID_END:_TIME_END], facts[_TIME_END:].decode()
    except ValueError:
        return None
    if facts[:1] != _VERSION or not subject:
        return None
    device = Device(Subject(subject), device_id, int.from_bytes(seen_at, "big"))
    return DeviceClaim(device, mac) if now < device.seen_at + lifetime else None


def _facts(device: Device) -> bytes:
    return _VERSION + device.device_id + device.seen_at.to_bytes(_TIME_BYTES, "big") + device.subject.encode()


def _mac(facts: bytes, user: User) -> bytes:
    key = hmac.digest(user.password_hash.encode(), _PURPOSE, "sha256")
    return hmac.digest(key, facts, "sha256")

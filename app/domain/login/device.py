"""Known devices. A device token shows that a user signed in from this device before. It never authenticates anybody;
it decides which rate limits a sign-in is charged to.
"""

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
class DeviceToken:
    """A device token that was read but not yet verified. ``mac`` authenticates ``content``."""

    device: Device
    content: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    def is_valid_for(self, user: User) -> bool:
        """Return whether the token was made for this user, and for their current password hash."""
        mac_is_right = hmac.compare_digest(self.mac, _mac(self.content, user))
        return mac_is_right and self.device.subject == user.subject


def make_device_token(device: Device, user: User) -> str:
    """Return the device token: a MAC, then version, device id, time and subject.

    The MAC's key comes from the user's stored password hash. So every instance can verify the token, and a new
    password makes it invalid.
    """
    content = _VERSION + device.device_id + device.seen_at.to_bytes(_TIME_BYTES, "big") + device.subject.encode()
    return base64url.encode(_mac(content, user) + content)


def read_device_token(text: str, *, now: float, lifetime: int) -> DeviceToken | None:
    """Return the device token in ``text``; ``None`` if it is malformed or older than ``lifetime`` seconds."""
    try:
        raw = base64url.decode(text)
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        device_id, seen_at, subject = content[1:_ID_END], content[_ID_END:_TIME_END], content[_TIME_END:].decode()
    except ValueError:
        return None
    if content[:1] != _VERSION or not subject:
        return None
    device = Device(Subject(subject), device_id, int.from_bytes(seen_at, "big"))
    return DeviceToken(device, content, mac) if now < device.seen_at + lifetime else None


def _mac(content: bytes, user: User) -> bytes:
    key = hmac.digest(user.password_hash.encode(), _PURPOSE, "sha256")
    return hmac.digest(key, content, "sha256")

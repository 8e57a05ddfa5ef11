"""Known devices: what a device shows of an earlier sign-in. It authenticates nobody; it chooses a budget."""

import hmac
from dataclasses import dataclass
from typing import Final

from . import base64url
from .identifiers import Subject
from .user import User

DEVICE_ID_BYTES: Final = 16

_VERSION: Final = b"\x01"
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 32
_PURPOSE: Final = b"keyturn device"


@dataclass(frozen=True, slots=True)
class Device:
    """A device from which ``subject`` signed in, last at ``seen_at`` (seconds since the epoch)."""

    subject: Subject
    device_id: bytes
    seen_at: int


def device_token(device: Device, user: User) -> str:
    """Return what the device is to show: version, id, time and subject, and a MAC under a key that comes from the
    user's stored password hash. So every instance can check it, and a new password makes it worthless.
    """
    facts = _VERSION + device.device_id + device.seen_at.to_bytes(_TIME_BYTES, "big") + device.subject.encode()
    return base64url.encode(_mac(facts, user) + facts)


def known_device(token: str | None, user: User | None, *, now: float, lifetime: int) -> Device | None:
    """Return the device of ``user`` that ``token`` shows; ``None`` for one that is malformed, forged, another's, or
    older than ``lifetime`` seconds.
    """
    if token is None or user is None:
        return None
    try:
        raw = base64url.decode(token)
    except ValueError:
        return None
    mac, facts = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(facts, user)) or facts[:1] != _VERSION:
        return None
    device_id, rest = facts[1 : 1 + DEVICE_ID_BYTES], facts[1 + DEVICE_ID_BYTES :]
    device = Device(Subject(rest[_TIME_BYTES:].decode()), device_id, int.from_bytes(rest[:_TIME_BYTES], "big"))
    return device if device.subject == user.subject and now < device.seen_at + lifetime else None


def _mac(facts: bytes, user: User) -> bytes:
    key = hmac.digest(user.password_hash.encode(), _PURPOSE, "sha256")
    return hmac.digest(key, facts, "sha256")

"""The secrets that the last rotations of a session replaced, packed into bytes.

A row of a session holds them, because with them a token that was replaced a moment ago leads to the current one.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

MAX_REPLACED: Final = 32
"""The most replaced secrets that are kept, and the most rotations within one replay window."""

_PACKED: Final = struct.Struct(">32s32sd")
"""SHA-256 of the replaced secret, the salt of the rotation, and its time in seconds since the epoch: 72 bytes."""

_UNKNOWN: Final = bytes(32)


class ReplacedSecret(NamedTuple):
    """A replaced secret: its SHA-256 (32 bytes), the salt of the rotation (32 bytes), and the time of the rotation.

    The digest is ``None`` if the previous version of this program made the rotation, which stored only the salt.
    """

    digest: bytes | None
    salt: bytes
    replaced_at: float


@dataclass(frozen=True, slots=True)
class ReplacedSecrets:
    """Replaced secrets, the oldest first. ``packed`` has 72 bytes for each. The times never decrease."""

    packed: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, *replaced: ReplacedSecret) -> Self:
        """Return these secrets, the oldest first."""
        return cls(b"".join(_PACKED.pack(each.digest or _UNKNOWN, each.salt, each.replaced_at) for each in replaced))

    @classmethod
    def stored(cls, packed: bytes, *, last_salt: bytes | None, rotated_at: float) -> Self:
        """Return the secrets of a stored session that was last rotated at ``rotated_at``.

        The previous version of this program stores only the salt of the last rotation, and leaves ``packed`` as it is.
        Such a salt becomes the last secret, with an unknown digest.
        """
        secrets = cls(packed)
        if last_salt is None or last_salt == secrets.last_salt():
            return secrets
        return cls(packed + _PACKED.pack(_UNKNOWN, last_salt, rotated_at))

    def __iter__(self) -> Iterator[ReplacedSecret]:
        """Yield the secrets, the oldest first."""
        for digest, salt, replaced_at in _PACKED.iter_unpack(self.packed):
            yield ReplacedSecret(None if digest == _UNKNOWN else digest, salt, replaced_at)

    def __len__(self) -> int:
        """Return the number of secrets."""
        return len(self.packed) // _PACKED.size

    def with_gap(self, at: float) -> Self:
        """Return the secrets, followed by one that was replaced at ``at`` and of which nothing else is known."""
        return type(self)(self.packed + _PACKED.pack(_UNKNOWN, _UNKNOWN, at))

    def last_at(self) -> float | None:
        """Return when the last of the secrets was replaced; ``None`` if there is none."""
        return _PACKED.unpack(self.packed[-_PACKED.size :])[2] if self.packed else None

    def last_salt(self) -> bytes | None:
        """Return the salt of the last rotation. The previous version of this program reads only this."""
        return _PACKED.unpack(self.packed[-_PACKED.size :])[1] if self.packed else None

    def followed_by(self, digest: bytes, salt: bytes, *, now: float, lifetime: float, leeway: float) -> Self:
        """Return the secrets after one more rotation: at most 32, and none older than ``lifetime`` seconds.

        The clock of another instance may be ahead. A time that is ahead by more than ``leeway`` is taken for now. The
        new time is never before the one of the last rotation.
        """
        kept: list[ReplacedSecret] = []
        at = 0.0
        for each in self:
            at = max(at, now if each.replaced_at > now + leeway else each.replaced_at)
            if now - at < lifetime:
                kept.append(each._replace(replaced_at=at))
        kept.append(ReplacedSecret(digest, salt, max(at, now)))
        return self.of(*kept[-MAX_REPLACED:])

    def replaced_within(self, window: float, *, now: float, leeway: float) -> int:
        """Return how many of the secrets were replaced in the last ``window`` seconds. Those that are ahead by more
        than ``leeway`` do not count.
        """
        return sum(now - window < each.replaced_at <= now + leeway for each in self)


NOTHING_REPLACED: Final = ReplacedSecrets()

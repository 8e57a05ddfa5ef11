"""Changes of the signing keys that are not made."""

from datetime import UTC, datetime

from ..errors import ConfigurationError


class UnknownKey(ConfigurationError):
    """There is no signing key of this ``kid``."""


class KeyChangeRefused(ConfigurationError):
    """A change of the signing keys that was not made, such as one that verifiers would notice: ``safe_at`` (seconds
    since the epoch) is from when they would not, or ``None`` if that is not known.
    """

    def __init__(self, description: str, *, safe_at: float | None = None) -> None:
        if safe_at is not None:
            moment = datetime.fromtimestamp(safe_at, UTC).isoformat(timespec="seconds")
            description = f"{description} It is safe from {moment} on."
        super().__init__(description)
        self.safe_at = safe_at


class KeysChanged(KeyChangeRefused):
    """Another instance changed the signing keys first."""

    def __init__(self) -> None:
        super().__init__("Another instance has just changed the keys; look at them, and try again.")

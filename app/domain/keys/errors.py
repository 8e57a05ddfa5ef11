"""Errors of signing, and of changing the signing keys."""

from datetime import UTC, datetime

from ..errors import ConfigurationError, Unavailable


class UnknownKey(ConfigurationError):
    """No signing key has this ``kid``."""


class SignerUnavailable(Unavailable):
    """The signer cannot be reached, or did not answer in time. Nothing was changed."""

    description = "Tokens cannot be signed now; try again."


class NoActiveKey(SignerUnavailable):
    """No key is active, so nothing can be signed. The cause says why."""


class SignerOverloaded(SignerUnavailable):
    """Too many signatures wait for the signer."""

    description = "Too many tokens wait to be signed; try again."


class KeyChangeRefused(ConfigurationError):
    """The signing keys were not changed, because verifiers would reject valid tokens, for example.

    The change is safe from ``safe_at`` on (seconds since the epoch); ``None`` if that time is not known.
    """

    code = "keys_not_changed"

    def __init__(self, description: str, *, safe_at: float | None = None) -> None:
        if safe_at is not None:
            moment = datetime.fromtimestamp(safe_at, UTC).isoformat(timespec="seconds")
            description = f"{description} It is safe from {moment} on."
        super().__init__(description)
        self.safe_at = safe_at


class KeysChanged(KeyChangeRefused):
    """Another instance changed the signing keys first."""

    def __init__(self) -> None:
        super().__init__("Another instance has just changed the keys; list them, and try again.")


class KeysAreFixed(KeyChangeRefused):
    """The signing keys are not in a store that can be changed."""

    def __init__(self) -> None:
        super().__init__(
            "These keys cannot be rotated: set KEYTURN_KEYS_DIR, or KEYTURN_KEY_ENCRYPTION_KEY and a store."
        )

"""Which key signs."""

from ...ports.clock import Clock
from ...ports.key_store import KeyStore
from ...ports.token_codec import TokenCodec
from ..errors import ConfigurationError
from ..model.signing_key import KeyState, active_key, state


class KeyLifecycle:
    """Brings the stored keys into use and names the one that signs."""

    def __init__(self, *, store: KeyStore, codec: TokenCodec, clock: Clock) -> None:
        self._store = store
        self._codec = codec
        self._clock = clock

    async def load(self) -> None:
        """Install the stored keys; raises ``ConfigurationError`` if none of them may sign yet."""
        self._codec.install(await self._store.load())
        self.signing_kid()

    def states(self) -> dict[str, KeyState]:
        """Return the state of every key, by its ``kid``."""
        keys, now = self._codec.keys(), self._clock.now()
        return {key.kid: state(key, keys, now) for key in keys}

    def signing_kid(self) -> str:
        """Return the ``kid`` of the key that signs now; raises ``ConfigurationError`` if there is none."""
        key = active_key(self._codec.keys(), self._clock.now())
        if key is None:
            raise ConfigurationError("No signing key is active: every key that is there begins to sign in the future.")
        return key.kid

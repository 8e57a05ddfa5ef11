"""The signing keys as administrators see and rotate them while the service runs."""

from collections.abc import Sequence

from ...ports.clock import Clock
from ..identifiers import Subject
from .errors import KeysAreFixed
from .lifecycle import KeyLifecycle
from .policy import KeyPolicy
from .rotation import KeyRotation
from .signing_key import ListedKey, SigningKey


class KeyAdministration:
    """Lists and rotates the keys. ``rotation`` is ``None`` if the keys are in no store that can be changed.

    What may break verifiers is left to the command line: an early activation, a removal, an import.
    """

    def __init__(
        self, *, lifecycle: KeyLifecycle, rotation: KeyRotation | None, clock: Clock, policy: KeyPolicy
    ) -> None:
        self._lifecycle = lifecycle
        self._rotation = rotation
        self._clock = clock
        self._policy = policy

    @property
    def can_rotate(self) -> bool:
        """Whether the keys can be rotated."""
        return self._rotation is not None

    def keys(self) -> Sequence[ListedKey]:
        """Return the keys that this instance has loaded, in the order in which they activate."""
        return self._listed(self._lifecycle.keys())

    async def rotate(self, *, by: Subject) -> Sequence[ListedKey]:
        """Activate the next key as early as is safe, as ``KeyRotation.rotate`` does, and return all keys of the store.
        ``by`` is the administrator who does it.

        Raises ``KeysAreFixed``, ``KeysChanged`` if another instance changed the keys first, and ``StoreUnavailable``.
        """
        if self._rotation is None:
            raise KeysAreFixed
        await self._rotation.rotate(by=by)
        return self._listed(await self._rotation.keys())

    def _listed(self, keys: Sequence[SigningKey]) -> Sequence[ListedKey]:
        now = self._clock.now()
        return [ListedKey(each, self._policy.state(each, keys, now), self._policy.gone_at(each, keys)) for each in keys]

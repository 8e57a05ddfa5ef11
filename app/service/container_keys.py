"""The signing keys: where they come from, which of them signs, and how they are replaced."""

from typing import Any

from dependency_injector import providers

from ..adapters.jose.token_codec import JoseTokenCodec
from ..adapters.keys.generator import RsaKeyGenerator
from ..domain.keys.lifecycle import KeyLifecycle
from ..domain.keys.reload import KeyReload
from ..domain.keys.rotation import KeyRotation
from ..ports.key_generator import KeyGenerator
from ..ports.key_store import KeyStore
from ..ports.token_codec import TokenCodec
from .container_ground import Ground
from .container_key_stores import KeyStores
from .container_records import Records


def _key_rotation(store: KeyStore, **parts: Any) -> KeyRotation | None:
    """Return what changes the keys, if the store of them can be changed."""
    return None if store.ring is None else KeyRotation(ring=store.ring, **parts)


class Keys(Records):
    """The codec has the keys that are in use; every token is made and read by it."""

    codec: providers.Provider[TokenCodec] = providers.Singleton(JoseTokenCodec)
    key_stores = providers.Container(KeyStores, settings=Ground.settings, session_store=Records.stores.session_store)
    key_generator: providers.Provider[KeyGenerator] = providers.Singleton(
        RsaKeyGenerator, bits=Ground.settings.provided.key_size
    )
    keys = providers.Singleton(
        KeyLifecycle, store=key_stores.chosen, codec=codec, clock=Ground.clock, policy=Ground.key_policy
    )
    key_rotation = providers.Singleton(
        _key_rotation,
        key_stores.chosen,
        generator=key_generator,
        clock=Ground.clock,
        audit=Records.audit,
        policy=Ground.key_policy,
    )
    key_reload = providers.Singleton(KeyReload, clock=Ground.clock)

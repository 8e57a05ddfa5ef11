"""The stores of signing keys."""

from functools import partial

from dependency_injector import containers, providers

from ..adapters.jose.key_encryption import JoseKeyEncryption
from ..adapters.keys.directory import DirectoryKeyRing
from ..adapters.keys.environment import EnvironmentKeyStore, FileKeyStore
from ..adapters.keys.generated import GeneratedKeyStore
from ..adapters.keys.shared import SharedKeyRing
from ..domain.errors import ConfigurationError
from ..ports.key_store import KeyStore
from ..ports.session_store import SessionStore
from .settings import Settings


def _shared_ring(store: SessionStore, encryption_keys: tuple[bytes, ...] | None) -> SharedKeyRing:
    if store.signing_keys is None:
        raise ConfigurationError(
            "KEYTURN_KEY_ENCRYPTION_KEY: the store of the sessions keeps no signing keys; set KEYTURN_KEYS_DIR instead."
        )
    return SharedKeyRing(repository=store.signing_keys, encryption=JoseKeyEncryption(*encryption_keys or ()))


class KeyStores(containers.DeclarativeContainer):
    """Where signing keys come from; the settings name one."""

    settings = providers.Dependency(instance_of=Settings)
    session_store: providers.Provider[SessionStore] = providers.Dependency()

    _of_pem = partial(providers.Singleton, passphrase=settings.provided.key_passphrase)
    chosen: providers.Provider[KeyStore] = providers.Selector(
        settings.provided.key_source,
        generated=providers.Singleton(GeneratedKeyStore, bits=settings.provided.key_size),
        environment=_of_pem(EnvironmentKeyStore, pem=settings.provided.signing_key),
        file=_of_pem(FileKeyStore, path=settings.provided.signing_key_file),
        directory=_of_pem(DirectoryKeyRing, directory=settings.provided.keys_dir),
        shared=providers.Singleton(_shared_ring, session_store, settings.provided.key_encryption_key),
    )

"""etcd as a store of sessions."""

from functools import partial
from urllib.parse import urlsplit

from keyturn.adapters.keyvalue.store import KeyValueStore
from keyturn.domain.errors import ConfigurationError
from keyturn.ports.session_store import StoreOptions

from .client import EtcdClient


class EtcdStore(KeyValueStore):
    """A store whose URL names a server and the first part of all keys, for example ``etcd://127.0.0.1:2379/keyturn``."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        if not parts.hostname or not prefix or parts.query or parts.username is not None:
            raise ConfigurationError(f"{options.setting}: write etcd://HOST:PORT/PREFIX, without a user and options.")
        server = f"http://{parts.netloc if parts.port else f'{parts.netloc}:2379'}"
        make_client = partial(EtcdClient, server, connections=options.connections)
        super().__init__(make_client, options, prefix=f"{prefix}/".encode())

"""URLs that name no server, or have a wrong option."""

import pytest

from app.adapters.redis.store import RedisStore
from app.domain.errors import ConfigurationError
from app.ports.session_store import StoreOptions

WRONG = [
    "redis://127.0.0.1:0/0",
    "redis://127.0.0.1:65536/0",
    "redis://127.0.0.1:x/0",
    f"redis://127.0.0.1:{'9' * 4_400}/0",
    "redis+cluster://127.0.0.1:6379,127.0.0.1:99999",
    "redis+sentinel://127.0.0.1:x/service/0",
    "redis://127.0.0.1/0?max_connections=-1",
    "redis://127.0.0.1/0?max_connections=many",
    f"redis://127.0.0.1/0?max_connections={'9' * 4_400}",
    "redis://127.0.0.1/0?unknown=1",
    "redis+cluster://127.0.0.1?max_connections=-1",
    "redis+sentinel://127.0.0.1/service/0?max_connections=-1",
    "redis+sentinel://127.0.0.1/service/0?sentinel_max_connections=-1",
]


@pytest.mark.parametrize("url", WRONG, ids=[each[:60] for each in WRONG])
def test_wrong_url_is_refused(url: str) -> None:
    """The error names the setting. Nothing is connected, and no error of the client library gets through."""
    with pytest.raises(ConfigurationError, match="KEYTURN_SESSION_URL"):
        RedisStore(url, StoreOptions())

"""Readable errors for a Redis server that cannot be used at the start."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError, ResponseError

from ...domain.errors import ConfigurationError, StoreUnavailable
from .redis_url import RedisUrl


@contextmanager
def translate_startup_errors(url: RedisUrl) -> Iterator[None]:
    """Raise ``ConfigurationError`` for an error that the operator must correct, and ``StoreUnavailable`` for one that
    may be temporary. Both messages name the server, but not its password.
    """
    try:
        yield
    except (AuthenticationError, NoPermissionError) as error:
        raise ConfigurationError(
            f"{url} refuses the user or the password; correct them in KEYTURN_SESSION_URL, or grant the user"
            " the keys keyturn:*, the channel keyturn:revocations and the commands of sessions."
        ) from error
    except RedisClusterException as error:
        raise StoreUnavailable(f"{url}: no cluster answers there.") from error
    except ResponseError as error:
        raise ConfigurationError(f"{url} refuses to serve: {error}.") from error
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"{url} cannot be reached: {type(error).__name__}.") from error

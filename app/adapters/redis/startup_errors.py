"""Readable errors for a Redis server that cannot be used at the start."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.exceptions import AuthenticationError, NoPermissionError, RedisClusterException, RedisError, ResponseError

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..connecting import sentence_of
from ..store_faults import LASTING
from ..store_urls.redis import RedisUrl
from .messages import fault_of


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
        raise _refused(url, fault_of(error)) from error
    except StoreUnavailable as error:
        raise _refused(url, error) from error
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"{url} cannot be reached: {sentence_of(error, url.secrets)}.") from error


def _refused(url: RedisUrl, error: StoreUnavailable) -> ConfigurationError | StoreUnavailable:
    """Return the error for a server whose check failed. Time mends some faults, and the operator the others."""
    if error.fault in LASTING:
        return ConfigurationError(f"{url} cannot be used. {error}")
    return StoreUnavailable(f"{url} cannot be used now. {error}", fault=error.fault)

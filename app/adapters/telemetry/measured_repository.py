"""A repository whose calls are timed."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import Any, Final, TypeVar, cast

from ...domain.errors import StoreUnavailable
from ...ports.telemetry import Telemetry

_ACT_LABELS: Final[Mapping[str, str]] = {
    "list_clients": "page",
    "list_live_sessions": "live_sessions",
    "list_revocations": "revocations_since",
    "list_users": "page",
    "read": "find",
    "set_credential_version": "adopt",
}
"""Values of the label ``act`` that differ from the name of the method, because dashboards use the older names."""


_Repository = TypeVar("_Repository")


def measured_repository(repository: _Repository, *, port: type[Any], store: str, telemetry: Telemetry) -> _Repository:
    """Return ``repository`` with timed methods, or ``None`` if it is ``None``.

    ``port`` is the port that the repository serves; ``store`` is its name in the metrics.
    """
    if repository is None:
        return repository
    return cast("_Repository", MeasuredRepository(repository, port=port, store=store, telemetry=telemetry))


class MeasuredRepository:
    """A repository with a timed version of each asynchronous method of ``port``."""

    def __init__(self, repository: Any, *, port: type[Any], store: str, telemetry: Telemetry) -> None:
        for name, _ in inspect.getmembers(port, inspect.iscoroutinefunction):
            setattr(self, name, _timed(getattr(repository, name), store, _ACT_LABELS.get(name, name), telemetry))


def _timed(
    act: Callable[..., Awaitable[Any]], store: str, name: str, telemetry: Telemetry
) -> Callable[..., Awaitable[Any]]:
    @wraps(act)
    async def timed(*args: Any, **keywords: Any) -> Any:
        started = perf_counter()
        answered = True
        try:
            return await act(*args, **keywords)
        except StoreUnavailable:
            answered = False
            raise
        finally:
            telemetry.store_called(store=store, act=name, seconds=perf_counter() - started, answered=answered)

    return timed

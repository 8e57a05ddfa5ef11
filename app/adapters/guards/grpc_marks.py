"""The mark of gRPC's methods: the scopes that they need."""

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, Protocol, TypeVar, cast

from .grpc_calls import current_access

_Method = TypeVar("_Method", bound=Callable[..., Any])


class Mark(Protocol):
    """Marks a method, which keeps its type."""

    def __call__(self, method: _Method) -> _Method:
        """Return the marked method."""
        ...


def requires(*scopes: str) -> Mark:
    """Let only tokens with all of ``scopes`` through to a method of a servicer; others are PERMISSION_DENIED.

    The method may be of any kind. Raises ``TypeError`` unless each scope is a string of its own. Without the guard the
    method fails.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')

    def mark(method: _Method) -> _Method:
        return cast(_Method, _checked(method, scopes))

    return mark


def _checked(method: Callable[..., Any], scopes: tuple[str, ...]) -> Callable[..., Any]:
    """Return a method of the same kind, because gRPC calls each kind in another way."""

    @functools.wraps(method)
    async def of_coroutine(*args: Any) -> Any:
        current_access().check_scope(*scopes)
        return await method(*args)

    @functools.wraps(method)
    async def of_generator(*args: Any) -> AsyncIterator[Any]:
        current_access().check_scope(*scopes)
        async with aclosing(method(*args)) as responses:
            async for each in responses:
                yield each

    @functools.wraps(method)
    def of_thread(*args: Any) -> Any:
        current_access().check_scope(*scopes)
        return method(*args)

    if isasyncgenfunction(method):
        return of_generator
    return of_coroutine if iscoroutinefunction(method) else of_thread

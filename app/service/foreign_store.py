"""A store of another package: complete, of this version of the ports, and with sentences for what its start raises."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from ..domain.errors import ConfigurationError, StoreUnavailable
from ..ports.session_store import Rehearsal, SessionStore, StoreOptions
from ..ports.version import PORTS_VERSION
from .store_package import StorePackage, raised

METHODS_WITH_A_DEFAULT: Final = frozenset({"rehearse"})
"""The methods of the ports whose bodies are a default."""


class ForeignStore(SessionStore):
    """A store of another package. What the store lacks has the default of the port. A database has its members, too."""

    def __init__(self, store: SessionStore, package: StorePackage, port: type[Any]) -> None:
        self.another: Any = store
        self._package = package
        self.sessions = store.sessions
        for name in get_type_hints(port):
            setattr(self, name, getattr(store, name, getattr(port, name, None)))

    @property
    def place(self) -> str:
        return str(getattr(self.another, "place", "") or type(self.another).__name__)

    async def prepare(self) -> None:
        with self._named("prepare"):
            await self.another.prepare()

    async def rehearse(self) -> Rehearsal:
        if _has(self.another, SessionStore, "rehearse"):
            with self._named("rehearse"):
                rehearsal: Rehearsal = await self.another.rehearse()
                return rehearsal
        try:
            await self.open()
            with self._named("check"):
                await self.check()
        finally:
            await self.close()
        return Rehearsal()

    async def open(self) -> None:
        with self._named("open"):
            await self.another.open()

    async def check(self) -> None:
        await self.another.check()

    async def await_revocation(self, *, seconds: float) -> None:
        await self.another.await_revocation(seconds=seconds)

    async def close(self) -> None:
        with self._named("close"):
            await self.another.close()

    @contextmanager
    def _named(self, act: str) -> Iterator[None]:
        """Raise ``ConfigurationError`` for an exception that the port does not have."""
        try:
            yield
        except (ConfigurationError, StoreUnavailable):
            raise
        except ImportError as error:
            self._package.refuse_import(error)
        except Exception as error:  # noqa: BLE001  # the adapter of a stranger may raise anything
            self._package.refuse(f"has a fault: {act} raised {raised(error)}, which is no error of the port", error)


def foreign_store(package: StorePackage, url: str, options: StoreOptions, port: type[Any]) -> ForeignStore:
    """Return the store that ``package`` makes; raises ``ConfigurationError`` if it does not serve ``port``."""
    store = _made(package, package.load(), url, options)
    version = getattr(store, "ports_version", None)
    if version not in (None, PORTS_VERSION):
        package.refuse(
            f"was written for version {version} of the ports, and this Keyturn has version {PORTS_VERSION}; install a"
            " version of the package for that"
        )
    served = port if hasattr(store, "users") or hasattr(store, "clients") else SessionStore
    if faults := [*_faults(store, served)]:
        package.refuse(f"does not serve version {PORTS_VERSION} of the ports: {'; '.join(faults)}")
    return ForeignStore(store, package, served)


def _made(package: StorePackage, factory: Callable[..., Any], url: str, options: StoreOptions) -> SessionStore:
    try:
        store: SessionStore = factory(url, options)
    except (ConfigurationError, StoreUnavailable):
        raise
    except ImportError as error:
        package.refuse_import(error)
    except Exception as error:  # noqa: BLE001  # as above
        package.refuse(f"cannot be made from its URL: {package.entry.attr} raised {raised(error)}", error)
    return store


def _faults(adapter: object, port: type[Any]) -> Iterator[str]:
    """Yield what ``adapter`` lacks of ``port``, and what the repositories of a store lack of theirs."""
    members = _methods(port)
    lacking = [name for name in members if name not in METHODS_WITH_A_DEFAULT and not _has(adapter, port, name)]
    unset = [name for name in get_type_hints(port) if not hasattr(port, name) and not hasattr(adapter, name)]
    name = type(adapter).__name__
    if lacking:
        yield f"{name} lacks {_listed(lacking)} of {port.__name__}"
    if unset:
        yield f"{name} lacks {_listed(unset)} of {port.__name__}, which its constructor must set"
    for member, method in members.items():
        if _has(adapter, port, member) and not _takes(getattr(adapter, member), method):
            yield f"{name}.{member} does not take the arguments of {port.__name__}.{member}"
    for member, hint in get_type_hints(port).items():
        value = getattr(adapter, member, None)
        for served in (each for each in (hint, *get_args(hint)) if getattr(each, "_is_protocol", False)):
            if hasattr(adapter, member) and (value is not None or NoneType not in get_args(hint)):
                yield from _faults(value, served)


def _methods(port: type[Any]) -> Mapping[str, Callable[..., Any]]:
    return {name: each for name, each in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}


def _has(adapter: object, port: type[Any], name: str) -> bool:
    """Return whether the adapter defines a method. One that is inherited from the port has an empty body."""
    return callable(getattr(adapter, name, None)) and getattr(type(adapter), name, None) is not getattr(port, name)


def _takes(method: Callable[..., Any], declared: Callable[..., Any]) -> bool:
    """Return whether a method can be called as the port declares it."""
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):  # a method that is not written in Python may have none
        return True
    _, *parameters = inspect.signature(declared).parameters.values()
    named = {each.name: None for each in parameters if each.kind is each.KEYWORD_ONLY}
    try:
        signature.bind(*(None for each in parameters if each.kind is not each.KEYWORD_ONLY), **named)
    except TypeError:
        return False
    return True


def _listed(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last

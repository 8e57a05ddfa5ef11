"""The package that registers a store: find it by the scheme of a URL, and import its store.

Each fault is one sentence that begins with the setting of the URL, and names the package that has to be mended.
"""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, NoReturn

from ..domain.errors import ConfigurationError

ENTRY_POINTS: Final = "keyturn.stores"
"""The entry-point group in which other packages register their stores. The name is the URL scheme, in lower case. The
object is a ``Callable[[str, StoreOptions], Database]``, or one that returns a ``SessionStore``.
"""


@dataclass(frozen=True, slots=True)
class StorePackage:
    """The entry point of a store, and the setting whose URL has its scheme."""

    setting: str
    entry: EntryPoint

    def refuse(self, fault: str, cause: BaseException | None = None) -> NoReturn:
        """Raise ``ConfigurationError`` with the sentence that ``fault`` ends."""
        raise ConfigurationError(
            f"{self.setting}: the store {self.entry.name}:// of {package_of(self.entry)} {fault}."
        ) from cause

    def load(self) -> Callable[..., Any]:
        """Return what makes the store; raises ``ConfigurationError`` if it cannot be imported."""
        try:
            factory: Any = self.entry.load()
        except Exception as error:  # noqa: BLE001  # the module of a stranger may raise anything
            self.refuse_import(error)
        if not callable(factory):
            self.refuse(f"cannot be made, because {self.entry.value} is neither a class nor a function")
        made: Callable[..., Any] = factory
        return made

    def refuse_import(self, error: Exception) -> NoReturn:
        """Raise ``ConfigurationError``. It names the module that is missing, or what the import raised."""
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing is None:
            own_words = isinstance(error, ImportError) and error.name is None
            told = _one_line(error) if own_words else f"{raised(error)}: {_one_line(error)}"
            self.refuse(f"cannot be imported: {told}", error)
        if missing.partition(".")[0] == self.entry.module.partition(".")[0]:
            self.refuse(f"cannot be imported: the package has no module {missing}", error)
        self.refuse(f"needs the module {missing}, which is not installed; {self._advice()}", error)

    def _advice(self) -> str:
        """Return how to install what the package needs."""
        found = self.entry.dist
        if found is None:
            return "install what the package needs"
        extras = found.metadata.get_all("Provides-Extra") or []
        named = f", perhaps with one of its extras: {', '.join(extras)}" if extras else ""
        return f"install what the documentation of {found.name} says{named}"


def find_package(scheme: str, setting: str, built_in: Iterable[str]) -> StorePackage:
    """Return the package that registers a store for ``scheme``.

    Raises ``ConfigurationError`` if there is none, or more than one, or if its name has a capital.
    """
    registered = entry_points(group=ENTRY_POINTS)
    found = [each for each in registered if each.name.lower() == scheme]
    if not found:
        known = ", ".join(sorted({*built_in, *registered.names}))
        raise ConfigurationError(
            f"{setting}: there is no store for URLs of this scheme; the known schemes are {known}."
        )
    if len(found) > 1:
        packages = " and ".join(sorted(package_of(each) for each in found))
        raise ConfigurationError(
            f"{setting}: the store {scheme}:// is registered by {packages}; uninstall all but one of them."
        )
    package = StorePackage(setting, found[0])
    if found[0].name != scheme:
        package.refuse(f"is named with a capital, and the scheme of a URL has none: name its entry point {scheme}")
    return package


def package_of(entry: EntryPoint) -> str:
    """Return the name and the version of the package that has this entry point."""
    return "another package" if entry.dist is None else f"the package {entry.dist.name} {entry.dist.version}"


def raised(error: Exception) -> str:
    """Return the class of an exception, and the line that raised it. The text is left out: it may have a secret."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "importlib" not in each.filename]
    place = f" in line {frames[-1].lineno} of {'/'.join(Path(frames[-1].filename).parts[-2:])}" if frames[1:] else ""
    return f"{type(error).__name__}{place}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")

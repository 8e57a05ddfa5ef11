"""The fault of a Python module of another package that is not installed."""

import sys
from typing import Final

_OWN: Final = __name__.partition(".")[0]
_PACKAGES: Final = {"_cffi_backend": "cffi", "attr": "attrs"}
"""Packages that do not have the name of their module."""


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return a sentence that names the package which is not installed, and what to do; ``None`` for a module of Keyturn
    or Python itself, whose absence is a bug.
    """
    module = (error.name or "").partition(".")[0]
    if not module or module == _OWN or module in sys.stdlib_module_names:
        return None
    package = _PACKAGES.get(module, module.replace("_", "-"))
    return (
        f"The package {package} is not installed. In a clone, delete the folder .venv and start again. For an installed"
        f" wheel, run pip install {package}."
    )

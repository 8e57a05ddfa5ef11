"""The adapter kit: for each port a class of tests that every adapter must pass. ``kit.py`` says how to use it.

May import: the domain, the ports, pytest.
"""

import pkgutil

import pytest

# pytest rewrites the asserts of test files, and of modules that are registered before they are imported. Only the
# package itself is always imported before its modules.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))

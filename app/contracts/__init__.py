"""The adapter kit: for each port a class of tests that every adapter passes; ``kit`` says how to use it.

It may import the domain, the ports and pytest.
"""

import pkgutil

import pytest

# pytest rewrites the asserts of test files only, and of modules that are registered before their import.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)))

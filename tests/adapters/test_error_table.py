"""The table of errors is complete."""

from collections.abc import Iterator
from http import HTTPStatus

from app.adapters.errors.oauth import OAUTH
from app.adapters.errors.problem import PROBLEM
from app.adapters.errors.table import ERRORS
from app.domain.errors import KeyturnError


def _subclasses(kind: type[KeyturnError]) -> Iterator[type[KeyturnError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("app."):
            yield subclass
            yield from _subclasses(subclass)


def test_every_class_with_a_code_of_its_own_has_a_row() -> None:
    """An error with a code of its own never inherits the row of another code."""
    assert {kind for kind in _subclasses(KeyturnError) if "code" in vars(kind)} <= ERRORS.keys()


def test_only_errors_without_a_code_of_their_own_are_faults_of_the_service() -> None:
    """Both formats give 500 to exactly the errors whose code is ``server_error``."""
    for kind in _subclasses(KeyturnError):
        is_fault = kind.code == KeyturnError.code
        for error_format in (PROBLEM, OAUTH):
            status, code, _ = error_format.text(kind)
            assert (status is HTTPStatus.INTERNAL_SERVER_ERROR) == is_fault
            assert code.replace("-", "_") == kind.code

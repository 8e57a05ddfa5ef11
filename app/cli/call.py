"""One call of a command: where its settings come from, and where its results go."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from .output import Output

if TYPE_CHECKING:
    from ..service.settings import Settings


class Call:
    """What each command gets beside its arguments.

    ``may_create`` says whether the command may make a SQLite database that does not exist.
    """

    def __init__(self, environment: Mapping[str, str], output: Output) -> None:
        self.environment = environment
        self.output = output
        self.may_create = False

    @cached_property
    def settings(self) -> "Settings":
        """The settings of the environment; raises ``ConfigurationError``. They are imported here: not all need them."""
        from ..service.settings import Settings  # noqa: PLC0415  # as above

        return Settings.from_environment(self.environment)

    def show(self, result: Mapping[str, object], text: str) -> None:
        """Print a result: ``text``, or ``result`` as a line of JSON."""
        self.output.show(result, text)

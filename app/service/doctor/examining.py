"""Run the checks one after the other."""

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager

from ...domain.errors import ConfigurationError, StoreUnavailable
from ..settings import Settings
from .checks import CHECKS, CHECKS_OF_URL
from .examination import Examination
from .finding import Check, Finding, Result, fault, skipped, warning
from .public_url import parse_url


async def examine(variables: Mapping[str, str], *, url: str | None = None) -> AsyncIterator[Finding]:
    """Yield what each check finds in an environment, in the order of the checks.

    ``url`` is the address at which clients reach the service. Without it, nothing is checked from their side. Raises
    ``ConfigurationError`` for a URL that cannot be used.
    """
    url = None if url is None else parse_url(url)
    settings, faults, unread = Settings.examine(variables)
    examination = Examination(variables=variables, settings=settings, faults=faults, unread=unread, url=url)
    for check in CHECKS if url is None else (*CHECKS, *CHECKS_OF_URL):
        for result in await _look(check, examination):
            yield Finding(result.level, result.text, check.name)


async def _look(check: Check, examination: Examination) -> list[Result]:
    missing = [examination.variable(each) for each in check.needs if each in examination.unread]
    if missing:
        return [skipped(f"Not checked: correct {' and '.join(missing)} first.")]
    results: list[Result] = []
    with _logged() as lines:
        try:
            results += [each async for each in check.look(examination)]
        except (ConfigurationError, StoreUnavailable) as error:
            results.append(fault(str(error)))
    return [*map(warning, dict.fromkeys(lines)), *results]


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Yield a list that gets what is logged as a warning or an error, which is not printed."""
    log, lines = logging.getLogger("keyturn"), _Lines(logging.WARNING)
    propagate, log.propagate = log.propagate, False
    log.addHandler(lines)
    try:
        yield lines.texts
    finally:
        log.removeHandler(lines)
        log.propagate = propagate


class _Lines(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        self.texts.append(f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else "."))

"""``keyturn doctor``: check an environment before the service starts in it."""

from ..domain.errors import ConfigurationError
from ..service.doctor import Level, examine
from .call import Call


async def run(call: Call, *, url: str | None) -> None:
    """Show each finding; raise ``ConfigurationError`` at the end if there is a fault."""
    faults = warnings = 0
    async for finding in examine(call.environment, url=url):
        result = {"check": finding.check, "level": finding.level.value, "text": finding.text}
        call.show(result, f"{finding.level:<8} {finding.check}: {finding.text}")
        call.output.flush()
        faults += finding.level is Level.FAULT
        warnings += finding.level is Level.WARNING
    if faults:
        raise ConfigurationError(
            f"Faults: {faults}. The service does not start or does not serve until they are mended."
        )
    if not call.output.as_json:
        call.show({}, f"No faults, {warnings} warning{'' if warnings == 1 else 's'}.")

"""Files: who can read those with secrets, and whether temporary ones can be made."""

from collections.abc import AsyncIterator

from ...adapters.telemetry.shared_files import shared_files
from ..settings.secret_files import exposed_secret_files
from .examination import Examination
from .finding import Result, fault, ok, skipped, warning


async def of_secret_files(examination: Examination) -> AsyncIterator[Result]:
    """Yield a warning for each secret file that everybody can read. Key files and databases have their own checks."""
    exposed = list(exposed_secret_files(examination.variables))
    for each in exposed:
        yield warning(f"{each}.")
    if not exposed:
        yield ok("No file with a secret is open to every user of this machine.")


async def temporary_folder(examination: Examination) -> AsyncIterator[Result]:
    """Make the files that workers share, and delete them."""
    if examination.settings.workers == 1 or examination.settings.metrics_port is None:
        yield skipped("Only several workers with metrics need temporary files.")
        return
    try:
        with shared_files():
            yield ok("Temporary files can be made.")
    except OSError as error:
        yield fault(f"No temporary file can be made: {error.strerror}. Set TMPDIR to a folder that can be written.")

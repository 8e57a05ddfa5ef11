"""Files: who can read those with secrets, and whether temporary ones can be made."""

from collections.abc import AsyncIterator

from ..settings.secret_files import exposed_secret_files
from ..workers import check_temporary_folder
from .examination import Examination
from .finding import Result, ok, skipped, warning


async def of_secret_files(examination: Examination) -> AsyncIterator[Result]:
    """Yield a warning for each secret file that everybody can read. Key files and databases have their own checks."""
    exposed = list(exposed_secret_files(examination.variables))
    for each in exposed:
        yield warning(f"{each}.")
    if not exposed:
        yield ok("No file with a secret is open to every user of this machine.")


async def temporary_folder(examination: Examination) -> AsyncIterator[Result]:
    """Yield that workers can make temporary files; raises the error of the start if not."""
    if examination.settings.workers == 1:
        yield skipped("One worker needs no temporary files.")
        return
    check_temporary_folder(examination.settings)
    yield ok("Temporary files can be made.")

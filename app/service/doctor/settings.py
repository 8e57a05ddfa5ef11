"""The settings, and what they contradict."""

from collections.abc import AsyncIterator

from ..settings.service_links import service_links
from .examination import Examination
from .finding import Result, fault, ok, skipped


async def values(examination: Examination) -> AsyncIterator[Result]:
    """Yield every fault of the settings, in the words of the start."""
    for each in examination.faults:
        yield fault(each)
    if examination.unread:
        yield skipped("Contradictions between settings were not looked for: correct the settings above first.")
    elif not examination.faults:
        yield ok("Every setting is valid, and none contradicts another one.")
    if ignored := service_links(examination.variables):
        yield ok(f"Variables that Kubernetes made for Services are ignored: {', '.join(ignored)}.")

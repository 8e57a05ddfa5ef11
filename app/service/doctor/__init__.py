"""The doctor: checks an environment before the service starts in it, and what clients see of the service.

One file has the checks of one subject. They use what the start itself uses, so that the two never disagree.
May import: the rest of the service, the adapters, the domain, the ports.
"""

from .checks import CHECKS, CHECKS_OF_URL
from .examining import examine
from .finding import Check, Finding, Level

__all__ = ["CHECKS", "CHECKS_OF_URL", "Check", "Finding", "Level", "examine"]

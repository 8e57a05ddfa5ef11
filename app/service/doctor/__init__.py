"""The doctor: checks an environment as the start does, and what clients see. A file has the checks of one subject.

May import: the rest of the service, the adapters, the domain, the ports.
"""

from .checks import CHECKS, CHECKS_OF_URL
from .examining import examine
from .finding import Check, Finding, Level

__all__ = ["CHECKS", "CHECKS_OF_URL", "Check", "Finding", "Level", "examine"]

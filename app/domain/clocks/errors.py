"""The error of a clock in doubt."""

from ..errors import Unavailable


class ClockInDoubt(Unavailable):
    """The clock of this machine may be wrong, so nothing is decided, deleted or stored by it. Nothing was changed."""

    description = "The clock of the service is in doubt; try again."

"""How long the sender of a request waits for its answer."""

from typing import Protocol


class Patience(Protocol):
    """The patience of one sender. When it is over, the request is cancelled, unless it has begun to commit."""

    def begin_commit(self) -> None:
        """Let the request go on to its end from now on, whatever its sender does.

        Raises ``Overloaded`` if the sender has gone or its time is over. Then nothing may be changed.
        """
        ...

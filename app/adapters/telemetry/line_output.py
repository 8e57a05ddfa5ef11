"""Where the lines of the log go. No write waits, because a reader that stops reading must not stop the service."""

import errno
import os
import select
import socket
import stat
from contextlib import suppress
from typing import Final, Protocol, TextIO

_NO_OFFSET: Final = -1
_NO_WAIT: Final[int | None] = getattr(os, "RWF_NOWAIT", None)
"""Only Linux has this flag of one write."""


class LineOutput(Protocol):
    """A way to write to a file, a pipe, a terminal or a socket."""

    def write(self, text: bytes) -> int:
        """Write what can be written without waiting, and return the number of bytes.

        Raises ``OSError`` if nothing was written: ``BlockingIOError`` if there is no room now.
        """
        ...

    def close(self) -> None:
        """Release what this output opened. The stream itself stays open."""
        ...


def line_output(stream: TextIO | None) -> LineOutput:
    """Return an output that writes to ``stream``, which is usually standard error; ``None`` if that is closed."""
    if stream is None:
        return NoOutput()
    try:
        descriptor = stream.fileno()
    except OSError:
        return StreamOutput(stream)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return FileOutput(descriptor)
    return SocketOutput(descriptor) if stat.S_ISSOCK(mode) else PipeOutput(descriptor)


class NoOutput(LineOutput):
    """Writes nothing."""

    def write(self, text: bytes) -> int:
        return len(text)

    def close(self) -> None:
        """Do nothing."""


class StreamOutput(LineOutput):
    """A stream in memory, such as ``StringIO``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: bytes) -> int:
        try:
            self._stream.write(text.decode("ascii"))
            self._stream.flush()
        except ValueError as error:  # it is closed
            raise OSError(str(error)) from error
        return len(text)

    def close(self) -> None:
        """Do nothing."""


class FileOutput(LineOutput):
    """A file. It has no reader to wait for."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: bytes) -> int:
        return os.write(self._descriptor, text)

    def close(self) -> None:
        """Do nothing."""


class PipeOutput(LineOutput):
    """A pipe or a terminal.

    The flag ``O_NONBLOCK`` would change it for other processes too, such as the shell. So it is opened a second time.
    That is not allowed if another user made it. Then a pipe is asked for room, and Linux (since 6.4) not to wait.
    Only such a terminal can make a write wait, while somebody has stopped it with Ctrl-S.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._own: int | None = None
        with suppress(OSError):
            self._own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)

    def write(self, text: bytes) -> int:
        if self._own is not None:
            return os.write(self._own, text)
        if not self._room.poll(0):
            raise BlockingIOError
        if _NO_WAIT is not None:
            try:
                return os.pwritev(self._descriptor, [text], _NO_OFFSET, _NO_WAIT)
            except OSError as error:
                if error.errno != errno.EOPNOTSUPP:
                    raise
        return os.write(self._descriptor, text)

    def close(self) -> None:
        if self._own is not None:
            os.close(self._own)
            self._own = None


class SocketOutput(LineOutput):
    """A socket, such as the one to the journal of systemd."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))

    def write(self, text: bytes) -> int:
        return self._socket.send(text, socket.MSG_DONTWAIT)

    def close(self) -> None:
        self._socket.close()

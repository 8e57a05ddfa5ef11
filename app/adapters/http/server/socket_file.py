"""The file of a Unix socket: made with a mode, held against other instances, and removed at the end."""

import errno
import fcntl
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_LOCK_MODE: Final = 0o600
_IN_USE: Final = "another program listens there"
_NO_SOCKET: Final = "this is a file of another kind"


class SocketFile:
    """The file at ``path``, to which one socket is bound. A lock beside it says that this process lives, or one that it
    forked. A file without such a process was left by one that was killed, and is replaced.

    Raises ``OSError``, also if another instance holds the file, another program listens there, or it is no socket.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._owner = os.getpid()
        self._lock = _locked(self._lock_path)
        self._made: os.stat_result | None = None

    def bind(self, listening: socket.socket, mode: int) -> None:
        """Bind the socket. Its file has exactly ``mode``, and never had a wider one."""
        try:
            _remove_stale(self._path)
            umask = os.umask(0o777 & ~mode)
            try:
                listening.bind(str(self._path))
            finally:
                os.umask(umask)
            self._made = self._path.stat()
            self._path.chmod(mode)
        except OSError:
            self.remove()
            raise

    def remove(self) -> None:
        """Remove the file and the lock, unless another process has made them. A forked process leaves both alone."""
        if os.getpid() != self._owner or self._lock < 0:
            return
        with suppress(OSError):
            if self._made is not None and os.path.samestat(self._made, self._path.stat()):
                self._path.unlink()
        with suppress(OSError):
            self._lock_path.unlink()
        os.close(self._lock)
        self._lock = -1


def _locked(path: Path) -> int:
    """Return the descriptor of the lock file, locked. Raises ``OSError`` if another instance has locked it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _LOCK_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except BlockingIOError as error:
            os.close(descriptor)
            raise OSError(errno.EADDRINUSE, "another instance of Keyturn uses it") from error
        except FileNotFoundError:
            pass
        os.close(descriptor)  # the instance that had it removed it between the two steps


def _remove_stale(path: Path) -> None:
    """Remove the file of a socket on which nobody listens. Raises ``OSError`` for any other file."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise OSError(errno.EEXIST, _NO_SOCKET)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(0)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except BlockingIOError as error:  # so many wait that no more can
            raise OSError(errno.EADDRINUSE, _IN_USE) from error
        else:
            raise OSError(errno.EADDRINUSE, _IN_USE)

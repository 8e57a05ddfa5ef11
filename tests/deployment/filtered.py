"""Runs a program as systemd runs the unit: ``filtered.py FILE COMMAND…``. System calls that FILE does not list fail,
and no memory is both writable and executable. It imports only the standard library, because it runs inside of a layer.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

_ALLOW = 0x7FFF_0000
_FAIL = 0x0005_0000 | errno.EPERM
_PR_SET_MDWE = 65
_REFUSE_EXEC_GAIN = 1


def confine(names: list[str]) -> None:
    """Allow these system calls to this process, and to those that it starts. Raises ``OSError``."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(_FAIL))
    numbers = {library.seccomp_syscall_resolve_name(name.encode()) for name in names}
    for number in numbers:
        if number >= 0 and library.seccomp_rule_add(context, _ALLOW, number, 0):
            raise OSError(number, "a system call cannot be allowed")
    # Kernels before 6.3 do not know this, and systemd filters mmap and mprotect instead.
    ctypes.CDLL(None).prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0)
    if library.seccomp_load(context):
        raise OSError(errno.EPERM, "the filter of system calls cannot be loaded")


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text("ascii").split())
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  # the test's own command

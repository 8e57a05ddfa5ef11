"""Receiving takes no new memory from the kernel."""

import subprocess
import sys

import pytest

from app.adapters.http.server import receive_buffers

_RECEIVES = """
import resource, socket, sys
from importlib.util import module_from_spec, spec_from_file_location

if sys.argv[1:]:
    spec = spec_from_file_location("receive_buffers", sys.argv[1])
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.keep_receive_buffers()
near, far = socket.socketpair()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(1_000):
    near.send(b"x")
    far.recv(256 * 1024)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _page_faults(*arguments: str) -> int:
    """Return the page faults of 1,000 receives as asyncio does them, in a new process."""
    command = [sys.executable, "-I", "-c", _RECEIVES, *arguments]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator is that of glibc")
def test_buffers_are_kept() -> None:
    """With the call, 1,000 receives touch hardly any new page."""
    assert _page_faults(receive_buffers.__file__) < 100

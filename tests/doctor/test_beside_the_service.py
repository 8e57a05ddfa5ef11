"""The doctor beside the running service, and beside another program at its address."""

import socket
import sys
from pathlib import Path

import pytest

from tests.system.processes import SERVE, run, running

from .examined import examined, faults, texts


@pytest.mark.parametrize("host", ["127.0.0.1", "::", "unix:{folder}/s"])
async def test_keyturn_itself_is_no_fault(tmp_path: Path, host: str) -> None:
    """The address is in use by Keyturn, which the doctor says without a fault."""
    host = host.format(folder=tmp_path)
    with running(tmp_path, {"HOST": host}) as service:
        settings = {"HOST": host, "PORT": "0" if host.startswith("unix:") else service.url.rpartition(":")[2]}
        found = await examined(settings)
        assert faults(found) == []
        assert any("Keyturn itself listens on" in text for level, text in texts(found, "address") if level == "ok")


async def test_another_program_is_a_fault() -> None:
    """A program that does not answer as Keyturn does is a fault, in the words of the start."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        [text] = faults(await examined({"PORT": str(other.getsockname()[1])}))
    assert "in use" in text
    assert "--port of serve" in text


def test_the_last_line_counts() -> None:
    """Without a fault the last line counts the warnings."""
    done = run(sys.executable, *SERVE[1:-1], "doctor", variables={"KEYTURN_PORT": "0"})
    *lines, last = done.stdout.splitlines()
    warnings = sum(each.startswith("warning") for each in lines)
    assert (done.returncode, last) == (0, f"No faults, {warnings} warning{'' if warnings == 1 else 's'}.")

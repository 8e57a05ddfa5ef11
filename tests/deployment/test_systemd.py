"""The systemd unit: systemd reads it, and it is hardened."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from app.service.settings import Settings
from tests.system.processes import run

from . import examples, filtered
from .confined_rows import HAS_FILTERS
from .paths import DEPLOY, changed

UNIT: Final = "systemd/keyturn.service"
MOST_EXPOSURE: Final = "20"
"""Tenths. systemd calls a unit below 2.0 well confined."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


@needs_systemd
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """``systemd-analyze verify`` finds no fault in the unit."""
    unit = tmp_path / "keyturn.service"
    unit.write_text(changed(UNIT, ("/opt/keyturn/bin/keyturn", sys.executable)))
    checked = run("systemd-analyze", "verify", "--man=no", str(unit))
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@needs_systemd
def test_systemd_finds_a_fault(tmp_path: Path) -> None:
    """``systemd-analyze verify`` reports a setting that does not exist."""
    unit = tmp_path / "keyturn.service"
    unit.write_text(changed(UNIT, ("/opt/keyturn/bin/keyturn", sys.executable), ("NoNewPrivileges", "NoPrivileges")))
    checked = run("systemd-analyze", "verify", "--man=no", str(unit))
    assert "NoPrivileges" in checked.stderr


@needs_systemd
def test_the_unit_is_hardened() -> None:
    """``systemd-analyze security`` rates the exposure of the unit below 2.0 of 10."""
    command = ("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}")
    rated = subprocess.run([*command, DEPLOY / UNIT], capture_output=True, text=True, check=False)
    assert rated.returncode == 0, rated.stdout[-200:] + rated.stderr


def test_a_stop_has_time(tmp_path: Path) -> None:
    """The unit gives Keyturn the drain delay, the shutdown timeout and 10 seconds before it kills."""
    seconds = re.search(r"(?m)^TimeoutStopSec=(\d+)s$", examples.UNIT)
    assert seconds is not None
    given = examples.of_systemd(state=str(tmp_path), credentials=str(tmp_path))
    (tmp_path / "key-encryption-key").write_text("A" * 43)
    settings = Settings.from_environment({name: each for name, each in given.items() if name.startswith("KEYTURN_")})
    assert int(seconds[1]) >= settings.drain_delay + settings.shutdown_timeout + 10


@pytest.mark.skipif(not HAS_FILTERS, reason="systemd-analyze or libseccomp is not here")
def test_the_filter_refuses_what_the_unit_does_not_allow(tmp_path: Path) -> None:
    """Under the unit's filter of system calls a program can lower its priority, but cannot change its root."""
    allowed = tmp_path / "allowed"
    allowed.write_text(" ".join(examples.system_calls()))
    program = "import os\nos.nice(1)\ntry: os.chroot('/')\nexcept PermissionError: print('refused')"
    ran = run(sys.executable, filtered.__file__, allowed, sys.executable, "-c", program)
    assert (ran.stdout, ran.stderr) == ("refused\n", "")

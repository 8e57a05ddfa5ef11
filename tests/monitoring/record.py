"""Records all services anew, which takes 16 minutes: ``python -m tests.monitoring.record``."""

import sys
import tempfile
from pathlib import Path
from typing import Final

from .recording import record
from .scenarios import SCENARIOS

RECORDED: Final = Path(__file__).with_name("recorded")

SCRAPES: Final = 60
"""The number of scrapes in each recording: 15 minutes."""


def main() -> int:
    """Run all services, and write what they returned."""
    with tempfile.TemporaryDirectory() as folder:
        recordings = record({name: each[:2] for name, each in SCENARIOS.items()}, Path(folder), scrapes=SCRAPES)
    for name, recording in recordings.items():
        recording.write(RECORDED / f"{name}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())

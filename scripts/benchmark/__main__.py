"""The command line of scripts/bench."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from . import cores, legend, report, rounds, suite
from .figures import Figure, Run
from .laboratory import laboratory
from .stores import STORES


def main() -> None:
    """Measure, print the table, and write the figures to a file."""
    arguments = _arguments()
    old = None if arguments.compare is None else _read(arguments.compare)
    scale = suite.QUICK if arguments.quick else suite.FULL
    new = _read(arguments.read) if arguments.read else measure(scale, arguments.store or tuple(STORES))
    print(report.table(new))
    print(f"\n{report.profile_table(new)}" if new.profiles else "")
    print(f"\n{new.machine}, Python {new.python}, {new.rounds} rounds, {new.made_at}\n\n{legend.TABLE}")
    if old is not None:
        print(f"\nCompared with the run of {old.made_at} on {old.machine}:\n\n{report.comparison(old, new)}")
    if arguments.read is None:
        arguments.json.write_text(json.dumps(new.as_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(f"\nThe figures are in {arguments.json}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures the service against this machine's own limits."
    )
    parser.add_argument(
        "--quick", action="store_true", help="take one to two minutes: fewer rounds, fewer sessions, rougher figures"
    )
    parser.add_argument(
        "--store",
        choices=tuple(STORES),
        action="append",
        default=[],
        help="measure this store instead of all; can be repeated",
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="write the figures here")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="compare with the run in this file")
    parser.add_argument("--read", type=Path, metavar="FILE", help="print the figures in this file instead of measuring")
    return parser.parse_args()


def _read(path: Path) -> Run:
    return Run.from_json(json.loads(path.read_text("utf-8")))


def measure(scale: suite.Scale, stores: Sequence[str]) -> Run:
    """Measure all rows at this scale, on the stores with these names."""
    with (
        laboratory(pace=scale.pace, sessions=scale.sessions) as lab,
        suite.suite(lab, scale, stores=stores, progress=_print_progress) as measured,
    ):
        _print_progress(f"{len(measured.rows)} rows in rounds, for {scale.seconds:.0f} s or more")
        samples = rounds.run(measured.rows, seconds=scale.seconds, at_least=scale.rounds)
    figures = [Figure.of(*pair) for pair in zip(measured.rows, samples, strict=True)]
    return Run(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{_processor()}, cores {cores.MEASURED} and {cores.DRIVING}",
        python=platform.python_version(),
        quick=scale != suite.FULL,
        rounds=len(samples[0].costs),
        figures=[*figures, *measured.figures],
        profiles=measured.profiles,
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _print_progress(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} measuring: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

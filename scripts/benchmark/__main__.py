"""The command line of scripts/bench."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from . import cores, report, rounds, suite
from .figures import Figure, Run
from .laboratory import laboratory
from .store_rows import store_rows
from .stores import STORES


def main() -> None:
    """Measure, print the table, and write the figures to a file."""
    arguments = _arguments()
    old = None if arguments.compare is None else _read(arguments.compare)
    new = _read(arguments.read) if arguments.read else _measure(quick=arguments.quick, stores=arguments.store)
    print(report.table(new))
    print(f"\n{new.machine}, Python {new.python}, {new.rounds} rounds, {new.made_at}\n\n{report.LEGEND}")
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
        "--quick", action="store_true", help="take half a minute: fewer rounds, fewer sessions, rougher figures"
    )
    parser.add_argument(
        "--store", choices=sorted(STORES), action="append", default=[], help="add rows for this store; can be repeated"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="write the figures here")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="compare with the run in this file")
    parser.add_argument("--read", type=Path, metavar="FILE", help="print the figures in this file instead of measuring")
    return parser.parse_args()


def _read(path: Path) -> Run:
    return Run.from_json(json.loads(path.read_text("utf-8")))


def _measure(*, quick: bool, stores: Sequence[str]) -> Run:
    seconds = 16.0 if quick else 150.0
    _print_progress("memory of sessions")
    memory = suite.memory_of_sessions(20_000 if quick else 100_000)
    _print_progress("servers and sessions")
    with laboratory() as lab, ExitStack() as running:
        rows = [*running.enter_context(suite.rows(lab, few=1_000, many=20_000 if quick else 1_000_000))]
        for store in stores:
            rows += running.enter_context(store_rows(lab, store))
        _print_progress(f"rounds, for {seconds:.0f} s")
        samples = rounds.run(rows, seconds=seconds)
    figures = [Figure.of(*pair) for pair in zip(rows, samples, strict=True)]
    return Run(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=f"{_processor()}, cores {cores.MEASURED} and {cores.DRIVING}",
        python=platform.python_version(),
        quick=quick,
        rounds=len(samples[0].costs),
        figures=[*figures, *memory],
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

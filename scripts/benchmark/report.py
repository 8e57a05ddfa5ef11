"""Prints a run as a table and compares two runs."""

from collections.abc import Iterator, Sequence
from typing import Final

from .figures import Figure, Run
from .rounds import Reading

_NO_DECIMALS_FROM: Final = 100

LEGEND: Final = """\
Every cost is the CPU time (user and system) of all threads of the server, divided by the number of requests of a
burst. The server runs on one core, the client on another. Each round measures the limit, the cost and the limit again.
The ratio is the median of the rounds' ratios; the quartiles stand beside it. Cost and limit are medians too, so their
quotient is only roughly the ratio. p50, p99 and the rate are measured by the client, with 16 connections (4 for
sign-ins). They depend on everything else that the machine does.

%      share of the limit's rate: limit / cost     more is better, 100 % is the limit itself
×      multiple of the limit's cost: cost / limit  less is better
+ %    cost added to the limit: cost / limit - 1   less is better

raw RSA-2048 signature       key.sign of cryptography in a loop, in a process of its own on the server's core; meanwhile
                             the client's core is as busy as in the bursts (idle in the rows of operations)
raw Argon2id + signature     the same, with one verification of a password at the service's cost
plain aiohttp route          reads JSON, signs and answers JSON; no session, no checks, no log: the maximum of aiohttp
aiohttp route without guard  the same handler, which returns JSON, and the same requests, in an application without a
                             guard in the same process
behind a remote guard        the guard polls the revocation feed of a running service every 2 seconds
without its hash             CPU time of the event loop's thread only; hashing runs on other threads, and the
                             difference of two noisy hash times would be noise
raw verification             key.verify of cryptography in a loop, in the process that validates
rotate                       the rotation service on the in-memory store, sessions in random order, no HTTP; without
                             signatures the larger number of sessions shows as accesses to main memory
on sqlite, postgres, valkey  CPU time of the service alone, on a durable store (appendfsync always, fsync); the store's
                             server runs on the client's core; users are in the same database, for valkey in SQLite
two workers                  2 × cost of a refresh with one worker / cost with two: the work of two workers, each with
                             one second of CPU, compared with one worker
session                      one of 100,000 sessions (--quick: 20,000) of different users, with address and device name;
                             "just rotated" includes the salt that the replay window needs"""  # noqa: RUF001  # the sign of multiplication


def table(run: Run) -> str:
    """Return the run as a table."""
    heads = ("", "cost", "limit", "ratio", "quartiles", "aim", "", "p50 ms", "p99 ms", "per s", "the limit is")
    return _align([heads, *(_cells(figure) for figure in run.figures)])


def comparison(old: Run, new: Run) -> str:
    """Return the ratios of both runs and their changes. If the quartiles overlap, a change may be noise."""
    heads = ("", "old cost", "new cost", "old ratio", "new ratio", "change", "")
    before = {figure.name: figure for figure in old.figures}
    pairs = [(before[figure.name], figure) for figure in new.figures if figure.name in before]
    return _align([heads, *(_change(*pair) for pair in pairs)])


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _amount(figure.cost, figure.unit),
        _amount(figure.limit, figure.unit),
        _ratio(figure, figure.ratio),
        f"{_ratio(figure, figure.low)} … {_ratio(figure, figure.high)}" if figure.low < figure.high else "",
        _aim(figure),
        {True: "met", False: "MISSED", None: ""}[figure.meets_aim()],
        _number(figure.p50, ".2f"),
        _number(figure.p99, ".2f"),
        _number(figure.per_second, ",.0f"),
        figure.limit_name,
    )


def _change(old: Figure, new: Figure) -> tuple[str, ...]:
    overlap = old.low <= new.high and new.low <= old.high
    return (
        new.name,
        _amount(old.cost, old.unit),
        _amount(new.cost, new.unit),
        _ratio(old, old.ratio),
        _ratio(new, new.ratio),
        _difference(old, new),
        "within the quartiles" if overlap and old.low < old.high else "",
    )


def _difference(old: Figure, new: Figure) -> str:
    """Return the change: in points if the ratio is a percentage, in per cent if it is a multiple."""
    if new.reading in (Reading.TIMES.name, Reading.PAIR.name):
        return f"{(new.ratio / old.ratio - 1) * 100:+.1f} %"
    return f"{(new.ratio - old.ratio) * 100:+.1f} points"


def _ratio(figure: Figure, ratio: float) -> str:
    match Reading[figure.reading]:
        case Reading.SHARE:
            return f"{ratio * 100:.1f} %"
        case Reading.TIMES | Reading.PAIR:
            return f"{ratio:.2f} ×"  # noqa: RUF001  # the sign of multiplication
        case Reading.EXTRA:
            return f"{ratio * 100:+.1f} %"


def _aim(figure: Figure) -> str:
    if figure.cost_aim is not None:
        return f"< {_amount(figure.cost_aim, figure.unit)}"
    if figure.aim is None:
        return ""
    more_is_better = figure.reading in (Reading.SHARE.name, Reading.PAIR.name)
    return ("≥ " if more_is_better else "≤ ") + _ratio(figure, figure.aim)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.{0 if value >= _NO_DECIMALS_FROM else 1}f} {unit}"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _align(lines: Sequence[tuple[str, ...]]) -> str:
    """Align the first and the last column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def cells(line: tuple[str, ...]) -> Iterator[str]:
        yield line[0].ljust(widths[0])
        yield from (cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1], strict=True))
        yield line[-1]

    return "\n".join("  ".join(cells(line)).rstrip() for line in lines)

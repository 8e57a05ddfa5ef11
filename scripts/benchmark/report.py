"""The table."""

from collections.abc import Iterator, Sequence
from typing import Final

from .figures import Figure, Run
from .rounds import Reading

_WHOLE_FROM: Final = 100

LEGEND: Final = """\
Every cost is CPU time, user and system, of all threads of the server, divided by the requests of a burst; the server
runs on one core, the client on another. Each round measures the limit, the cost and the limit again; the ratio is the
median of the rounds' ratios, with its quartiles. Cost and limit are medians of their own, so they give the ratio only
roughly. p50, p99 and the rate are the client's view, 16 connections at once (4 for sign-ins), and suffer from
whatever else the machine does.

%      of the limit's rate: limit / cost            more is better, 100 % is the limit itself
×      the limit's cost: cost / limit               less is better
+ %    on top of the limit: cost / limit - 1        less is better

raw RSA-2048 signature       key.sign of cryptography in a loop, in a process of its own on the server's core, while
                             the client's core is as busy as in the bursts (in the rows of operations: idle)
raw Argon2id + signature     and one verification of a password at the service's cost, the same way
bare aiohttp route           reads JSON, signs, answers JSON; no session, no check, no log: the most that aiohttp gives
aiohttp route without guard  the same handler, returning JSON, and the same requests, in an application without guard in
                             the same process
behind the remote guard      which polls the revocation feed of a running service every 2 seconds meanwhile
beyond the hash              CPU time of the event loop's thread; hashing runs on threads of its own, and to subtract
                             one noisy hash from another would leave noise
raw verification             key.verify of cryptography in a loop, in the process that validates
rotate                       the rotation service on the in-memory store, sessions in random order, no HTTP; what a
                             million add where nothing is signed is the way to main memory: they fit into no cache
on sqlite, postgres, valkey  the service's CPU time alone, on a durable store whose server (appendfsync always, fsync)
                             runs on the client's core; users in the same database, with valkey in SQLite
two workers                  2 × the cost of a refresh with one worker / its cost with two: what two workers do in a
                             second of CPU each, beside one
session                      one of 100,000 (--quick: 20,000), each of another user, with address and device name;
                             "just rotated" holds the salt that the replay window needs"""  # noqa: RUF001  # the sign of multiplication


def table(run: Run) -> str:
    """Return the run as a table."""
    heads = ("", "cost", "limit", "ratio", "quartiles", "aim", "", "p50 ms", "p99 ms", "per s", "the limit is")
    return _align([heads, *(_cells(figure) for figure in run.figures)])


def comparison(old: Run, new: Run) -> str:
    """Return the ratios of both runs and how they changed; where the quartiles overlap, that may be noise."""
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
        {True: "met", False: "MISSED", None: ""}[figure.meets_its_aim()],
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
    """A share and an extra are percentages already; of a multiple, the change in per cent."""
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
    return f"{value:,.{0 if value >= _WHOLE_FROM else 1}f} {unit}"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _align(lines: Sequence[tuple[str, ...]]) -> str:
    """The first and the last column stand at the left, the others at the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def cells(line: tuple[str, ...]) -> Iterator[str]:
        yield line[0].ljust(widths[0])
        yield from (cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1], strict=True))
        yield line[-1]

    return "\n".join("  ".join(cells(line)).rstrip() for line in lines)

"""Prints a run as a table and compares two runs."""

from collections.abc import Iterator, Sequence
from typing import Final

from . import legend
from .figures import Figure, Run
from .parts import PARTS
from .rounds import Reading

_NO_DECIMALS_FROM: Final = 100


def table(run: Run) -> str:
    """Return the run as a table."""
    heads = (
        "",
        "cost",
        "limit",
        "beyond",
        "ratio",
        "quartiles",
        "by rate",
        "aim",
        "",
        "p50 ms",
        "p99 ms",
        "per s",
        "the limit is",
    )
    return _align([heads, *(_cells(figure) for figure in run.figures)])


def profile_table(run: Run) -> str:
    """Return where the CPU time of a refresh goes: microseconds of each part, with the standard error."""
    heads = ("CPU time of a refresh, µs", *(each.name.removeprefix("POST ") for each in run.profiles), "")
    lines = [
        (part, *(f"{each.parts.get(part, 0.0):,.0f} ± {each.standard_error(part):.0f}" for each in run.profiles), "")
        for part in PARTS
    ]
    totals = ("together", *(f"{sum(each.parts.values()):,.0f}" for each in run.profiles), "")
    samples = ("samples", *(f"{each.samples:,}" for each in run.profiles), "")
    return f"{_align([heads, *lines, totals, samples])}\n\n{legend.PROFILE}"


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
        _beyond(figure),
        _ratio(figure, figure.ratio),
        f"{_ratio(figure, figure.low)} … {_ratio(figure, figure.high)}" if figure.low < figure.high else "",
        "" if figure.rate_ratio is None else _ratio(figure, figure.rate_ratio),
        _aim(figure),
        _verdict(figure),
        _number(figure.p50, ".2f"),
        _number(figure.p99, ".2f"),
        _number(figure.per_second, ",.0f"),
        figure.limit_name,
    )


def _beyond(figure: Figure) -> str:
    """Return the cost without its limit, if the limit is a part of the cost."""
    is_part = figure.reading == Reading.SHARE.name and figure.limit_name.startswith("raw")
    return _amount(figure.cost - figure.limit, figure.unit) if is_part else ""


def _verdict(figure: Figure) -> str:
    match figure.meets_aim():
        case None:
            return ""
        case False:
            return "MISSED"
        case _:
            return "met" if figure.meets_aim_by_rate() else "met by CPU"


def _change(old: Figure, new: Figure) -> tuple[str, ...]:
    overlap = _comparable(old, new) and old.low <= new.high and new.low <= old.high
    return (
        new.name,
        _amount(old.cost, old.unit),
        _amount(new.cost, new.unit),
        _ratio(old, old.ratio),
        _ratio(new, new.ratio),
        _difference(old, new) if _comparable(old, new) else "another limit",
        "within the quartiles" if overlap and old.low < old.high else "",
    )


def _comparable(old: Figure, new: Figure) -> bool:
    """Return whether the ratios mean the same: an older version compared some rows with another limit."""
    return (old.reading, old.limit_name) == (new.reading, new.limit_name)


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
        return f"≤ {_amount(figure.cost_aim, figure.unit)}"
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

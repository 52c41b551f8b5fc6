"""What is legal in a protocol but suspicious."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from trialsched.errors import DateOutOfRangeError, Problem
from trialsched.protocol.checks import places
from trialsched.protocol.program import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.offsets import DateRange
    from trialsched.protocol.model import Protocol
    from trialsched.protocol.parts import Visit
    from trialsched.protocol.program import Program

_FRIDAY = 5  # isoweekday of the last working day
_FIRST = date(2024, 1, 1)
_LEAP_CYCLE = 1461  # days of four years, one of them a leap year
_WEEK = 7


def lint(protocol: Protocol) -> tuple[Problem, ...]:
    """Return warnings about what is legal but suspicious, in the order of the document.

    Tried with every baseline of a whole leap cycle (2024 to 2027), for a protocol of days only with every day
    of a week, in every arm: windows that overlap, targets in another order than the visits, limits that leave
    no day, windows without a working day (Monday to Friday, for baselines on one). And from the document
    alone: months counted from a visit that was itself placed by months.

    >>> from trialsched.protocol import Protocol, Visit
    >>> lint(Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("W4", "phone", "4 weeks after D0")]))
    ()
    """
    found = _Warnings(places(protocol.visits))
    for visit in protocol.expanded:
        _chained_months(protocol, visit, found)
    days_only = not any(_months(visit) for visit in protocol.expanded)
    for arm in protocol.arms or (None,):
        compiled = program(protocol, arm)
        for day in range(_WEEK if days_only else _LEAP_CYCLE):
            _try_baseline(compiled, _FIRST + timedelta(day), found)
    return found.sorted()


class _Warnings:
    """Warnings, each kind once for the same visits."""

    def __init__(self, place: dict[str, int]) -> None:
        self.place = place
        self.found: dict[tuple[str, ...], tuple[int, Problem]] = {}

    def add(self, kind: str, codes: tuple[str, ...], key: str, texts: tuple[str, str, str]) -> None:
        if (kind, *codes) not in self.found:
            index = self.place[codes[0]]
            self.found[kind, *codes] = (index, Problem(f"visits[{index}].{key}", *texts))

    def sorted(self) -> tuple[Problem, ...]:
        return tuple(problem for _, problem in sorted(self.found.values(), key=lambda pair: pair[0]))


def _months(visit: Visit) -> bool:
    timing = visit.timing
    offsets = [when.offset for when in (timing.when, timing.not_before, timing.not_after) if when]
    offsets += [timing.window.before, timing.window.after] if timing.window else []
    return any(offset.months for offset in offsets)


def _chained_months(protocol: Protocol, visit: Visit, found: _Warnings) -> None:
    # DESIGN rule 1: months count from the reference date; counting them from a visit that months placed clamps twice
    when = visit.timing.when
    if when is None or not when.offset.months:
        return
    parent = protocol.visit(when.visit)
    while parent.timing.when is not None:
        if parent.timing.when.offset.months:
            message = f"months are counted from {when.visit}, itself placed by months: a short month is clamped twice"
            expected = f"months counted from {protocol.anchor}"
            found.add("months", (visit.code,), "when", (str(when), expected, message))
            return
        parent = protocol.visit(parent.timing.when.visit)


def _try_baseline(compiled: Program, baseline: date, found: _Warnings) -> None:
    rows = compiled.rows
    try:
        targets = compiled.targets(baseline)
        windows = compiled.windows(targets)
    except DateOutOfRangeError as error:
        message = f"a date leaves the calendar: {error}"
        found.add("range", (rows[0].code,), "when", (baseline.isoformat(), "", message))
        return
    when = f"with the baseline {baseline.isoformat()}"
    for row, other in _overlapping(windows):
        codes = rows[row].code, rows[other].code
        message = f"{when} the windows of {codes[0]} and {codes[1]} overlap: a date in both could be either visit"
        found.add("overlap", codes, "window", (f"{windows[row]} and {windows[other]}", "windows apart", message))
    for row in range(1, len(rows)):
        if targets[row] < targets[row - 1]:
            codes = rows[row].code, rows[row - 1].code
            message = f"{when} the target of {codes[0]} is before that of {codes[1]}, which stands above it"
            read = f"{targets[row].isoformat()} before {targets[row - 1].isoformat()}"
            found.add("order", codes, "when", (read, "visits in the order of time", message))
    for row, visit in enumerate(rows):
        window = windows[row]
        if window is None:
            if visit.timing.window is not None:
                message = f"{when} the limits leave no day of the window of {visit.code}"
                expected = "limits that leave a day"
                found.add("limits", (visit.code,), "window", (str(visit.timing.window), expected, message))
        elif baseline.isoweekday() <= _FRIDAY and not _working(window):
            message = f"{when} (a working day) the window of {visit.code} has only Saturdays and Sundays"
            expected = "a window with a working day in it"
            found.add("weekend", (visit.code,), "window", (str(window), expected, message))


def _working(window: DateRange) -> bool:
    return len(window) > 2 or any(day.isoweekday() <= _FRIDAY for day in window)  # noqa: PLR2004 - a weekend has two days


def _overlapping(windows: list[DateRange | None]) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows whose windows share a day, by a sweep in order of time."""
    known = [(window, row) for row, window in enumerate(windows) if window is not None]
    known.sort(key=lambda pair: (pair[0].earliest, pair[1]))
    open_rows: list[tuple[DateRange, int]] = []
    for window, row in known:
        open_rows = [(w, r) for w, r in open_rows if w.latest >= window.earliest]
        for _, other in open_rows:
            yield min(row, other), max(row, other)
        open_rows.append((window, row))

"""What is legal in a protocol but suspicious."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from trialsched.errors import DateOutOfRangeError, Problem
from trialsched.protocol.checks import places
from trialsched.protocol.parts import OCCURRENCE, Repeat
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
_MOST = 1000  # warnings; a protocol of more has one trouble that makes them all


def lint(protocol: Protocol) -> tuple[Problem, ...]:
    """Return warnings about what is legal but suspicious, in the order of the document.

    Tried with every baseline of a whole leap cycle (2024 to 2027), for a protocol of days only with every day
    of a week, in every arm: windows that overlap, targets in another order than the visits, limits that leave
    no day, windows without a working day (Monday to Friday, for baselines on one). And from the document
    alone: months counted from a visit that was itself placed by months, nominal days that are not the study day of
    a visit placed by days from the visit that study days count from. At most 1,000 warnings.

    >>> from trialsched.protocol import Protocol, Visit
    >>> lint(Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("W4", "phone", "4 weeks after D0")]))
    ()
    """
    found = _Warnings(protocol)
    for visit in protocol.visits:
        _chained_months(protocol, visit, found)
    _nominal_days(protocol, found)
    days_only = not any(_months(visit) for visit in protocol.expanded)
    tried: set[tuple[str, ...]] = set()
    for arm in protocol.arms or (None,):
        compiled = program(protocol, arm)
        if tuple(compiled.places) in tried:
            continue
        tried.add(tuple(compiled.places))
        for day in range(_WEEK if days_only else _LEAP_CYCLE):
            if len(found.found) >= _MOST:
                break
            _try_baseline(compiled, _FIRST + timedelta(day), found)
    return found.sorted()


class _Warnings:
    """Warnings, each kind once for the same visits."""

    def __init__(self, protocol: Protocol) -> None:
        self.visits = protocol.visits
        self.place = places(protocol.visits)
        self.found: dict[tuple[object, ...], tuple[int, Problem]] = {}

    def has(self, kind: str, *codes: str) -> bool:
        """Return whether a warning was given: its words need not be made again."""
        return (kind, *codes) in self.found

    def add(self, kind: str, codes: tuple[str, ...], key: str, texts: tuple[str, str, str]) -> None:
        if not self.has(kind, *codes):
            index = self.place[codes[0]]
            self.found[kind, *codes] = (index, Problem(f"visits[{index}].{self.key(index, key)}", *texts))

    def key(self, index: int, key: str) -> str:
        """Return the key of the document: an assumed window has one of its own."""
        return "assumed_window" if key == "window" and self.visits[index].timing.assumed else key

    def sorted(self) -> tuple[Problem, ...]:
        return tuple(problem for _, problem in sorted(self.found.values(), key=lambda pair: pair[0]))


def _months(visit: Visit) -> bool:
    timing = visit.timing
    offsets = [when.offset for when in (timing.when, timing.not_before, timing.not_after) if when]
    offsets += [timing.window.before, timing.window.after] if timing.window else []
    return any(offset.months for offset in offsets)


def _chained_months(protocol: Protocol, visit: Visit, found: _Warnings) -> None:
    # DESIGN rule 1: months count from the reference date; counting them from a visit that months placed clamps twice
    when, cycle = visit.timing.when, visit.repeat
    first = visit.code.replace(OCCURRENCE, "1")
    if isinstance(cycle, Repeat) and cycle.origin == "previous" and cycle.every.months and cycle.times > 1:
        by_months = when is not None and (when.offset.months or _placed_by_months(protocol, first))
        if by_months or cycle.times > 2:  # noqa: PLR2004 - the third is counted from the second, which months placed
            message = "months are counted from the occurrence before, itself placed by months: a clamp is never undone"
            texts = (str(cycle.every), '`from = "first"`, which counts all from the same day', message)
            found.add("months", (first, "repeat"), "repeat", texts)
    if when is not None and when.offset.months and _placed_by_months(protocol, first):
        message = f"months are counted from {when.visit}, itself placed by months: a short month is clamped twice"
        expected = f"months counted from {protocol.anchor}"
        found.add("months", (first,), "when", (str(when), expected, message))


def _nominal_days(protocol: Protocol, found: _Warnings) -> None:
    # CDISC: the planned study day of a visit (VISITDY) counts the reference day as 1, so 28 days after it is day 29
    places = _places_by_days(protocol)
    counted = protocol.study_days_from or protocol.anchor
    root, first = places[counted]
    for visit in protocol.expanded:
        same, day = places[visit.code]
        told = visit.numbering.nominal_day
        if same != root or not isinstance(told, int):
            continue
        after = day - first
        expected = after + 1 if after >= 0 else after
        if told != expected:
            message = f"the nominal day of {visit.code} is not its study day: {counted} is day 1, there is no day 0"
            if protocol.study_days_from is None:
                message += " (`study_days_from` names another visit as day 1)"
            found.add("nominal", (visit.code,), "nominal_day", (str(told), str(expected), message))


def _places_by_days(protocol: Protocol) -> dict[str, tuple[str, int]]:
    """Return for each visit how many days after another one it is planned: the anchor, or one that months placed.

    Of two that count from the same one by days alone the distance is known whatever the baseline.
    """
    whens = {visit.code: visit.timing.when for visit in protocol.expanded}
    found: dict[str, tuple[str, int]] = {}
    for start in whens:
        chain = []
        code = start
        while code not in found:
            when = whens[code]
            if when is None or when.offset.months:
                found[code] = (code, 0)
                break
            chain.append((code, when))
            code = when.visit
        for counted, when in reversed(chain):
            root, days = found[when.visit]
            found[counted] = (root, days + when.offset.days)
    return found


def _placed_by_months(protocol: Protocol, code: str) -> bool:
    """Return whether a visit counts, directly or through a chain, from one that months placed."""
    when = protocol.visit(code).timing.when
    while when is not None:
        when = protocol.visit(when.visit).timing.when
        if when is not None and when.offset.months:
            return True
    return False


def _try_baseline(compiled: Program, baseline: date, found: _Warnings) -> None:
    rows = compiled.rows
    targets, windows = _tried(compiled, baseline, found)
    when = f"with the baseline {baseline.isoformat()}"
    for row, other in _overlapping(windows):
        codes = rows[row].code, rows[other].code
        if not found.has("overlap", *codes):
            message = f"{when} the windows of {codes[0]} and {codes[1]} overlap: a date in both could be either visit"
            read = f"{windows[row]} and {windows[other]}"
            found.add("overlap", codes, "window", (read, "windows apart", message))
            if len(found.found) >= _MOST:
                return
    known = [(row, target) for row, target in enumerate(targets) if target is not None]
    for (above, before), (row, target) in pairwise(known):
        if target < before:
            codes = rows[row].code, rows[above].code
            message = f"{when} the target of {codes[0]} is before that of {codes[1]}, which stands above it"
            read = f"{target.isoformat()} before {before.isoformat()}"
            found.add("order", codes, "when", (read, "visits in the order of time", message))
    for row, visit in enumerate(rows):
        window = windows[row]
        if window is None:
            if visit.timing.window is not None and targets[row] is not None:
                message = f"{when} the limits leave no day of the window of {visit.code}"
                expected = "limits that leave a day"
                found.add("limits", (visit.code,), "window", (str(visit.timing.window), expected, message))
        elif baseline.isoweekday() <= _FRIDAY and not _working(window):
            message = f"{when} (a working day) the window of {visit.code} has only Saturdays and Sundays"
            expected = "a window with a working day in it"
            found.add("weekend", (visit.code,), "window", (str(window), expected, message))


def _tried(compiled: Program, baseline: date, found: _Warnings) -> tuple[list[date | None], list[DateRange | None]]:
    """Return the targets and windows for a baseline; None, and a warning, for rows that leave the calendar."""
    targets: list[date | None] = [baseline] * len(compiled.rows)
    windows: list[DateRange | None] = [None] * len(compiled.rows)
    for step in compiled.steps:
        try:
            target = targets[step.row] = step.target(targets)
            windows[step.row] = step.window(target, targets) if target is not None else None
        except DateOutOfRangeError as error:
            targets[step.row] = None
            message = f"with the baseline {baseline.isoformat()} a date leaves the calendar: {error.message}"
            code = step.visit.code
            found.add("range", (code,), "when", (str(step.visit.timing.when), "a date before year 10000", message))
    return targets, windows


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

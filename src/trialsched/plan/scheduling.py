"""From a protocol and a subject to a plan: the one function, and its fast path."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

from trialsched.errors import InvalidValueError
from trialsched.offsets import Offset, Window, month_length
from trialsched.plan.general import schedule_general
from trialsched.plan.model import Plan
from trialsched.plan.rows import PlannedVisit, WindowBasis, basis_of
from trialsched.protocol import Protocol, program

if TYPE_CHECKING:
    from trialsched.protocol import Program, Visit
    from trialsched.subject import Subject

_CACHED_BASELINES = 256


def schedule(protocol: Protocol, subject: Subject) -> Plan:
    """Return every visit's target and window for one subject.

    Never fails because of what records say. Raises `InvalidValueError` without a baseline or for an unknown arm,
    `DateOutOfRangeError` when the baseline itself takes a visit out of the years 1 to 9999.

    >>> from trialsched.protocol import Protocol, Visit
    >>> from trialsched.subject import Subject
    >>> demo = Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("M03", "phone", "3 months after D0")])
    >>> schedule(demo, Subject("S1", baseline=date(2023, 11, 30)))["M03"].target
    datetime.date(2024, 2, 29)
    """
    baseline = subject.baseline
    if baseline is None:
        message = "no baseline: a plan needs the planned day 0 of the subject"
        raise InvalidValueError(message, where="baseline")
    compiled = _program(protocol, subject.arm)
    if not subject.records:
        provisional = subject.baseline_status == "provisional"
        cache = compiled.scratch.get(provisional)
        rows = cache.get(baseline) if cache is not None else None
        if rows is None:
            rows = _fast_rows(compiled, baseline, provisional)
        if rows is not None:
            return Plan(protocol, subject, rows, baseline, "baseline")
    return schedule_general(protocol, subject, baseline, compiled)


def _program(protocol: Protocol, arm: str | None) -> Program:
    programs: dict[str | None, Program] | None = protocol.scratch.get("programs")
    if programs is not None and arm in programs:
        return programs[arm]
    if arm is not None and arm not in protocol.arms:
        known = ", ".join(protocol.arms) or "none"
        message = f"the protocol has no arm {arm!r}; its arms: {known}"
        raise InvalidValueError(message, where="arm")
    return program(protocol, arm)


# The fast path: no records, no limits, windows in days, every visit counted from the anchor. A property test holds
# it equal to the general one.

_DirectRow: TypeAlias = "tuple[Visit, int, timedelta | None, timedelta | None, timedelta, WindowBasis]"


def _direct_rows(compiled: Program) -> tuple[_DirectRow, ...] | None:
    """Return (visit, months, days, before, after, basis) of every row, or None where the fast path cannot go."""
    rows: list[_DirectRow | None] = [None] * len(compiled.rows)
    anchor = compiled.steps[0].row  # the only row that counts from nothing comes first
    for step in compiled.steps:
        when, window = step.visit.timing.when, step.visit.timing.window or Window(Offset(), Offset())
        if step.limits or step.parent not in (None, anchor) or window.before.months or window.after.months:
            return None
        offset = when.offset if when else Offset()
        basis = basis_of(step.visit)
        days = timedelta(offset.days) if offset.days or not offset.months else None
        before = None if basis == "none" else timedelta(-window.before.days)
        rows[step.row] = (step.visit, offset.months, days, before, timedelta(window.after.days), basis)
    return tuple(row for row in rows if row is not None)


def _fast_rows(compiled: Program, baseline: date, provisional: bool) -> tuple[PlannedVisit, ...] | None:  # noqa: FBT001
    scratch = compiled.scratch
    if "direct" not in scratch:
        scratch["direct"] = _direct_rows(compiled)
    direct: tuple[_DirectRow, ...] | None = scratch["direct"]
    if direct is None:
        return None
    try:
        rows = _from_baseline(direct, baseline, provisional)
    except (ValueError, OverflowError):
        return None  # the general path says which visit leaves the calendar
    cache: dict[date, tuple[PlannedVisit, ...]] = scratch.setdefault(provisional, {})
    if len(cache) >= _CACHED_BASELINES:
        cache.clear()
    cache[baseline] = rows
    return rows


def _from_baseline(
    direct: tuple[_DirectRow, ...],
    baseline: date,
    provisional: bool,  # noqa: FBT001
) -> tuple[PlannedVisit, ...]:
    start = baseline.year * 12 + baseline.month - 1
    number = baseline.day
    every_month_has_it = number <= 28  # noqa: PLR2004
    new, cls, nothing = tuple.__new__, PlannedVisit, ()
    rows: list[PlannedVisit] = []
    add = rows.append
    for visit, months, days, before, after, basis in direct:
        if months:
            year, month = divmod(start + months, 12)
            month += 1
            target = date(year, month, number if every_month_has_it else min(number, month_length(year, month)))
            if days is not None:
                target += days
        else:
            target = baseline + days  # type: ignore[operator] # without months there are days
        if before is None:
            earliest = latest = None
        else:
            earliest, latest = target + before, target + after
        add(
            new(
                cls,
                (visit, target, earliest, latest, basis, baseline, baseline, "baseline", provisional, nothing, nothing),
            )
        )
    return tuple(rows)

"""From a protocol and a subject to a plan: the one function, and its fast path."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

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

    >>> from trialsched.protocol import Visit
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
        rows = _fast_rows(compiled, baseline, subject.baseline_status == "provisional")
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


class _DirectRow(NamedTuple):
    visit: Visit
    months: int
    days: timedelta
    before: timedelta | None
    after: timedelta
    basis: WindowBasis


def _direct_rows(compiled: Program) -> tuple[_DirectRow, ...] | None:
    rows: list[_DirectRow | None] = [None] * len(compiled.rows)
    anchor = compiled.steps[0].row  # the only row that counts from nothing comes first
    for step in compiled.steps:
        when, window = step.visit.timing.when, step.visit.timing.window or Window(Offset(), Offset())
        if step.limits or step.parent not in (None, anchor) or window.before.months or window.after.months:
            return None
        offset = when.offset if when else Offset()
        basis = basis_of(step.visit)
        before = None if basis == "none" else timedelta(-window.before.days)
        after = timedelta(window.after.days)
        rows[step.row] = _DirectRow(step.visit, offset.months, timedelta(offset.days), before, after, basis)
    return tuple(row for row in rows if row is not None)


def _fast_rows(compiled: Program, baseline: date, provisional: bool) -> tuple[PlannedVisit, ...] | None:  # noqa: FBT001
    scratch = compiled.scratch
    cache: dict[tuple[date, bool], tuple[PlannedVisit, ...]] | None = scratch.get("cache")
    if cache is None:
        scratch["direct"] = _direct_rows(compiled)
        cache = scratch["cache"] = {}
    key = (baseline, provisional)
    found = cache.get(key)
    if found is not None:
        return found
    direct: tuple[_DirectRow, ...] | None = scratch["direct"]
    if direct is None:
        return None
    try:
        rows = _from_baseline(direct, baseline, provisional)
    except (ValueError, OverflowError):
        return None  # the general path says which visit leaves the calendar
    if len(cache) >= _CACHED_BASELINES:
        cache.clear()
    cache[key] = rows
    return rows


def _from_baseline(
    direct: tuple[_DirectRow, ...],
    baseline: date,
    provisional: bool,  # noqa: FBT001
) -> tuple[PlannedVisit, ...]:
    start = baseline.year * 12 + baseline.month - 1
    number = baseline.day
    make = tuple.__new__
    rows = []
    for visit, months, days, before, after, basis in direct:
        if months:
            year, month = divmod(start + months, 12)
            day = number if number <= 28 else min(number, month_length(year, month + 1))  # noqa: PLR2004
            target = date(year, month + 1, day)
            if days:
                target += days
        else:
            target = baseline + days
        earliest, latest = (None, None) if before is None else (target + before, target + after)
        rows.append(
            make(
                PlannedVisit,
                (visit, target, earliest, latest, basis, baseline, baseline, "baseline", provisional, (), ()),
            )
        )
    return tuple(rows)

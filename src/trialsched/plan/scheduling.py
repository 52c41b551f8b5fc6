"""From a protocol and a subject to a plan: the one function, and its fast path."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import InvalidValueError
from trialsched.offsets import Offset, Window, month_length
from trialsched.plan.general import schedule_general
from trialsched.plan.model import Answer, Plan
from trialsched.plan.rows import Grounds, PlannedVisit, WindowBasis, basis_of
from trialsched.protocol import Protocol, program

if TYPE_CHECKING:
    from trialsched.protocol import Program, Visit
    from trialsched.subject import BaselineStatus, Subject

_CACHED_BASELINES = 64  # more would not stay in the processor's cache, and cost each new one time


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
    if not subject.records:
        try:  # what was asked before comes first: the same baseline of the same arm
            answer = protocol.scratch["answers"][subject.arm][subject.baseline_status][baseline]
        except KeyError:
            pass
        else:
            return Plan(protocol, subject, answer)
    if baseline is None:
        message = "no baseline: a plan needs the planned day 0 of the subject"
        raise InvalidValueError(message, where="baseline")
    compiled = program(protocol, subject.arm)
    if not subject.records:
        answer = _fast_answer(protocol, compiled, baseline, subject.baseline_status)
        if answer is not None:
            return Plan(protocol, subject, _kept(protocol, subject, answer))
    return schedule_general(protocol, subject, baseline, compiled)


def _kept(protocol: Protocol, subject: Subject, answer: Answer) -> Answer:
    """Keep an answer with its protocol, and forget the old ones when there are many."""
    answers = protocol.scratch.setdefault("answers", {}).setdefault(subject.arm, {})
    cache: dict[date | None, Answer] = answers.setdefault(subject.baseline_status, {})
    if len(cache) >= _CACHED_BASELINES:
        cache.clear()
    cache[subject.baseline] = answer
    return answer


# The fast path: no records, no limits, windows in days, every visit counted from the anchor. A property test holds
# it equal to the general one.


class _Direct(NamedTuple):
    """One row: years and the month that its target lies after a baseline of one month, then exact days.

    `month` is None for a target in days only, `before` for a visit without window.
    """

    visit: Visit
    years: int
    month: int | None
    days: timedelta | None
    before: timedelta | None
    after: timedelta
    basis: WindowBasis


def _direct(compiled: Program) -> tuple[tuple[_Direct, ...], ...] | None:
    """Return the rows for a baseline in each month of the year, or None where the fast path cannot go."""
    anchor = compiled.steps[0].row  # the only row that counts from nothing comes first
    for step in compiled.steps:
        window = step.visit.timing.window
        in_months = window is not None and (window.before.months or window.after.months)
        if step.limits or step.parent not in (None, anchor) or in_months:
            return None
    return tuple(tuple(_direct_row(visit, month) for visit in compiled.rows) for month in range(12))


def _direct_row(visit: Visit, start: int) -> _Direct:
    window = visit.timing.window or Window(Offset(), Offset())
    offset = visit.timing.when.offset if visit.timing.when else Offset()
    years, month = divmod(start + offset.months, 12)
    return _Direct(
        visit,
        years,
        month + 1 if offset.months else None,
        timedelta(offset.days) if offset.days else None,
        timedelta(-window.before.days) if visit.timing.window else None,
        timedelta(window.after.days),
        basis_of(visit),
    )


def _fast_answer(protocol: Protocol, compiled: Program, baseline: date, status: BaselineStatus) -> Answer | None:
    if "direct" not in compiled.scratch:
        compiled.scratch["direct"] = _direct(compiled)
    direct: tuple[tuple[_Direct, ...], ...] | None = compiled.scratch["direct"]
    if direct is None:
        return None
    counted = compiled.rows[compiled.places[protocol.study_days_from or protocol.anchor]].timing.when
    day_one = baseline
    try:
        if counted is not None:
            day_one = counted.offset.after(baseline)
        grounds = Grounds(baseline, day_one, baseline, "baseline", status == "provisional")
        rows = _from_baseline(direct[baseline.month - 1], baseline, grounds)
    except (ValueError, OverflowError):
        return None  # the general path says which visit leaves the calendar
    return Answer(rows, baseline, "baseline", day_one, "baseline" if counted is None else "target")


def _from_baseline(direct: tuple[_Direct, ...], baseline: date, grounds: Grounds) -> tuple[PlannedVisit, ...]:
    first_year, number = baseline.year, baseline.day
    every_month_has_it = number <= 28  # noqa: PLR2004
    new, cls = tuple.__new__, PlannedVisit
    rows: list[PlannedVisit] = []
    add = rows.append
    for visit, years, month, days, before, after, basis in direct:
        target = baseline
        if month is not None:
            year = first_year + years
            target = date(year, month, number if every_month_has_it else min(number, month_length(year, month)))
        if days is not None:
            target += days
        if before is None:
            add(new(cls, (visit, target, None, None, basis, grounds)))
        else:
            add(new(cls, (visit, target, target + before, target + after, basis, grounds)))
    return tuple(rows)

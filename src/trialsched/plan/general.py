"""Scheduling by the rules, one after the other, for any records."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import DateOutOfRangeError
from trialsched.offsets import PartialDate
from trialsched.plan.model import Answer, Plan
from trialsched.plan.rows import SOURCES, AppliedLimit, Grounds, PlannedVisit, basis_of
from trialsched.protocol import Protocol, cut

if TYPE_CHECKING:
    from datetime import date

    from trialsched.offsets import DateRange, Offset, Window
    from trialsched.plan.rows import DayZeroSource, ReferenceSource
    from trialsched.protocol import Program, Visit
    from trialsched.subject import Subject, VisitRecord


class _Reference(NamedTuple):
    """A date that others may count from; `origin` is the row whose recorded date it rests on, if any."""

    day: date
    source: ReferenceSource
    provisional: bool
    origin: tuple[int, date] | None


class _LeavesCalendar(Exception):  # noqa: N818 - a signal inside this module
    """A recorded date would take a row out of the years 1 to 9999."""

    def __init__(self, origin: tuple[int, date]) -> None:
        super().__init__()
        self.origin = origin


def schedule_general(protocol: Protocol, subject: Subject, baseline: date, compiled: Program) -> Plan:
    """Do what `schedule` does, by the rules one after the other, for any records."""
    records: list[list[VisitRecord]] = [[] for _ in compiled.rows]
    others = []
    for record in subject.records:
        row = compiled.places.get(record.visit)
        if row is None:
            others.append(record)
        else:
            records[row].append(record)
    unusable: set[tuple[int, date]] = set()
    while True:
        attempt = _General(compiled, baseline, subject.baseline_status == "provisional", records, unusable)
        try:
            attempt.run()
            break
        except _LeavesCalendar as signal:
            unusable.add(signal.origin)
    zero = attempt.references[compiled.places[protocol.anchor]]
    source: DayZeroSource = "baseline" if zero.source == "target" else zero.source
    counted = protocol.study_days_from or protocol.anchor
    one = attempt.references[compiled.places[counted]]
    rows = []
    for made in attempt.rows:
        if made is not None:
            first = made.target if made.code == counted else one.day
            rows.append(made._replace(grounds=made.grounds._replace(day_zero=zero.day, day_one=first)))
    notes = _notes(compiled, records, unusable, attempt.references)
    answer = Answer(tuple(rows), zero.day, source, one.day, one.source, notes, tuple(others))
    return Plan(protocol, subject, answer)


class _General:
    """One pass over the steps; raises `_LeavesCalendar` at the first recorded date that cannot be counted from."""

    def __init__(
        self,
        compiled: Program,
        baseline: date,
        provisional: bool,  # noqa: FBT001
        records: list[list[VisitRecord]],
        unusable: set[tuple[int, date]],
    ) -> None:
        self.compiled = compiled
        self.records = records
        self.unusable = unusable
        start = _Reference(baseline, "baseline", provisional, None)
        self.targets = [start] * len(compiled.rows)
        self.references = [start] * len(compiled.rows)
        self.rows: list[PlannedVisit | None] = [None] * len(compiled.rows)

    def run(self) -> None:
        for step in self.compiled.steps:
            visit, timing = step.visit, step.visit.timing
            base = self.targets[step.row]
            target = base
            if timing.when is not None and step.parent is not None:
                known = self.targets if timing.counts_from == "target" else self.references
                base = known[step.parent]
                day = self.moved(visit, timing.when.offset, base)
                target = _Reference(day, "target", base.provisional, base.origin)
            self.targets[step.row] = target
            self.references[step.row] = self.reference(step.row, target)
            window = self.around(visit, timing.window, target) if timing.window else None
            limits = []
            provisional = target.provisional
            for kind, when, row in step.limits:
                reference = self.references[row]
                day = self.moved(visit, when.offset, reference)
                limits.append(AppliedLimit(kind, when, reference.day, reference.source, day))
                window = cut(window, kind, day)
                provisional = provisional or reference.provisional
            records = tuple(self.records[step.row])
            self.rows[step.row] = PlannedVisit(
                visit,
                target.day,
                window.earliest if window else None,
                window.latest if window else None,
                "empty" if timing.window and window is None else basis_of(visit),
                Grounds(base.day, base.day, base.day, base.source, provisional, tuple(limits), records),
            )

    def reference(self, row: int, target: _Reference) -> _Reference:
        # Rule 4: attended, else booked, else target; a missed or withheld record lends none, the others decide
        lending = [record for record in self.records[row] if record.outcome is None]
        attended = [r.attended for r in lending if r.attended is not None and not isinstance(r.attended, PartialDate)]
        usable = [day for day in attended if (row, day) not in self.unusable]
        if usable:
            return _Reference(min(usable), "attended", False, (row, min(usable)))  # noqa: FBT003
        partly = any(isinstance(record.attended, PartialDate) for record in lending)
        booked = [r.booked for r in lending if r.booked is not None and (row, r.booked) not in self.unusable]
        if booked:
            return _Reference(max(booked), "booked", partly, (row, max(booked)))
        return target._replace(provisional=target.provisional or partly)

    def moved(self, visit: Visit, offset: Offset, base: _Reference) -> date:
        try:
            return offset.after(base.day)
        except DateOutOfRangeError as error:
            raise self.blamed(visit, base, error) from None

    def around(self, visit: Visit, window: Window, target: _Reference) -> DateRange:
        try:
            return window.around(target.day)
        except DateOutOfRangeError as error:
            raise self.blamed(visit, target, error) from None

    def blamed(self, visit: Visit, base: _Reference, error: DateOutOfRangeError) -> Exception:
        if base.origin is not None:
            return _LeavesCalendar(base.origin)
        return DateOutOfRangeError(error.message, where=visit.code)


def _notes(
    compiled: Program,
    records: list[list[VisitRecord]],
    unusable: set[tuple[int, date]],
    references: list[_Reference],
) -> tuple[str, ...]:
    notes = []
    for row, visit in enumerate(compiled.rows):
        used = f"visits that count from it count from its {SOURCES[references[row].source]} {references[row].day}"
        partly = {str(r.attended) for r in records[row] if isinstance(r.attended, PartialDate) and r.outcome is None}
        notes += [
            f"{visit.code}: attended {text} is only partly known and no reference; {used}" for text in sorted(partly)
        ]
        leaving = sorted(day for place, day in unusable if place == row)
        notes += [f"{visit.code}: {day} would take a visit out of the years 1 to 9999; {used}" for day in leaving]
    return tuple(notes)

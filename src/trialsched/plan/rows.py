"""One row of a plan, and the sentence that says why it stands where it stands."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from trialsched.offsets import DateRange, Offset, PartialDate, study_day

if TYPE_CHECKING:
    from datetime import time

    from trialsched.protocol import Mode, Texts, Visit, When
    from trialsched.subject import Outcome, VisitRecord

WindowBasis = Literal["protocol", "assumed", "none", "empty"]
DayZeroSource = Literal["attended", "booked", "baseline"]
ReferenceSource = Literal["attended", "booked", "target", "baseline"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SOURCES = {"attended": "attended date", "booked": "booked date", "target": "target", "baseline": "baseline"}


def basis_of(visit: Visit) -> WindowBasis:
    """Return where a visit's window comes from, before any limit."""
    if visit.timing.window is None:
        return "none"
    return "assumed" if visit.timing.assumed else "protocol"


class AppliedLimit(NamedTuple):
    """A limit as it cut one row: which one, the protocol's words, the date counted from, the day it gives."""

    kind: str
    when: When
    reference: date
    source: ReferenceSource
    day: date


class Grounds(NamedTuple):
    """What a row rests on. Rows that rest on the same share one.

    `day_one` is the date that is study day 1; for the row of the visit that study days count from, its own target.
    """

    day_zero: date
    day_one: date
    reference: date
    reference_source: ReferenceSource
    provisional: bool
    limits: tuple[AppliedLimit, ...] = ()
    records: tuple[VisitRecord, ...] = ()


class PlannedVisit(NamedTuple):
    """One row of a plan. Read it by name: fields may be added at the end.

    `target` is the day the protocol asks for. `earliest` and `latest` are the ends of the window, both
    included, None without one. `window_basis`: `protocol`, `assumed` (not in the protocol's text), `none`, or
    `empty` when limits leave no day. `grounds` is what the row rests on.
    """

    visit: Visit
    target: date
    earliest: date | None
    latest: date | None
    window_basis: WindowBasis
    grounds: Grounds

    @property
    def day_zero(self) -> date:
        """The plan's day zero."""
        return self.grounds.day_zero

    @property
    def reference(self) -> date:
        """The date that the target counts from; for the anchor visit the baseline."""
        return self.grounds.reference

    @property
    def reference_source(self) -> ReferenceSource:
        """Where that date comes from."""
        return self.grounds.reference_source

    @property
    def provisional(self) -> bool:
        """Whether the row rests on a provisional baseline or a partly known date."""
        return self.grounds.provisional

    @property
    def limits(self) -> tuple[AppliedLimit, ...]:
        """The limits as they cut the window."""
        return self.grounds.limits

    @property
    def records(self) -> tuple[VisitRecord, ...]:
        """All records of the visit, in the order given."""
        return self.grounds.records

    @property
    def code(self) -> str:
        """The visit's code."""
        return self.visit.code

    @property
    def label(self) -> Texts:
        """The visit's labels by language."""
        return self.visit.label

    @property
    def epoch(self) -> str | None:
        """The visit's epoch."""
        return self.visit.epoch

    @property
    def mode(self) -> Mode:
        """The planned mode."""
        return self.visit.mode

    @property
    def window(self) -> DateRange | None:
        """The closed range from `earliest` to `latest`, or None."""
        return DateRange(self.earliest, self.latest) if self.earliest and self.latest else None

    @property
    def protocol_day(self) -> int:
        """Days from day zero to the target; 0 for the anchor visit by definition."""
        return (self.target - self.day_zero).days if self.visit.timing.when else 0

    @property
    def study_day(self) -> int:
        """The target's study day; there is no 0. It is 1 by definition for the visit that study days count from."""
        return study_day(self.target, self.grounds.day_one)

    @property
    def weekday(self) -> str:
        """The target's weekday in English."""
        return WEEKDAYS[self.target.weekday()]

    @property
    def record(self) -> VisitRecord | None:
        """The record judged: the earliest attended one that was not withheld, else the earliest withheld.

        Of several on one day the one in the planned mode, else the first given. With nothing attended: what is
        booked last and not missed, else the last of the rest.
        """
        records = self.grounds.records
        if len(records) < 2:  # noqa: PLR2004 - nothing to choose between
            return records[0] if records else None
        came = [record for record in records if record.attended is not None]
        if came:
            return min(came, key=self._rank_of_attended)  # of equals the first given
        return max(records, key=_rank_of_unattended)

    def _rank_of_attended(self, record: VisitRecord) -> tuple[bool, int, int, bool]:
        """Rank attended records so that the one judged comes first.

        A partly known date is before a whole one only when all of it is; of two that end together the shorter.
        """
        last, length = date.max, 1
        if isinstance(record.attended, PartialDate):
            last, length = record.attended.days.latest, len(record.attended.days)
        elif record.attended is not None:
            last = record.attended
        return (record.outcome is not None, last.toordinal(), length, record.mode != self.mode)

    @property
    def attended(self) -> date | PartialDate | None:
        """When the record judged says that it happened."""
        return self.record.attended if self.record else None

    @property
    def outcome(self) -> Outcome | None:
        """The outcome of the record judged."""
        return self.record.outcome if self.record else None

    @property
    def booked(self) -> date | None:
        """The date agreed: of the record judged, or the open booking made after a missed or withheld one."""
        booking = self._booking
        return booking.booked if booking else None

    @property
    def booked_time(self) -> time | None:
        """The time agreed, local at the clinic."""
        booking = self._booking
        return booking.booked_time if booking else None

    @property
    def _booking(self) -> VisitRecord | None:
        record = self.record
        if len(self.grounds.records) < 2 or record is None:  # noqa: PLR2004 - nothing to choose between
            return record
        if record.booked and record.outcome is None and isinstance(record.attended, date):
            return record
        bookings = [r for r in self.records if r.booked and r.outcome is None]
        return max(bookings, key=_booked_rank) if bookings else record

    @property
    def why(self) -> str:
        """One sentence: the reference date and its source, the offset, a clamp, limits, the window and its basis."""
        return _why(self)


def _rank_of_unattended(record: VisitRecord) -> tuple[int, tuple[Any, ...]]:
    """Rank records of a visit that was not attended so that the one judged is the last, whatever their order."""
    if record.outcome is not None:
        return (0, _booked_rank(record))
    return (1 if record.booked else -1, _booked_rank(record))


def _booked_rank(record: VisitRecord) -> tuple[Any, ...]:
    tie = (str(record.attended), str(record.booked_time), record.mode or "", record.note or "")
    return (record.booked or date.min, tie)


def _counted(when: When, reference: date, source: ReferenceSource) -> str:
    return f"{when} ({SOURCES[source]} {reference.isoformat()})"


def _why(row: PlannedVisit) -> str:
    when, window = row.visit.timing.when, row.visit.timing.window
    status = "provisional baseline" if row.provisional else "baseline"
    if when is None:
        sentence = f"{row.code} is the anchor visit, its target the {status} {row.target.isoformat()}"
    else:
        sentence = f"{row.code} is {_counted(when, row.reference, row.reference_source)}: {row.target.isoformat()}"
        by_months = Offset(when.offset.months).after(row.reference)
        if by_months.day != row.reference.day:
            month = by_months.isoformat()[:7]
            sentence += f", clamped to the last day of {month} ({row.reference.day} is past its end)"
        if row.provisional:
            sentence += ", provisional"
    for limit in row.limits:
        words = limit.kind.replace("_", " ")
        sentence += f"; {words} {limit.day.isoformat()}, {_counted(limit.when, limit.reference, limit.source)}"
    if window is None:
        return f"{sentence}; no window."
    basis = "assumed window, not in the protocol," if row.visit.timing.assumed else "window"
    days = "leaves no day within the limits" if row.window is None else f"{row.earliest} to {row.latest}"
    if any(Offset(n).after(row.target).day != row.target.day for n in (-window.before.months, window.after.months)):
        days += ", counted in months clamped to the last day of a shorter one"
    return f"{sentence}; {basis} {window}: {days}."

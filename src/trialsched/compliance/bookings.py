"""What stands against open bookings: days agreed for visits that have not happened yet."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from trialsched.compliance.model import Finding
from trialsched.offsets import DateRange, PartialDate, month_length

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trialsched.compliance.model import FindingKind, Level
    from trialsched.offsets import Offset
    from trialsched.plan import Plan, PlannedVisit
    from trialsched.protocol import Spacing
    from trialsched.subject import VisitRecord

_DAYS_OF_400_YEARS = 146_097
_LONGEST_MONTH = 31


def booking_findings(plan: Plan) -> tuple[Finding, ...]:
    """Return what stands against the open bookings of a plan, by the visit that tells it, in the plan's order.

    A booking outside of its window or nearer to another visit than a spacing is `booked-outside`; one that is
    strictly before another visit whose target is strictly earlier is `out-of-order`. Windows include their ends;
    a spacing is counted from the earlier of the two days and told at the later one. An open booking is one that is
    not attended.
    """
    days = days_of(plan)
    version = plan.protocol.version
    places = {row.code: place for place, row in enumerate(plan)}
    near: dict[str, list[Finding]] = {}
    for pair in spaced_pairs(plan.protocol.spacings, plan.rows, places):
        if pair.is_booked:
            near.setdefault(pair.later, []).extend(too_near(pair, version))
    found: list[Finding] = []
    for row in plan:
        booking = open_booking(row)
        if booking is not None:
            found += booked_outside(row, booking, version)
        found += near.get(row.code, ())
        if booking is not None:
            found += _out_of_order(plan, row, booking, days)
    return tuple(found)


def days_between(number: int) -> str:
    """Return a number of days in words: '1 day', '4 days'."""
    return f"{number} day{'' if number == 1 else 's'}"


def signed_days(number: int) -> str:
    """Return a number of days with its sign: '-1 day', '+4 days'."""
    return f"{number:+d} day{'' if abs(number) == 1 else 's'}"


def window_words(row: PlannedVisit) -> str:
    """Return a window in words, 'assumed' where the protocol's text does not state it."""
    _, _, earliest, latest, basis, _ = row
    if earliest is None or latest is None:
        return "window"
    return f"{'assumed window' if basis == 'assumed' else 'window'} {earliest.isoformat()} to {latest.isoformat()}"


def window_rule(row: PlannedVisit, window: str) -> str:
    """Return the rule of a window, given as the protocol writes it: around which day, and whether a limit cut it."""
    shape = row.visit.timing.window
    cut = row.limits and shape is not None and shape.around(row.target) != row.window
    return f"{window} around {row.target.isoformat()}{', cut by a limit' if cut else ''}"


def open_booking(row: PlannedVisit) -> date | None:
    """Return the latest day agreed for a visit that has not happened; also again after it was missed or withheld."""
    records = row.grounds.records
    if not records:
        return None
    if len(records) == 1:
        record = records[0]
        return record.booked if record.attended is None and record.outcome is None else None
    return open_booking_of(records)


def open_booking_of(records: Sequence[VisitRecord]) -> date | None:
    """Return the latest open booking of a visit's records, None when the visit happened."""
    if any(record.attended is not None and record.outcome is None for record in records):
        return None
    still_open = (r.booked for r in records if r.attended is None and r.outcome is None)
    return max((day for day in still_open if day is not None), default=None)


class Held(NamedTuple):
    """When a visit was held, or else is booked for: as it is recorded, and whether it is booked only."""

    day: date | PartialDate
    booked: bool


def held_on(row: PlannedVisit) -> Held | None:
    """Return when a visit was held, its treatment not withheld, else is booked for; None when it is neither."""
    records = row.grounds.records
    if not records:
        return None
    record = records[0] if len(records) == 1 else row.record
    if record is not None and record.attended is not None and record.outcome is None:
        return Held(record.attended, booked=False)
    booked = open_booking(row)
    return None if booked is None else Held(booked, booked=True)


def days_of(rows: Iterable[PlannedVisit]) -> dict[str, Held]:
    """Return when each visit was held, else is booked for."""
    days = ((row.code, held_on(row)) for row in rows)
    return {code: held for code, held in days if held is not None}


def ends_of(day: date | PartialDate) -> tuple[date, date]:
    """Return the first and the last day that it could be."""
    return (day.days.earliest, day.days.latest) if isinstance(day, PartialDate) else (day, day)


def short_of(spacing: Spacing, one: date | PartialDate, other: date | PartialDate) -> int:
    """Return how many days two visits miss to the spacing between them, counted from the earlier; 0 or less: none.

    Of partly known days what is missed when they are as far apart as they can be, which is sure.
    """
    return min(_short(spacing, *sorted(pair)) for pair in product(ends_of(one), ends_of(other)))


def _short(spacing: Spacing, earlier: date, later: date) -> int:
    return _number_after(spacing.at_least, earlier) - later.toordinal()


def farthest(one: date | PartialDate, other: date | PartialDate) -> int:
    """Return how many days two visits are apart; of partly known ones the most that they can be."""
    (first, last), (others_first, others_last) = ends_of(one), ends_of(other)
    return max(last - others_first, others_last - first).days


def _number_after(offset: Offset, day: date) -> int:
    """Return the number of the day that is `offset.after(day)`, also where that is past the year 9999."""
    year, month = divmod(day.year * 12 + day.month - 1 + offset.months, 12)
    cycles, year = divmod(year - 1, 400)  # after which the calendar repeats
    number = min(day.day, month_length(year + 1, month + 1))
    return date(year + 1, month + 1, number).toordinal() + cycles * _DAYS_OF_400_YEARS + offset.days


def booked_outside(row: PlannedVisit, booked: date, version: str) -> Iterator[Finding]:
    """Find a booking before or after its window."""
    if row.earliest is None or row.latest is None or row.earliest <= booked <= row.latest:
        return
    out = (booked - (row.earliest if booked < row.earliest else row.latest)).days
    side = "before" if out < 0 else "after"
    rule = window_rule(row, str(row.visit.timing.window))
    words = f"{days_between(abs(out))} {side} its {window_words(row)}"
    detail = f"booked for {booked}, {words} ({rule}): {signed_days(out)}"
    yield Finding("booked-outside", "note", row.code, None, version, out, booked, detail)


class SpacedPair(NamedTuple):
    """Two visits of a spacing that were held or are booked, by the order of their days."""

    spacing: Spacing
    earlier: str
    later: str
    first: Held
    second: Held

    @property
    def is_booked(self) -> bool:
        """Whether one of them is booked only."""
        return self.first.booked or self.second.booked


def spaced_pairs(
    spacings: Iterable[Spacing], rows: Sequence[PlannedVisit], places: Mapping[str, int]
) -> Iterator[SpacedPair]:
    """Yield the pairs of visits that spacings name and that may be too near to each other.

    Of equal days the later in protocol order is the later one; a partly known date counts by its last day.
    """
    for spacing in spacings:
        one, other = places.get(spacing.first), places.get(spacing.second)
        if one is None or other is None:
            continue
        if _surely_apart(spacing, rows[one].grounds.records, rows[other].grounds.records):
            continue
        first, second = held_on(rows[one]), held_on(rows[other])
        if first is None or second is None:
            continue
        if (ends_of(first.day)[1], one) <= (ends_of(second.day)[1], other):
            yield SpacedPair(spacing, spacing.first, spacing.second, first, second)
        else:
            yield SpacedPair(spacing, spacing.second, spacing.first, second, first)


def _surely_apart(spacing: Spacing, records: Sequence[VisitRecord], others: Sequence[VisitRecord]) -> bool:
    """Return whether two visits surely keep a spacing: nothing is recorded of one, or they are far apart, as most are.

    They are when both were held on a whole day and the spacing is kept however long its months are.
    """
    if not records or not others:
        return True
    day, other = records[0].attended, others[0].attended
    if len(records) > 1 or len(others) > 1 or type(day) is not date or type(other) is not date:
        return False
    return abs((other - day).days) >= spacing.at_least.days + _LONGEST_MONTH * spacing.at_least.months


def too_near(pair: SpacedPair, version: str) -> Iterator[Finding]:
    """`too-close`: two visits attended nearer than a spacing; a deviation, a note when the spacing is assumed.

    `booked-outside` when one of them is booked only. Either is told at the later of the two.
    """
    spacing, earlier, later, first, second = pair
    missing = short_of(spacing, first.day, second.day)
    if missing <= 0:
        return
    kind: FindingKind = "booked-outside" if pair.is_booked else "too-close"
    level: Level = "note" if pair.is_booked or spacing.assumed else "deviation"
    partly = isinstance(first.day, PartialDate) or isinstance(second.day, PartialDate)
    assumed = "assumed spacing" if spacing.assumed else "spacing"
    out = f"{'at least ' if partly else ''}{signed_days(-missing)}"
    when = f"{'booked for' if second.booked else 'attended'} {second.day}"
    detail = f"{when}, {_apart(pair)}, short of the {assumed} of at least {spacing.at_least}: {out}"
    yield Finding(kind, level, later, earlier, version, -missing, second.day, detail)


def _apart(pair: SpacedPair) -> str:
    """Return in words how far the later visit of a pair is from the earlier: '22 days after DOSE1 (2026-01-13)'."""
    _, earlier, _, first, second = pair
    days = days_between(farthest(first.day, second.day))
    day = f"booked for {first.day}" if first.booked and not second.booked else f"{first.day}"
    if isinstance(first.day, PartialDate) or isinstance(second.day, PartialDate):
        return f"at most {days} from {earlier} ({day})"
    return f"{days} after {earlier} ({day})"


def spaced_from(
    code: str, days: Mapping[str, Held], spacings: Iterable[Spacing]
) -> Iterator[tuple[Spacing, str, date | PartialDate]]:
    """Yield the spacings of a visit to others that have a day: the spacing, the other visit, its day."""
    for spacing in spacings:
        if code in (spacing.first, spacing.second):
            other = spacing.second if code == spacing.first else spacing.first
            if other in days:
                yield spacing, other, days[other].day


def days_keeping(spacing: Spacing, day: date | PartialDate, among: DateRange) -> tuple[DateRange, ...]:
    """Return the days of a range that surely keep a spacing to a day: those before it and after it, ends included."""

    def again_from(number: int) -> int:
        return _number_after(spacing.at_least, date.fromordinal(number))

    kept = []
    first, last = ends_of(day)
    before = range(among.earliest.toordinal(), min(among.latest, first).toordinal() + 1)
    keeping = bisect_right(before, first.toordinal(), key=again_from)
    if keeping:
        kept.append(DateRange(among.earliest, date.fromordinal(before[keeping - 1])))
    after = max(_number_after(spacing.at_least, last), among.earliest.toordinal())
    if after <= among.latest.toordinal():
        kept.append(DateRange(date.fromordinal(after), among.latest))
    return tuple(kept)


def _out_of_order(plan: Plan, row: PlannedVisit, booked: date, days: Mapping[str, Held]) -> Iterator[Finding]:
    for other in plan:
        held = days.get(other.code)
        if held is not None and other.target < row.target and booked < ends_of(held.day)[0]:
            day = held.day
            detail = f"booked for {booked}, before {other.code} ({day}), which comes earlier in the protocol"
            version = plan.protocol.version
            yield Finding("out-of-order", "note", row.code, other.code, version, None, booked, detail)

"""What is next: visits open or opening in a period, by the days that are left, and what to do, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from trialsched._text import shown
from trialsched.compliance import CheckedVisit, Report
from trialsched.compliance.bookings import open_booking
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import DateRange, plain_date
from trialsched.protocol import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_OPEN: Final = ("due", "overdue")


class WorkItem(NamedTuple):
    """A visit that somebody has to do something about. Read it by name: fields may be added at the end.

    `days_left` are the days from `as_of` until the window closes: 0 on its last day, negative once it has lapsed, None
    without a window. `next_step` says in English what to do.
    """

    subject: str
    visit: CheckedVisit
    days_left: int | None
    next_step: str


def worklist(reports: Report | Iterable[Report], first: date, last: date) -> tuple[WorkItem, ...]:
    """Return what is open, what opens in the period from `first` to `last`, both included, and what lapsed.

    Open is what is due or overdue on the day of the report, whatever the period. Opening is an upcoming visit whose
    window has a day in the period, or that is booked for one; without a window, whose target is one. Lapsed visits
    stay until somebody records what happened. A visit whose treatment was withheld is in the list while it is booked
    once more, for a day of the period or one that is past. Nothing else is.

    In this order: by mode (on site, phone, video, home), lapsed ones after the others, fewest days left first, without
    a window last by target; then as the reports and the protocol have them. Raises `InvalidTypeError` or
    `InvalidValueError` for a period that is none, `InvalidTypeError` for what is no report.
    """
    first, last = plain_date(first, "first"), plain_date(last, "last")
    if last < first:
        raise InvalidValueError(f"a period ends on or after its first day; read {first} to {last}", where="last")
    period = DateRange(first, last)
    several = (reports,) if isinstance(reports, Report) else tuple(reports)
    for index, report in enumerate(several):
        if not isinstance(report, Report):
            raise InvalidTypeError(f"a Report of `check` is meant; read {shown(report)}", where=f"reports[{index}]")
    found = [_item(report, visit) for report in several for visit in report if _belongs(visit, period, report.as_of)]
    return tuple(sorted(found, key=_order))


def _belongs(visit: CheckedVisit, period: DateRange, as_of: date) -> bool:
    if visit.status in _OPEN or visit.status == "lapsed":
        return True
    booked = open_booking(visit.planned)
    if visit.status == "done":
        return booked is not None and (booked in period or booked < as_of)
    if visit.status != "upcoming":
        return False
    if booked is not None and booked in period:
        return True
    return visit.target in period if visit.window is None else visit.window & period is not None


def _item(report: Report, visit: CheckedVisit) -> WorkItem:
    left = None if visit.latest is None else (visit.latest - report.as_of).days
    return WorkItem(report.subject.code, visit, left, _next_step(report, visit))


def _order(item: WorkItem) -> tuple[int, bool, bool, int, date]:
    visit, left = item.visit, item.days_left
    return (MODES.index(visit.mode_planned), visit.status == "lapsed", left is None, left or 0, visit.target)


def _next_step(report: Report, visit: CheckedVisit) -> str:
    """Say what to do: of the past first, then of the booking, then of the window."""
    as_of, booked, over = report.as_of, open_booking(visit.planned), _over(report)
    closed = f"lapsed: window closed {visit.latest}" if visit.status == "lapsed" else ""
    before = f"withheld {visit.attended}, " if visit.status == "done" else f"{closed}, " if closed else ""
    if booked is not None and booked >= as_of and over is not None and booked > over:
        cancel = f"{before}booked for {_moment(visit)}, after the end of participation on {over}: cancel it"
        return cancel if visit.status == "done" else f"{cancel}, and record what happened"
    if closed:
        if booked is not None and booked >= as_of:
            return f"{before}booked for {_moment(visit)}: confirm, or record it as missed"
        was = "" if booked is None else f", was booked for {_moment(visit)}"
        return f"{closed}{was}: record what happened (attended, missed), or ask"
    if booked is None:
        return _unbooked(visit, as_of, over)
    if booked < as_of:
        again = "" if before or (over is not None and visit.window is None) else f", or {_book(visit, as_of)}"
        return f"{before}was booked for {_moment(visit)}, nothing recorded: record what happened{again}"
    against = [f.detail for f in report.findings if f.kind == "booked-outside" and f.visit == visit.code]
    if against:
        return f"{before}{'; '.join(against)}: move it"
    return f"{before}booked for {_moment(visit)}: confirm"


def _over(report: Report) -> date | None:
    """Return the day on which participation ended, once it has: a day after it is no day for a visit."""
    ended = report.subject.ended
    return ended if ended is not None and ended <= report.as_of else None


def _unbooked(visit: CheckedVisit, as_of: date, over: date | None) -> str:
    book = _book(visit, as_of)
    if visit.latest is None:
        why = "limits leave no day" if visit.window_basis == "empty" else "no window"
        again = "" if over is not None else f", or {book}"
        if visit.target < as_of:
            return f"{why}: target {visit.target} is past, nothing booked: record what happened{again}"
        return f"{why}: target {visit.target}: {book}"
    if visit.status != "overdue":
        return book
    left = (visit.latest - as_of).days
    closes = f"in {left} day{'' if left == 1 else 's'}" if left else "on this day"
    return f"overdue: window closes {closes}, nothing booked: {book}"


def _book(visit: CheckedVisit, as_of: date) -> str:
    """Say which days of a window are left: it has not closed yet."""
    if visit.window is None:
        return "book a day"
    first, last = max(visit.window.earliest, as_of), visit.window.latest
    return f"book a day on {first}" if first == last else f"book a day from {first} to {last}"


def _moment(visit: CheckedVisit) -> str:
    return f"{visit.booked} {visit.booked_time:%H:%M}" if visit.booked_time is not None else f"{visit.booked}"

"""What is next: visits open or opening in a period, by the days that are left, and what to do, in words."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from trialsched._text import shown
from trialsched.compliance import CheckedVisit, Finding, Report
from trialsched.compliance.bookings import days_keeping, days_of, open_booking, spaced_from
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import DateRange, PartialDate, plain_date
from trialsched.protocol import MODES

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    window has a day in the period, or that is booked for one or for a day that is past; without a window, whose
    target is one. Lapsed visits
    stay until somebody records what happened. A visit whose treatment was withheld is in the list while it is booked
    once more, for a day of the period or one that is past; one that is not expected any more while it is booked for a
    day that is still to come. Nothing else is, and nothing that opens after the end of participation, but what is
    booked. The days that are proposed keep the spacings to the visits that were held or are booked.

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
    found = [_item(report, visit) for report in several for visit in report if _belongs(report, visit, period)]
    return tuple(sorted(found, key=_order))


def _belongs(report: Report, visit: CheckedVisit, period: DateRange) -> bool:
    as_of, ended = report.as_of, report.subject.ended
    if visit.status in _OPEN or visit.status == "lapsed":
        return True
    booked = open_booking(visit.planned)
    if visit.status == "done":
        return booked is not None and (booked in period or booked < as_of)
    if visit.status == "not-expected":
        return booked is not None and _to_cancel(report, booked)
    if visit.status != "upcoming":
        return False
    if booked is not None and (booked in period or booked < as_of):
        return True
    opens = visit.earliest or visit.target
    if ended is not None and ended < opens and booked is None:
        return False  # nobody will be there any more
    return visit.target in period if visit.window is None else visit.window & period is not None


def _item(report: Report, visit: CheckedVisit) -> WorkItem:
    left = None if visit.latest is None else (visit.latest - report.as_of).days
    return WorkItem(report.subject.code, visit, left, _next_step(report, visit))


def _order(item: WorkItem) -> tuple[int, bool, bool, int, date]:
    visit, left = item.visit, item.days_left
    return (MODES.index(visit.mode_planned), visit.status == "lapsed", left is None, left or 0, visit.target)


def _next_step(report: Report, visit: CheckedVisit) -> str:
    """Say what to do: of the past first, then of the booking, then of the days that are left."""
    as_of, booked = report.as_of, open_booking(visit.planned)
    closed = f"lapsed: window closed {visit.latest}" if visit.status == "lapsed" else ""
    before = f"withheld {visit.attended}, " if visit.status == "done" else f"{closed}, " if closed else ""
    if booked is not None and _to_cancel(report, booked):
        ended = f"{before}booked for {_moment(visit)}, after the end of participation on {report.subject.ended}"
        return f"{ended}: cancel it{_instead(report, visit)}"
    if closed:
        if booked is not None and booked >= as_of:
            return f"{before}booked for {_moment(visit)}: confirm, or record it as missed"
        was = "" if booked is None else f", was booked for {_moment(visit)}"
        return f"{closed}{was}: record what happened (attended, missed), or ask"
    if booked is None:
        return _unbooked(report, visit)
    if booked < as_of:
        again = "" if before or _is_over(report) else f", or {_book(report, visit)}"
        return f"{before}was booked for {_moment(visit)}, nothing recorded: record what happened{again}"
    against = [finding.detail for finding in report.findings if _against(finding, visit)]
    against += [f"{f.visit} {f.detail}" for f in report.findings if _told_elsewhere(report, f, visit)]
    if against:
        return f"{before}{'; '.join(against)}: move it"
    return f"{before}booked for {_moment(visit)}: confirm"


def _against(finding: Finding, visit: CheckedVisit) -> bool:
    """Return whether a finding is told at a visit, and says that its booking is to be moved."""
    return finding.kind == "booked-outside" and finding.visit == visit.code


def _told_elsewhere(report: Report, finding: Finding, visit: CheckedVisit) -> bool:
    """Return whether a finding says that a booking is too near before a visit that was held: it is told there."""
    if finding.kind != "booked-outside" or finding.other != visit.code:
        return False
    return open_booking(report[finding.visit].planned) is None


def _to_cancel(report: Report, booked: date) -> bool:
    """Return whether a booking is still to come and lies after the end of participation."""
    ended = report.subject.ended
    return ended is not None and booked > ended and booked >= report.as_of


def _is_over(report: Report) -> bool:
    """Return whether participation has ended: there is no day left for a visit."""
    ended = report.subject.ended
    return ended is not None and ended < report.as_of


def _instead(report: Report, visit: CheckedVisit) -> str:
    """Say what else is to be done about a visit whose booking is cancelled."""
    ended, opens = report.subject.ended or date.max, visit.earliest or visit.target
    if visit.status in ("done", "not-expected") or ended < opens:
        return ""
    if visit.status == "lapsed" or ended <= report.as_of:
        return ", and record what happened"
    return f", and {_book(report, visit)}"


def _unbooked(report: Report, visit: CheckedVisit) -> str:
    as_of = report.as_of
    if visit.latest is None:
        why = "limits leave no day" if visit.window_basis == "empty" else "no window"
        if visit.target < as_of:
            again = "" if _is_over(report) else f", or {_book(report, visit)}"
            return f"{why}: target {visit.target} is past, nothing booked: record what happened{again}"
        return f"{why}: target {visit.target}: {_book(report, visit)}"
    book = _book(report, visit)
    if visit.status != "overdue":
        return book
    left = (visit.latest - as_of).days
    closes = f"in {left} day{'' if left == 1 else 's'}" if left else "on this day"
    return f"overdue: window closes {closes}, nothing booked: {book}"


def _book(report: Report, visit: CheckedVisit) -> str:
    """Say on which days that are left a visit can be held: in its window, and kept from others by the spacings."""
    plan = next(plan for plan in report.plans if plan.protocol.version == visit.version)
    days = days_of(other.planned for other in report if other.code != visit.code)
    spaced = tuple(spaced_from(visit.code, days, plan.protocol.spacings))
    rules = " and ".join(f"{spacing.at_least} to {other} ({day})" for spacing, other, day in spaced)
    ended = report.subject.ended
    if visit.window is None:
        keeping = f" that keeps the spacing of at least {rules}" if rules else ""
        return f"book a day{keeping}" + (f", {ended} at the latest" if ended is not None else "")
    first = max(visit.window.earliest, report.as_of)
    last = visit.window.latest if ended is None else min(visit.window.latest, ended)
    if last < first:
        return f"no day is left: participation ends on {ended}"
    free = [DateRange(first, last)]
    for spacing, _, day in spaced:
        free = [kept for piece in free for kept in days_keeping(spacing, day, piece)]
    if not free:
        surely = "surely " if any(isinstance(day, PartialDate) for _, _, day in spaced) else ""
        return f"no day that is left {surely}keeps the spacing of at least {rules}: ask"
    return f"book a day {' or '.join(map(_in_words, free))}"


def _in_words(days: DateRange) -> str:
    return f"on {days.earliest}" if days.earliest == days.latest else f"from {days.earliest} to {days.latest}"


def _moment(visit: CheckedVisit) -> str:
    return f"{visit.booked} {visit.booked_time:%H:%M}" if visit.booked_time is not None else f"{visit.booked}"

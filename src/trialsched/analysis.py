"""Days and planned visits for statisticians: which visit a contact is nearest to, and analysis windows.

Two kinds of windows, two functions and two types: `nearest` asks for the windows of the plan, in which a visit is to be
held; `analysis_windows` makes others, which take in every day. Neither looks at the other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import PartialDate, plain_date

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from trialsched.plan import Plan, PlannedVisit


class Distance(NamedTuple):
    """How far a day is from a planned visit. Read it by name: fields may be added at the end.

    `days_from_target` is negative before the target. `days_out` is 0 inside the visit's window, ends included,
    negative before it, positive after it, None without one.
    """

    visit: str
    days_from_target: int
    days_out: int | None


class Nearest(NamedTuple):
    """The planned visit that a day is nearest to, and all that another rule needs. Read it by name.

    `windows` are the visits whose windows hold the day: one, several, or none. `tied` are those that only the rule
    for equal distances told apart, the chosen one among them; empty when there was nothing to tell apart.
    `distances` has every visit that was asked for. All are in protocol order.
    """

    day: date
    visit: str
    days_from_target: int
    windows: tuple[str, ...]
    tied: tuple[str, ...]
    distances: tuple[Distance, ...]


@dataclass(frozen=True, slots=True)
class AnalysisWindow:
    """The days that count for a planned visit in an analysis, from `first` to `last`, both included; None: no end.

    Not the window in which the visit is to be held: that is `plan[code].window`, a `DateRange`.
    """

    visit: str
    target: date
    first: date | None
    last: date | None

    def __contains__(self, day: object) -> bool:
        """Return whether a day counts for the visit; a partly known date or a `datetime` is refused."""
        whole = _whole(day)
        return (self.first is None or self.first <= whole) and (self.last is None or whole <= self.last)


def nearest(plan: Plan, day: date, *, visits: Iterable[str] | None = None) -> Nearest:
    """Return the planned visit that a day belongs to: one that was not planned, or was written under another code.

    The rule: in the window of one visit, it is that visit. In several windows, of those the visit with the nearest
    target; in none, of all visits. Of two targets equally near the later one is taken; of visits with one target the
    last in protocol order. Windows are those of the plan, protocol's and assumed ones, ends included.

    `visits` are the codes to choose from, by default all of the plan. Raises `UnknownVisitError` for a code that the
    plan does not have, `InvalidValueError` for none at all, `InvalidTypeError` for a partly known date.

    >>> from datetime import date
    >>> from trialsched.plan import schedule
    >>> from trialsched.protocol import Protocol, Visit
    >>> from trialsched.subject import Subject
    >>> demo = Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("D10", "phone", "10 days after D0")])
    >>> plan = schedule(demo, Subject("S1", baseline=date(2026, 3, 2)))
    >>> nearest(plan, date(2026, 3, 7)).visit, nearest(plan, date(2026, 3, 7)).tied
    ('D10', ('D0', 'D10'))
    """
    day = _whole(day)
    rows = _chosen(plan, visits)
    distances = tuple(_distance(row, day) for row in rows)
    inside = [place for place, distance in enumerate(distances) if distance.days_out == 0]
    places = inside or range(len(rows))
    least = min(abs(distances[place].days_from_target) for place in places)
    near = [place for place in places if abs(distances[place].days_from_target) == least]
    best = max(near, key=lambda place: (rows[place].target, place))
    return Nearest(
        day,
        rows[best].code,
        distances[best].days_from_target,
        tuple(rows[place].code for place in inside),
        tuple(rows[place].code for place in near) if len(near) > 1 else (),
        distances,
    )


def analysis_windows(
    plan: Plan, *, visits: Iterable[str] | None = None, first: date | None = None, last: date | None = None
) -> tuple[AnalysisWindow, ...]:
    """Return windows side by side that take in every day, each with the days nearest to the target of its visit.

    In the order of their targets. Between two targets the later window begins on the middle day, when the days
    between them have one; so a day equally far from both counts for the later visit, as `nearest` has it. The first
    window begins on `first` and the last ends on `last`, both included; without them they have no such end.

    `visits` are the codes of those with a window, by default all of the plan. Raises `UnknownVisitError` for a code
    that the plan does not have, `InvalidValueError` for none at all, for two visits with one target, which no day
    could tell apart, and for a target outside of `first` to `last`.

    The rule of the middle day is that of the table in the analysis plan of NCT03347279, page 33: targets on study
    days 15, 29, 57, windows 2 to 21, 22 to 42, 43 to 70.

    >>> from datetime import date
    >>> from trialsched.plan import schedule
    >>> from trialsched.protocol import Protocol, Visit
    >>> from trialsched.subject import Subject
    >>> demo = Protocol("demo", "1", "D0", [Visit("D0", "on-site"), Visit("D10", "phone", "10 days after D0")])
    >>> for window in analysis_windows(schedule(demo, Subject("S1", baseline=date(2026, 3, 2)))):
    ...     print(window.visit, window.first, window.last)
    D0 None 2026-03-06
    D10 2026-03-07 None
    """
    first = None if first is None else plain_date(first, "first")
    last = None if last is None else plain_date(last, "last")
    rows = sorted(_chosen(plan, visits), key=lambda row: row.target)
    for row, following in pairwise(rows):
        if row.target == following.target:
            both = f"{row.code} and {following.code} have the same target, {row.target}"
            message = f"{both}: no day could tell them apart; leave one of them out of `visits`"
            raise InvalidValueError(message, where="visits")
    if first is not None and rows[0].target < first:
        message = f"the target of {rows[0].code}, {rows[0].target}, is before the first day, {first}"
        raise InvalidValueError(message, where="first")
    if last is not None and rows[-1].target > last:
        message = f"the target of {rows[-1].code}, {rows[-1].target}, is after the last day, {last}"
        raise InvalidValueError(message, where="last")
    # Half of the days to the next target, rounded up: an even number has a middle day, which the later visit gets.
    begins = [
        row.target + timedelta(((following.target - row.target).days + 1) // 2) for row, following in pairwise(rows)
    ]
    ends = [begin - timedelta(1) for begin in begins]
    days = zip((first, *begins), (*ends, last), strict=True)
    return tuple(AnalysisWindow(row.code, row.target, *both) for row, both in zip(rows, days, strict=True))


def _whole(day: object) -> date:
    if isinstance(day, PartialDate):
        message = f"a whole date is meant: {day} could be {day.days}; ask for the first and the last of these days"
        raise InvalidTypeError(message, where="day")
    return plain_date(day, "day")


def _chosen(plan: Plan, visits: Iterable[str] | None) -> tuple[PlannedVisit, ...]:
    """Return the rows of some codes in protocol order, each once."""
    if visits is None:
        return plan.rows
    if isinstance(visits, str):
        raise InvalidTypeError(f"several visit codes are meant, as ['M03', 'M06']; read {visits!r}", where="visits")
    codes = {plan[code].code for code in visits}
    if not codes:
        raise InvalidValueError("no visit to choose from: at least one code is meant", where="visits")
    return tuple(row for row in plan if row.code in codes)


def _distance(row: PlannedVisit, day: date) -> Distance:
    out = None
    if row.earliest is not None and row.latest is not None:
        out = min((day - row.earliest).days, 0) + max((day - row.latest).days, 0)
    return Distance(row.code, (day - row.target).days, out)

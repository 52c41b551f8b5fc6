"""Design 7 once more, naively, by plain loops over days: an oracle of statuses, verdicts and findings.

It shares no code with the library but the values it is given: the rows of a plan, the records and the protocol's
spacings, and counts spacings with `relativedelta`. What a day could be is a list of days, a window a list of days.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from dateutil.relativedelta import relativedelta

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trialsched.offsets import PartialDate
    from trialsched.plan import Plan, PlannedVisit
    from trialsched.protocol import Spacing
    from trialsched.subject import VisitRecord

ORDER = [
    *("early", "late", "missed", "withheld", "lapsed", "wrong-mode", "mode-upgrade", "too-close", "out-of-order"),
    *("in-other-window", "duplicate", "unknown-visit", "after-end", "in-the-future", "empty-window", "booked-outside"),
]
"""The table of design 7, from top to bottom."""


class Judged(NamedTuple):
    """What `check` says of one visit."""

    code: str
    status: str
    verdict: str | None
    settled_by: tuple[date, date] | None
    days_out: int | None
    days_from_target: int | None
    version: str


class Fact(NamedTuple):
    """What `check` finds, without the sentence."""

    kind: str
    level: str
    visit: str
    other: str | None
    version: str
    days_out: int | None
    date: date | PartialDate | None


def every_day(first: date, last: date) -> list[date]:
    """Return each day from the first to the last."""
    return [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


def could_be(attended: date | PartialDate) -> list[date]:
    """Return each day on which it may have happened."""
    if isinstance(attended, date):
        return [attended]
    first = date(attended.year, attended.month or 1, 1)
    length = relativedelta(months=1 if attended.month else 12)
    return every_day(first, first + length - timedelta(1))


def window_days(row: PlannedVisit) -> list[date]:
    """Return each day of a window, none without one."""
    return every_day(row.earliest, row.latest) if row.earliest and row.latest else []


def out_by(day: date, days: list[date]) -> int:
    """Return how far a day is outside, negative before the first day, positive after the last."""
    if day < days[0]:
        return -len(every_day(day, days[0])) + 1
    return len(every_day(days[-1], day)) - 1 if day > days[-1] else 0


class Referee:
    """All that design 7 says of one subject on one day, by one version of a protocol or by several."""

    def __init__(self, plans: list[Plan], as_of: date, since: Mapping[str, date | None] | None = None) -> None:
        """Take the plans by each version, the day, and from when each version is in force."""
        self.plans = plans
        self.as_of = as_of
        self.since = since or {plan.protocol.version: None for plan in plans}
        self.subject = plans[0].subject
        self.ended = self.subject.ended
        self.records: dict[str, list[VisitRecord]] = {}
        for record in self.subject.records:
            self.records.setdefault(record.visit, []).append(record)
        self.plan = self.in_force_on(as_of)
        # Each visit of the version of today, then those that were attended under another that has them
        self.rows: dict[str, PlannedVisit] = {}
        self.by: dict[str, Plan] = {}
        codes = [row.code for plan in (self.plan, *self.in_order()) for row in plan]
        for code in dict.fromkeys(codes):
            judged = self.judged(code)
            plan = self.on_the_day_of(judged) if judged else self.plan
            plan = plan if code in plan else self.plan
            if code not in plan:  # a second record may be of another day; the first version in force then
                then = [self.on_the_day_of(r) for r in self.of(code) if r.attended is not None]
                plan = next((p for p in self.in_order() if code in p and any(p is one for one in then)), plan)
            if code in plan:
                self.rows[code], self.by[code] = plan[code], plan

    # The versions

    def in_order(self) -> list[Plan]:
        """Return the plans in the order in which their versions came into force."""
        return sorted(self.plans, key=lambda plan: self.since[plan.protocol.version] or date.min)

    def in_force_on(self, day: date) -> Plan:
        """Return the plan by the latest version in force on or before a day; before the first one, the first."""
        chosen = self.in_order()[0]
        for plan in self.in_order():
            if (self.since[plan.protocol.version] or date.min) <= day:
                chosen = plan
        return chosen

    def on_the_day_of(self, record: VisitRecord) -> Plan:
        """Return the plan by the version of the attended day; where that is not certain or there is none, of today."""
        if record.attended is None:
            return self.plan
        plans = [self.in_force_on(day) for day in could_be(record.attended)]
        return plans[0] if all(plan is plans[0] for plan in plans) else self.plan

    def version(self, code: str) -> str:
        """Return the version that judges a visit."""
        return self.by[code].protocol.version

    # The facts of one visit

    def of(self, code: str) -> list[VisitRecord]:
        """Return the records of a code."""
        return self.records.get(code, [])

    def judged(self, code: str) -> VisitRecord | None:
        """Return the earliest attended record that was not withheld, else the earliest withheld; None if none."""
        came = [r for r in self.of(code) if r.attended is not None]
        came = [r for r in came if r.outcome is None] or came
        if not came:
            return None
        # A partly known date is before a whole one only when all of it is.
        first = min(could_be(r.attended)[-1] for r in came if r.attended is not None)
        same = [r for r in came if r.attended is not None and could_be(r.attended)[-1] == first]
        same = [r for r in same if isinstance(r.attended, date)] or same
        record = next(plan[code].record for plan in self.plans if code in plan)
        assert record in same, "the plan's record judged"
        return record

    def open_booking(self, code: str) -> date | None:
        """Return the latest day booked for what has not been held."""
        if any(r.attended is not None and r.outcome is None for r in self.of(code)):
            return None
        days = [r.booked for r in self.of(code) if r.booked and r.attended is None and r.outcome is None]
        return max(days) if days else None

    def held(self, code: str) -> date | PartialDate | None:
        """Return when a visit was held, as far as known, its treatment given."""
        record = self.judged(code)
        return None if record is None or record.outcome is not None else record.attended

    # The visits

    def status(self, row: PlannedVisit) -> str:
        """Decide in the order of the text."""
        records, days = self.of(row.code), window_days(row)
        if any(r.attended is not None for r in records):
            return "done"
        others = [r for r in records if r.outcome is None and r.booked is not None]
        if any(r.outcome == "missed" for r in records) and not others:
            return "missed"
        closes = days[-1] if days else row.target
        if self.ended is not None and self.ended <= self.as_of and closes > self.ended:
            return "not-expected"
        if not days:
            return "upcoming" if self.as_of < row.target else "due"
        if self.as_of < days[0]:
            return "upcoming"
        if self.as_of > days[-1]:
            return "lapsed"
        if self.as_of <= row.target or any(r.booked >= self.as_of for r in others if r.booked):
            return "due"
        return "overdue"

    def visit(self, row: PlannedVisit) -> Judged:
        """Return what is said of one visit."""
        status, record, days = self.status(row), self.judged(row.code), window_days(row)
        if record is None or record.attended is None:
            return Judged(row.code, status, None, None, None, None, self.version(row.code))
        target = (record.attended - row.target).days if isinstance(record.attended, date) else None
        if not days:
            return Judged(row.code, status, None, None, None, target, self.version(row.code))
        possible = could_be(record.attended)
        inside = [day for day in possible if day in days]
        if len(inside) == len(possible):
            return Judged(row.code, status, "in", None, 0, target, self.version(row.code))
        if not inside:
            least = min((out_by(day, days) for day in possible), key=abs)
            return Judged(row.code, status, "out", None, least, target, self.version(row.code))
        return Judged(row.code, status, "undecided", (inside[0], inside[-1]), None, target, self.version(row.code))

    # The findings

    def findings(self) -> list[Fact]:
        """Return every finding in order: the visits of the protocol, then the codes that it has not."""
        found = {fact for row in self.rows.values() for fact in self.of_visit(row)}
        # One finding for a visit, kind, other and date: of a visit attended and booked on a day that attended tells it.
        attended_last = sorted(self.subject.records, key=lambda record: record.attended is not None)
        facts = [fact for record in attended_last for fact in self.of_record(record)]
        found |= set({(fact.visit, fact.kind, fact.other, fact.date): fact for fact in facts}.values())
        codes = [*self.rows, *sorted({fact.visit for fact in found} - set(self.rows))]

        def place(fact: Fact) -> tuple[int, int, date, str, int]:
            day = could_be(fact.date)[0] if fact.date else date.min
            other = codes.index(fact.other) if fact.other else -1
            return (codes.index(fact.visit), ORDER.index(fact.kind), day, str(fact.date), other)

        return sorted(found, key=place)

    def of_visit(self, row: PlannedVisit) -> Iterator[Fact]:
        """Go down the table for one planned visit."""
        code, version = row.code, self.version(row.code)
        said, record = self.visit(row), self.judged(row.code)
        day = record.attended if record else None
        if said.days_out:
            kind = "early" if said.days_out < 0 else "late"
            level = "note" if row.window_basis == "assumed" else "deviation"
            yield Fact(kind, level, code, None, version, said.days_out, day)
        if said.status == "missed":
            yield Fact("missed", "deviation", code, None, version, None, None)
        if said.status == "lapsed":
            yield Fact("lapsed", "note", code, None, version, None, None)
        if record and record.mode and record.mode != row.visit.mode:
            upgrade = row.visit.mode in ("phone", "video") and record.mode in ("on-site", "home")
            kind, level = ("mode-upgrade", "note") if upgrade else ("wrong-mode", "deviation")
            yield Fact(kind, level, code, None, version, None, day)
        yield from self.too_close(code)
        yield from self.out_of_order(row)
        yield from self.in_other_window(row, said)
        held = [r.attended for r in self.of(code) if r.attended is not None and r.outcome is None]
        if len(held) > 1:
            second = sorted(held, key=lambda each: (could_be(each)[0], len(could_be(each))))[1]
            yield Fact("duplicate", "note", code, None, version, None, second)
        if row.window_basis == "empty":
            yield Fact("empty-window", "note", code, None, version, None, None)
        yield from self.booked_outside(row)

    def of_record(self, record: VisitRecord) -> Iterator[Fact]:
        """Go down the table for one record, of any code, by the version of its day, or that of its visit."""
        plan = self.on_the_day_of(record)
        judge = self.by.get(record.visit, plan) if record.visit not in plan else plan
        version = judge.protocol.version
        if record.outcome == "withheld":
            yield Fact("withheld", "note", record.visit, None, version, None, record.attended)
        known = record.visit in plan or (record.visit in self.rows and record.attended is None)
        if not known and not self.declared(record.visit, plan):
            day = record.attended or record.booked
            yield Fact("unknown-visit", "note", record.visit, None, plan.protocol.version, None, day)
        if record.attended is None:
            return
        for kind, limit in (("after-end", self.ended), ("in-the-future", self.as_of)):
            if limit is not None and could_be(record.attended)[0] > limit:
                yield Fact(kind, "note", record.visit, None, version, None, record.attended)

    def declared(self, code: str, plan: Plan) -> bool:
        """Return whether a code is one of the unscheduled, 'UNS*' standing for every ending, ignoring case."""
        for pattern in plan.protocol.unscheduled:
            if pattern.endswith("*") and code.lower().startswith(pattern[:-1].lower()):
                return True
            if pattern.lower() == code.lower():
                return True
        return False

    def missing(self, one: date | PartialDate, other: date | PartialDate, spacing: Spacing) -> int:
        """Return the days that two days surely lack to a spacing, counted from the earlier, whenever they were."""
        least = relativedelta(months=spacing.at_least.months, days=spacing.at_least.days)
        pairs = [(min(a, b), max(a, b)) for a in could_be(one) for b in (could_be(other)[0], could_be(other)[-1])]
        return max(0, min(((earlier + least) - later).days for earlier, later in pairs))

    def too_close(self, code: str) -> Iterator[Fact]:
        """Two held visits nearer than a spacing, told with the visit that the spacing leads to."""
        for spacing in self.by[code].protocol.spacings:
            if spacing.second != code or spacing.first not in self.rows:
                continue
            day, there = self.held(code), self.held(spacing.first)
            missing = self.missing(day, there, spacing) if day and there else 0
            if day and missing:
                level = "note" if spacing.assumed else "deviation"
                yield Fact("too-close", level, code, spacing.first, self.version(code), -missing, day)

    def out_of_order(self, row: PlannedVisit) -> Iterator[Fact]:
        """Attended (withheld or not) surely before an attended visit whose target is strictly earlier; the first."""
        mine = self.judged(row.code)
        for other in self.rows.values():
            theirs = self.judged(other.code)
            if mine is None or theirs is None or mine.attended is None or theirs.attended is None:
                continue
            if could_be(mine.attended)[-1] < could_be(theirs.attended)[0] and other.target < row.target:
                yield Fact("out-of-order", "note", row.code, other.code, self.version(row.code), None, mine.attended)
                return

    def in_other_window(self, row: PlannedVisit, said: Judged) -> Iterator[Fact]:
        """Attended outside of its own window and inside that of exactly one other visit."""
        record = self.judged(row.code)
        if said.verdict != "out" or record is None or record.attended is None:
            return
        days = set(could_be(record.attended))
        others = [other.code for other in self.rows.values() if other is not row and days & set(window_days(other))]
        if len(others) == 1 and days <= set(window_days(self.rows[others[0]])):
            day = record.attended
            yield Fact("in-other-window", "note", row.code, others[0], self.version(row.code), None, day)

    def booked_outside(self, row: PlannedVisit) -> Iterator[Fact]:
        """Find an open booking outside of its window, or nearer to a visit held or booked than a spacing."""
        booked, days = self.open_booking(row.code), window_days(row)
        if booked is None:
            return
        if days and booked not in days:
            out = out_by(booked, days)
            yield Fact("booked-outside", "note", row.code, None, self.version(row.code), out, booked)
        codes = list(self.rows)
        for spacing in self.by[row.code].protocol.spacings:
            if row.code not in (spacing.first, spacing.second):
                continue
            other = spacing.first if row.code == spacing.second else spacing.second
            if other not in self.rows:
                continue
            there = self.held(other)
            same = self.version(other) == self.version(row.code)
            if there is None and (not same or codes.index(other) < codes.index(row.code)):
                there = self.open_booking(other)  # of two bookings by one version the later row tells it
            missing = self.missing(booked, there, spacing) if there else 0
            if missing:
                yield Fact("booked-outside", "note", row.code, other, self.version(row.code), -missing, booked)

"""Design 7 once more, naively, by plain loops over days: an oracle of statuses, verdicts, findings, rates, worklists.

It shares no code with the library but the values of the facts: it reads a protocol's document, takes the dates from
the oracle of `reference.py`, and counts spacings with `relativedelta`. What a day could be is a list of days, a window
a list of days. Written from the text of the design, not from the code that it judges.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dateutil.relativedelta import relativedelta

from tests.properties.reference import Oracle, delta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trialsched.offsets import PartialDate
    from trialsched.plan import Plan
    from trialsched.subject import Subject, VisitRecord

ORDER = [
    *("early", "late", "missed", "withheld", "lapsed", "wrong-mode", "mode-upgrade", "too-close", "out-of-order"),
    *("in-other-window", "duplicate", "unknown-visit", "after-end", "in-the-future", "empty-window", "booked-outside"),
]
"""The table of design 7, from top to bottom."""


class Judged(NamedTuple):
    """What `check` says of one visit."""

    code: str
    dates: tuple[date, date | None, date | None, str]
    status: str
    verdict: str | None
    settled_by: tuple[date, date] | None
    days_out: int | None
    days_from_target: int | None
    version: str
    attended: date | PartialDate | None
    mode: str | None


class Fact(NamedTuple):
    """What `check` finds, without the sentence."""

    kind: str
    level: str
    visit: str
    other: str | None
    version: str
    days_out: int | None
    date: date | PartialDate | None


class Rate(NamedTuple):
    """How many visits were due, and what became of them."""

    due: int = 0
    in_window: int = 0
    undecided: int = 0
    done: int = 0
    withheld: int = 0
    missed: int = 0
    lapsed: int = 0


class Item(NamedTuple):
    """A visit that somebody has to do something about."""

    subject: str
    visit: str
    days_left: int | None


class Row(NamedTuple):
    """A planned visit by one version: its dates, and how it is planned to be done."""

    code: str
    target: date
    earliest: date | None
    latest: date | None
    basis: str
    mode: str

    @property
    def days(self) -> list[date]:
        """Each day of its window, none without one."""
        return every_day(self.earliest, self.latest) if self.earliest and self.latest else []

    @property
    def closes(self) -> date:
        """The last day of its window; without one its target."""
        return self.latest or self.target


class Spaced(NamedTuple):
    """A spacing of a protocol."""

    first: str
    second: str
    at_least: relativedelta
    assumed: bool


class Version:
    """A version of a protocol, and what is planned by it for a subject."""

    def __init__(self, document: Mapping[str, Any], subject: Subject, since: date | None = None) -> None:
        """Read the document."""
        self.name: str = document["version"]
        self.since = since or date.min
        oracle = Oracle(dict(document), subject)
        self.rows = {row.code: Row(*row[:5], mode=oracle.rows[row.code]["mode"]) for row in oracle.plan()}
        self.unscheduled: list[str] = list(document.get("unscheduled", ()))
        self.spacings = [
            Spaced(each["from"], each["to"], delta(each["at_least"]), each.get("assumed", False))
            for each in document.get("spacing", ())
        ]

    def declares(self, code: str) -> bool:
        """Return whether a code is one of the unscheduled, 'UNS*' standing for every ending, ignoring case."""
        for pattern in self.unscheduled:
            if pattern.endswith("*") and code.lower().startswith(pattern[:-1].lower()):
                return True
            if pattern.lower() == code.lower():
                return True
        return False


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


def out_by(day: date, days: list[date]) -> int:
    """Return how far a day is outside, negative before the first day, positive after the last."""
    if day < days[0]:
        return -len(every_day(day, days[0])) + 1
    return len(every_day(days[-1], day)) - 1 if day > days[-1] else 0


class Referee:
    """All that design 7 says of one subject on one day, by one version of a protocol or by several."""

    def __init__(self, versions: Iterable[Version], subject: Subject, as_of: date) -> None:
        """Take the versions, the subject and the day."""
        self.versions = sorted(versions, key=lambda version: version.since)
        self.as_of = as_of
        self.subject = subject
        self.ended = subject.ended
        self.records: dict[str, list[VisitRecord]] = {}
        for record in subject.records:
            self.records.setdefault(record.visit, []).append(record)
        self.today = self.in_force_on(as_of)
        # Each visit of the version of today, then those that were attended under another that has them
        self.rows: dict[str, Row] = {}
        self.by: dict[str, Version] = {}
        codes = [code for version in (self.today, *self.versions) for code in version.rows]
        for code in dict.fromkeys(codes):
            version = self.judge_of(code)
            if version is not None:
                self.rows[code], self.by[code] = version.rows[code], version
        self.visits = {code: self.visit(row) for code, row in self.rows.items()}

    @classmethod
    def of(cls, plans: list[Plan], as_of: date, since: Mapping[str, date | None] | None = None) -> Referee:
        """Return the referee of a subject's plans: of their documents and the subject, not of their rows."""
        subject = plans[0].subject
        since = since or {}
        documents = [plan.protocol.document() for plan in plans]
        versions = [Version(each, subject, since.get(each["version"])) for each in documents]
        return cls(versions, subject, as_of)

    # The versions

    def in_force_on(self, day: date) -> Version:
        """Return the latest version in force on or before a day; before the first one, the first."""
        chosen = self.versions[0]
        for version in self.versions:
            if version.since <= day:
                chosen = version
        return chosen

    def on_the_day_of(self, record: VisitRecord) -> Version:
        """Return the version of the attended day; where that is not certain or there is none, of today."""
        if record.attended is None:
            return self.today
        found = [self.in_force_on(day) for day in could_be(record.attended)]
        return found[0] if all(version is found[0] for version in found) else self.today

    def judge_of(self, code: str) -> Version | None:
        """Return the version that judges a visit; None when it is not planned."""
        came = self.earliest(code)
        version = self.on_the_day_of(came[0]) if came else self.today
        if code in version.rows:
            return version
        if code in self.today.rows:
            return self.today
        # a second record may be of another day; the first version in force then
        then = [self.on_the_day_of(record) for record in self.of_code(code) if record.attended is not None]
        for version in self.versions:
            if code in version.rows and any(version is one for one in then):
                return version
        return None

    # The facts of one visit

    def of_code(self, code: str) -> list[VisitRecord]:
        """Return the records of a code."""
        return self.records.get(code, [])

    def earliest(self, code: str) -> list[VisitRecord]:
        """Return the earliest attended records that were not withheld, else the earliest withheld: those of one day.

        A partly known date is before a whole one only when all of it is; of those that end together the shorter.
        """
        came = [record for record in self.of_code(code) if record.attended is not None]
        came = [record for record in came if record.outcome is None] or came
        could = [could_be(record.attended) for record in came if record.attended is not None]
        if not could:
            return []
        last = min(days[-1] for days in could)
        shortest = min(len(days) for days in could if days[-1] == last)
        return [r for r, days in zip(came, could, strict=True) if days[-1] == last and len(days) == shortest]

    def judged(self, code: str) -> VisitRecord | None:
        """Of several records of one day the one in the planned mode is judged, else the one given first."""
        came = self.earliest(code)
        if code in self.rows:
            for record in came:
                if record.mode == self.rows[code].mode:
                    return record
        return came[0] if came else None

    def open_booking(self, code: str) -> date | None:
        """Return the latest day booked for what has not been held."""
        if any(r.attended is not None and r.outcome is None for r in self.of_code(code)):
            return None
        days = [r.booked for r in self.of_code(code) if r.booked and r.attended is None and r.outcome is None]
        return max(days) if days else None

    def held(self, code: str) -> date | PartialDate | None:
        """Return when a visit was held, as far as known, its treatment given."""
        record = self.judged(code)
        return None if record is None or record.outcome is not None else record.attended

    # The visits

    def status(self, row: Row) -> str:
        """Decide in the order of the text."""
        records, days = self.of_code(row.code), row.days
        if any(r.attended is not None for r in records):
            return "done"
        if self.ended is not None and self.ended <= self.as_of and row.closes > self.ended:
            return "not-expected"
        others = [r for r in records if r.outcome is None and r.booked is not None]
        if any(r.outcome == "missed" for r in records) and not others:
            return "missed"
        if not days:
            return "upcoming" if self.as_of < row.target else "due"
        if self.as_of < days[0]:
            return "upcoming"
        if self.as_of > days[-1]:
            return "lapsed"
        later = max(days[0], row.target)
        if self.as_of <= later or any(r.booked >= self.as_of for r in others if r.booked):
            return "due"
        return "overdue"

    def visit(self, row: Row) -> Judged:
        """Return what is said of one visit."""
        status, record, days, version = self.status(row), self.judged(row.code), row.days, self.by[row.code].name
        dates = (row.target, row.earliest, row.latest, row.basis)
        if record is None or record.attended is None:
            return Judged(row.code, dates, status, None, None, None, None, version, None, None)
        day, mode = record.attended, record.mode
        target = (day - row.target).days if isinstance(day, date) else None
        verdict, settled, out = None, None, None
        possible = could_be(day)
        inside = [each for each in possible if each in days]
        if not days:
            pass
        elif len(inside) == len(possible):
            verdict, out = "in", 0
        elif inside:
            verdict, settled = "undecided", (inside[0], inside[-1])
        else:
            verdict, out = "out", min((out_by(each, days) for each in possible), key=abs)
        return Judged(row.code, dates, status, verdict, settled, out, target, version, day, mode)

    # The findings

    def findings(self) -> list[Fact]:
        """Return every finding in order: the visits of the protocol, then the codes that it has not."""
        found = {fact for row in self.rows.values() for fact in self.of_visit(row)}
        # One finding for a visit, kind, other and date: the deviation before the note, then that of most days.
        near: dict[tuple[object, ...], Fact] = {}
        for fact in self.spacings():
            before = near.get((fact.visit, fact.kind, fact.other, fact.date))
            grave = (fact.level == "deviation", abs(fact.days_out or 0))
            if before is None or grave > (before.level == "deviation", abs(before.days_out or 0)):
                near[fact.visit, fact.kind, fact.other, fact.date] = fact
        found |= set(near.values())
        # Of a visit attended and booked on a day that attended tells it.
        attended_last = sorted(self.subject.records, key=lambda record: record.attended is not None)
        facts = [fact for record in attended_last for fact in self.of_record(record)]
        found |= set({(fact.visit, fact.kind, fact.other, fact.date): fact for fact in facts}.values())
        codes = [*self.rows, *sorted({fact.visit for fact in found} - set(self.rows))]

        def place(fact: Fact) -> tuple[int, int, date, str, int]:
            day = could_be(fact.date)[0] if fact.date else date.min
            other = codes.index(fact.other) if fact.other else -1
            return (codes.index(fact.visit), ORDER.index(fact.kind), day, str(fact.date), other)

        return sorted(found, key=place)

    def of_visit(self, row: Row) -> Iterator[Fact]:
        """Go down the table for one planned visit."""
        code, said = row.code, self.visits[row.code]
        version, day = said.version, said.attended
        if said.days_out:
            kind = "early" if said.days_out < 0 else "late"
            level = "note" if row.basis == "assumed" else "deviation"
            yield Fact(kind, level, code, None, version, said.days_out, day)
        if said.status == "missed":
            yield Fact("missed", "deviation", code, None, version, None, None)
        if said.status == "lapsed":
            yield Fact("lapsed", "note", code, None, version, None, None)
        if said.mode and said.mode != row.mode:
            upgrade = row.mode in ("phone", "video") and said.mode in ("on-site", "home")
            kind, level = ("mode-upgrade", "note") if upgrade else ("wrong-mode", "deviation")
            yield Fact(kind, level, code, None, version, None, day)
        yield from self.out_of_order(row)
        yield from self.in_other_window(row, said)
        held = [r.attended for r in self.of_code(code) if r.attended is not None and r.outcome is None]
        if len(held) > 1:
            second = sorted(held, key=lambda each: (could_be(each)[0], len(could_be(each))))[1]
            yield Fact("duplicate", "note", code, None, version, None, second)
        if row.basis == "empty":
            yield Fact("empty-window", "note", code, None, version, None, None)
        booked = self.open_booking(code)
        if booked is not None and row.days and booked not in row.days:
            yield Fact("booked-outside", "note", code, None, version, out_by(booked, row.days), booked)

    def of_record(self, record: VisitRecord) -> Iterator[Fact]:
        """Go down the table for one record, of any code, by the version of its day, or that of its visit."""
        day_version = self.on_the_day_of(record)
        judge = day_version if record.visit in day_version.rows else self.by.get(record.visit, day_version)
        if record.outcome == "withheld":
            yield Fact("withheld", "note", record.visit, None, judge.name, None, record.attended)
        known = record.visit in day_version.rows or (record.visit in self.rows and record.attended is None)
        if not known and not day_version.declares(record.visit):
            day = record.attended or record.booked
            yield Fact("unknown-visit", "note", record.visit, None, day_version.name, None, day)
        if record.attended is None:
            return
        for kind, limit in (("after-end", self.ended), ("in-the-future", self.as_of)):
            if limit is not None and could_be(record.attended)[0] > limit:
                yield Fact(kind, "note", record.visit, None, judge.name, None, record.attended)

    def spacings(self) -> Iterator[Fact]:
        """Two visits held, or booked and not held, nearer than a spacing, told at the later one in time.

        By the version that judges that visit. On equal days it is the later one in protocol order.
        """
        codes = list(self.rows)
        for version in self.versions:
            for spacing in version.spacings:
                pair = []
                for code in (spacing.first, spacing.second):
                    day = self.held(code) or self.open_booking(code) if code in self.rows else None
                    if day is not None:
                        pair.append((could_be(day)[-1], codes.index(code), day))
                if len(pair) < 2:
                    continue
                (_, before, there), (_, after, day) = sorted(pair, key=lambda each: each[:2])
                earlier, later = codes[before], codes[after]
                missing = self.missing(day, there, spacing)
                if missing <= 0 or self.by[later] is not version:
                    continue
                if self.held(earlier) and self.held(later):
                    kind, level = "too-close", "note" if spacing.assumed else "deviation"
                else:
                    kind, level = "booked-outside", "note"
                yield Fact(kind, level, later, earlier, version.name, -missing, day)

    def missing(self, one: date | PartialDate, other: date | PartialDate, spacing: Spaced) -> int:
        """Return the days that two days surely lack to a spacing, counted from the earlier, whenever they were."""
        least = spacing.at_least
        pairs = [(min(a, b), max(a, b)) for a in could_be(one) for b in (could_be(other)[0], could_be(other)[-1])]
        return max(0, min(((earlier + least) - later).days for earlier, later in pairs))

    def out_of_order(self, row: Row) -> Iterator[Fact]:
        """Attended (withheld or not) surely before an attended visit whose target is strictly earlier; the first."""
        mine = self.judged(row.code)
        for other in self.rows.values():
            theirs = self.judged(other.code)
            if mine is None or theirs is None or mine.attended is None or theirs.attended is None:
                continue
            if could_be(mine.attended)[-1] < could_be(theirs.attended)[0] and other.target < row.target:
                version = self.by[row.code].name
                yield Fact("out-of-order", "note", row.code, other.code, version, None, mine.attended)
                return

    def in_other_window(self, row: Row, said: Judged) -> Iterator[Fact]:
        """Attended outside of its own window and inside that of exactly one other visit."""
        if said.verdict != "out" or said.attended is None:
            return
        days = set(could_be(said.attended))
        others = [other for other in self.rows.values() if other is not row and days & set(other.days)]
        if len(others) == 1 and days <= set(others[0].days):
            version = self.by[row.code].name
            yield Fact("in-other-window", "note", row.code, others[0].code, version, None, said.attended)

    # What is next

    def work(self, first: date, last: date) -> list[tuple[tuple[int, bool, bool, int, date, int], Item]]:
        """Return what is to be done from a day to another, each with its place among those of other subjects."""
        found = []
        for place, row in enumerate(self.rows.values()):
            if self.belongs(row, first, last):
                left = None if row.latest is None else (row.latest - self.as_of).days
                lapsed = self.status(row) == "lapsed"
                mode = ("on-site", "phone", "video", "home").index(row.mode)
                key = (mode, lapsed, left is None, left or 0, row.target, place)
                found.append((key, Item(self.subject.code, row.code, left)))
        return found

    def belongs(self, row: Row, first: date, last: date) -> bool:
        """Go down the table of the page about the worklist."""
        status, booked, opens = self.status(row), self.open_booking(row.code), row.earliest or row.target
        if status in ("due", "overdue", "lapsed"):
            return True
        coming = booked is not None and (first <= booked <= last or booked < self.as_of)
        if status == "done":
            return coming
        if status == "upcoming":
            over = self.ended is not None and opens > self.ended and booked is None
            open_then = any(first <= day <= last for day in row.days or [row.target])
            return coming or (open_then and not over)
        if status == "not-expected":
            return booked is not None and booked >= self.as_of and self.ended is not None and booked > self.ended
        return False


# Of several subjects


def rates(referees: Iterable[Referee], basis: str) -> dict[str | None, Rate]:
    """Return the counts of windows of one basis by visit, of all visits under None.

    Due is a visit with a window that is done, or whose last day is past; never one that is not expected.
    """
    found: dict[str | None, Rate] = {None: Rate()}
    for referee in referees:
        for code, said in referee.visits.items():
            _, _, latest, window_basis = said.dates
            if window_basis != basis:
                continue
            found.setdefault(code, Rate())
            past = latest is not None and latest < referee.as_of
            if said.status == "not-expected" or not (past or said.status == "done"):
                continue
            record = referee.judged(code)
            one = Rate(
                1,
                int(said.verdict == "in"),
                int(said.verdict == "undecided"),
                int(said.status == "done"),
                int(record is not None and record.outcome == "withheld"),
                int(said.status == "missed"),
                int(said.status == "lapsed"),
            )
            for key in (None, code):
                found[key] = Rate(*(a + b for a, b in zip(found[key], one, strict=True)))
    return found


def work(referees: Iterable[Referee], first: date, last: date) -> list[Item]:
    """Return the worklist of several subjects: by place, lapsed ones last, days left, then target."""
    keyed = []
    for number, referee in enumerate(referees):
        keyed += [((*key[:5], number, key[5]), item) for key, item in referee.work(first, last)]
    return [item for _, item in sorted(keyed, key=lambda each: each[0])]

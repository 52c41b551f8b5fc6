"""A hunt for differences: random protocols and histories, judged by the library and by the oracles.

`python -m tests.properties.hunt SEED COUNT` looks at COUNT subjects and prints what differs; the same seed gives the
same subjects. Everything is drawn so that facts meet: dates on and next to the ends of windows, of the end of
participation and of each other, several records of a visit on one day, in the planned mode and in others. The oracles
read the document as it is drawn here, and are written from the text of the design.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.properties.reference_check import Fact, Item, Judged, Rate, Referee, Version, rates, work
from trialsched.adherence import Adherence, adherence
from trialsched.compliance import CheckedVisit, Report, check
from trialsched.errors import ProtocolError
from trialsched.formats import documents
from trialsched.offsets import PartialDate
from trialsched.plan import schedule
from trialsched.subject import Subject, VisitRecord
from trialsched.worklist import worklist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from trialsched.protocol import Mode, Protocol
    from trialsched.subject import BaselineStatus

_SUBJECTS = 5  # of one trial
_MODES: tuple[Mode, ...] = ("on-site", "phone", "video", "home")


class Trial(NamedTuple):
    """The versions of a protocol as they are written, as the library reads them, and from when each is in force."""

    written: list[dict[str, Any]]
    protocols: list[Protocol]
    since: dict[str, date]


class Found(NamedTuple):
    """What differs, a sentence each, and how often each situation came up."""

    differences: list[str]
    situations: Counter[str]


def hunt(seed: int, count: int) -> Found:
    """Return what differs between the library and the oracles for a number of random subjects."""
    differences: list[str] = []
    situations: Counter[str] = Counter()
    looked_at = number = 0
    while looked_at < count:
        number += 1
        draw = random.Random(f"{seed}/{number}")  # noqa: S311 - the same again is what is wanted
        trial = _trial(draw)
        if trial is None:
            continue
        subjects = [_subject(draw, trial, f"S{n}") for n in range(min(_SUBJECTS, count - looked_at))]
        looked_at += len(subjects)
        as_of = _day_of_report(draw, trial, subjects[0])
        case = Case(trial, subjects, as_of)
        situations.update(case.situations())
        differences += [f"seed {seed}, trial {number}: {words}" for words in case.differences(draw)]
    return Found(differences, situations)


class Case:
    """Some subjects of a trial on a day, as the library has them and as the oracles do."""

    def __init__(self, trial: Trial, subjects: list[Subject], as_of: date) -> None:
        """Ask both."""
        self.trial, self.subjects, self.as_of = trial, subjects, as_of
        self.reports = [self.report(subject) for subject in subjects]
        self.referees = [self.referee(subject) for subject in subjects]

    def report(self, subject: Subject) -> Report:
        """Return what the library says."""
        plans = [schedule(protocol, subject) for protocol in self.trial.protocols]
        return check(plans, self.as_of, in_force=self.trial.since)

    def referee(self, subject: Subject) -> Referee:
        """Return what the oracles say."""
        written, since = self.trial.written, self.trial.since
        return Referee([Version(each, subject, since.get(each["version"])) for each in written], subject, self.as_of)

    def differences(self, draw: Random) -> Iterator[str]:
        """Yield what differs, in words."""
        for report, referee in zip(self.reports, self.referees, strict=True):
            yield from self.of_subject(report, referee)
            other = self.report(_in_another_order(draw, referee))
            if told(other) != told(report):
                yield f"{self.told_of(report)}: the order of records changes the report"
        yield from self.of_all(draw)

    def of_subject(self, report: Report, referee: Referee) -> Iterator[str]:
        """Compare visits and findings of a subject."""
        visits = [judged(visit) for visit in report]
        if visits != list(referee.visits.values()):
            expected = referee.visits.values()
            pairs = [f"{a} expected {b}" for a, b in zip(visits, expected, strict=False) if a != b]
            yield f"{self.told_of(report)}: visits {pairs or [v.code for v in visits]}"
        facts = [Fact(*finding[:7]) for finding in report.findings]
        expected_facts = referee.findings()
        if facts != expected_facts:
            more = [fact for fact in facts if fact not in expected_facts]
            less = [fact for fact in expected_facts if fact not in facts]
            yield f"{self.told_of(report)}: findings too many {more}, missing {less}"

    def of_all(self, draw: Random) -> Iterator[str]:
        """Compare rates and the worklist of all subjects."""
        found = adherence(self.reports)
        for basis in ("protocol", "assumed"):
            expected = rates(self.referees, basis)
            if counted(found, basis) != expected:
                yield f"{self.as_of}: rates of {basis} {counted(found, basis)}, expected {expected}"
        first = self.as_of + timedelta(draw.choice((0, 0, 0, -7, 3)))
        last = first + timedelta(draw.choice((0, 6, 13, 60)))
        items = [Item(item.subject, item.visit.code, item.days_left) for item in worklist(self.reports, first, last)]
        if items != work(self.referees, first, last):
            yield f"{self.as_of}: worklist {first} to {last} {items}, expected {work(self.referees, first, last)}"

    def told_of(self, report: Report) -> str:
        """Say whose report it is, so that somebody can make it again."""
        return f"{self.as_of} {self.trial.since} {report.subject!r} {json.dumps(self.trial.written)}"

    def situations(self) -> Iterator[str]:
        """Name what came up."""
        for report, referee in zip(self.reports, self.referees, strict=True):
            yield from (finding.kind for finding in report.findings)
            for code, row in referee.rows.items():
                said, came = referee.visits[code], referee.earliest(code)
                yield from (said.status, said.verdict or "no verdict", f"by version {said.version}")
                modes = {record.mode for record in came}
                if len(came) > 1 and len(modes) > 1:
                    yield "one day, the planned mode" if row.mode in modes else "one day, other modes"
                missed = any(record.outcome == "missed" for record in referee.of_code(code))
                if missed and said.status == "not-expected":
                    yield "missed after the end"
                booked = referee.open_booking(code)
                if said.status == "not-expected" and booked is not None and booked >= self.as_of:
                    yield "booked after the end"
                if said.status == "due" and row.earliest and self.as_of == row.earliest > row.target:
                    yield "due after its target"
            for fact in referee.spacings():
                codes = list(referee.rows)
                order = "later" if codes.index(fact.visit) > codes.index(fact.other or "") else "earlier"
                yield f"{fact.kind} told at the {order} in the protocol"


def judged(visit: CheckedVisit) -> Judged:
    """Return what a checked visit says, as the oracle does."""
    settled = (visit.settled_by.earliest, visit.settled_by.latest) if visit.settled_by else None
    dates = (visit.target, visit.earliest, visit.latest, visit.window_basis)
    judgement = (visit.status, visit.verdict, settled, visit.days_out, visit.days_from_target)
    return Judged(visit.code, dates, *judgement, visit.version, visit.attended, visit.mode_actual)


def told(report: Report) -> tuple[object, ...]:
    """Return all that a report says, sentences too."""
    return ([judged(visit) for visit in report], report.findings)


def counted(found: Adherence, basis: str) -> dict[str | None, Rate]:
    """Return the rates of a basis, as the oracle does."""
    of = found.protocol if basis == "protocol" else found.assumed
    return {None: Rate(*of.overall), **{each.visit: Rate(*each.counts) for each in of.visits}}


def _in_another_order(draw: Random, referee: Referee) -> Subject:
    """Return the subject with records in another order, but for those that only their order tells apart."""
    records = list(referee.subject.records)

    def group(record: VisitRecord) -> tuple[object, ...]:
        row = referee.rows.get(record.visit)
        return (record.visit, record.attended, record.outcome, row is not None and record.mode == row.mode)

    of: dict[tuple[object, ...], list[VisitRecord]] = {}
    for record in records:
        of.setdefault(group(record), []).append(record)
    draw.shuffle(records)
    mixed = tuple(of[group(record)].pop(0) for record in records)
    old = referee.subject
    return Subject(old.code, old.baseline, old.arm, mixed, old.ended, baseline_status=old.baseline_status)


# What is drawn


def _trial(draw: Random) -> Trial | None:
    """Draw a protocol of one to three versions; None for one that is refused."""
    document = _document(draw)
    written = [document]
    for version in range(2, draw.choice((2, 2, 3, 4))):
        document = _amended(draw, document, str(version))
        written.append(document)
    try:
        protocols = [documents.loads(json.dumps(each), format="json") for each in written]
    except ProtocolError:
        return None
    start = date(2024, 1, 1)
    days = sorted(draw.sample(range(366), len(written)))
    since = {each["version"]: start + timedelta(day) for each, day in zip(written, days, strict=True)}
    return Trial(written, protocols, since if len(written) > 1 else {})


def _document(draw: Random) -> dict[str, Any]:
    """Draw a protocol as it is written; visits stand in any order."""
    visits: list[dict[str, Any]] = [{"code": "A0", "mode": draw.choice(_MODES), "window": _window(draw)}]
    for number in range(1, draw.randint(2, 6)):
        visits.append(_visit(draw, f"V{number}", visits))
    codes = [visit["code"] for visit in visits]
    if draw.random() < 0.2:
        every, times = f"{draw.randint(5, 20)} days", draw.randint(2, 3)
        repeat = {"every": every, "times": times, "from": draw.choice(("first", "previous"))}
        cycle = _visit(draw, "C{n}", visits)
        visits.append({**cycle, "repeat": {k: v for k, v in repeat.items() if v != "first"}})
        codes += [f"C{n}" for n in range(1, times + 1)]
    if draw.random() < 0.5:
        draw.shuffle(visits)
    spacings = []
    for _ in range(draw.choice((0, 1, 2, 3))):
        first, second = draw.sample(codes, 2)
        at_least = draw.choice((f"{draw.randint(1, 30)} days", f"{draw.randint(1, 30)} days", "1 month"))
        at_least = at_least.replace("1 days", "1 day") if at_least == "1 days" else at_least
        spacings.append({"from": first, "to": second, "at_least": at_least})
        if draw.random() < 0.4:
            spacings[-1]["assumed"] = True
    document = {"schema": "trialsched/protocol/1", "id": "hunt", "version": "1", "anchor": "A0", "visits": visits}
    return {**document, "spacing": spacings, "unscheduled": ["UNS*", "ET"]}


def _visit(draw: Random, code: str, others: list[dict[str, Any]]) -> dict[str, Any]:
    """Draw a visit that counts from one of the others, with or without a window and limits."""
    parent, side, days = draw.choice(others)["code"], draw.choice(("after", "before")), draw.randint(8, 40)
    offset = f"{days} days" if draw.random() < 0.8 else "1 month"
    visit = {"code": code, "mode": draw.choice(_MODES), "when": f"{offset} {side} {parent}"}
    if draw.random() < 0.1:
        visit["counts_from"] = "target"
    if draw.random() < 0.15:
        return visit
    visit[draw.choice(("window", "window", "assumed_window"))] = _window(draw)
    for limit in ("not_before", "not_after"):
        if draw.random() < 0.1:
            visit[limit] = (
                f"{draw.randint(2, 40)} days {draw.choice(('after', 'before'))} {draw.choice(others)['code']}"
            )
        elif draw.random() < 0.2:  # near the target, so that it cuts the window
            visit[limit] = f"{days + draw.randint(-6, 6)} days {side} {parent}"
    return visit


def _window(draw: Random) -> str:
    """Draw a window, even or lopsided."""
    before, after = draw.choice((0, 0, 2, 3, 5, 8)), draw.choice((0, 0, 2, 3, 5, 8))
    if before == after:
        return f"±{before} days"
    return f"-{before}/+{after} days" if draw.random() < 0.95 else "±1 month"


def _amended(draw: Random, document: dict[str, Any], version: str) -> dict[str, Any]:
    """Draw an amendment: other windows and modes, a visit more or less, other spacings."""
    visits = [dict(visit) for visit in document["visits"]]
    for visit in visits:
        if draw.random() < 0.4:
            visit["mode"] = draw.choice(_MODES)
        if "window" in visit and draw.random() < 0.4:
            visit["window"] = _window(draw)
    if draw.random() < 0.5:
        others = [visit for visit in visits if "{n}" not in visit["code"]]
        visits.append(_visit(draw, f"N{version}", others))
    gone = draw.choice(visits)
    named = json.dumps([[v for v in visits if v is not gone], document["spacing"]])
    if gone["code"] not in named and gone["code"] != "A0" and "{n}" not in gone["code"]:
        visits.remove(gone)
    spacing = [each for each in document["spacing"] if draw.random() < 0.7]
    return {**document, "version": version, "visits": visits, "spacing": spacing}


def _subject(draw: Random, trial: Trial, code: str) -> Subject:
    """Draw a person whose facts lie near the windows, near each other and near the days of amendments."""
    baseline = date(2024, 1, 1) + timedelta(draw.randint(0, 365))
    protocol = draw.choice(trial.protocols)
    rows = schedule(protocol, Subject(code, baseline)).rows
    near = [day for row in rows for day in (row.target, row.earliest, row.latest) if day is not None]
    near += trial.since.values()
    records: list[VisitRecord] = []
    for _ in range(draw.randint(0, 9)):
        visit = draw.choice(rows).code if draw.random() < 0.93 else draw.choice(("UNS1", "et", "v1", "X"))
        day = _some_day(draw, near)
        if records and draw.random() < 0.4:
            before = draw.choice(records)
            visit = before.visit
            if isinstance(before.attended, date) and draw.random() < 0.6:
                day = before.attended
        records.append(_record(draw, visit, day))
        happened = records[-1].attended or records[-1].booked
        if isinstance(happened, date):
            near += [happened] * 2
    ended = _some_day(draw, near) if draw.random() < 0.4 else None
    if ended is not None and draw.random() < 0.3:
        records.append(VisitRecord(draw.choice(rows).code, booked=ended + timedelta(draw.randint(0, 20))))
    status: BaselineStatus = draw.choice(("planned", "provisional"))
    return Subject(code, baseline, None, tuple(records), ended, baseline_status=status)


def _some_day(draw: Random, near: list[date]) -> date:
    shift = draw.choice((0, 0, 0, -1, 1, -1, 1, draw.randint(-30, 30)))
    return draw.choice(near) + timedelta(shift)


def _record(draw: Random, visit: str, day: date) -> VisitRecord:
    """Draw what was recorded of a visit."""
    kind = draw.choice(("held", "held", "held", "booked", "booked", "missed", "missed", "withheld", "empty"))
    mode = draw.choice((None, None, *_MODES))
    if kind == "empty":
        return VisitRecord(visit)
    if kind == "booked":
        return VisitRecord(visit, booked=day)
    if kind == "missed":
        return VisitRecord(visit, booked=day if draw.random() < 0.3 else None, outcome="missed")
    happened: date | PartialDate = day
    if draw.random() < 0.12:
        happened = PartialDate(day.year, draw.choice((day.month, day.month, None)))
    booked = day if draw.random() < 0.3 else None
    return VisitRecord(visit, booked, None, happened, mode, "withheld" if kind == "withheld" else None)


def _day_of_report(draw: Random, trial: Trial, subject: Subject) -> date:
    """Draw the day on which all is looked at: the end of participation, the first day of a window after its target."""
    rows = schedule(trial.protocols[-1], subject).rows
    near = [day for row in rows for day in (row.target, row.earliest, row.latest) if day is not None]
    near += [record.booked for record in subject.records if record.booked is not None] * 2
    cut = [row.earliest for row in rows if row.earliest is not None and row.earliest > row.target]
    if cut and draw.random() < 0.5:
        return draw.choice(cut)
    if subject.ended is not None and draw.random() < 0.5:
        return subject.ended + timedelta(draw.choice((-1, 0, 1, 30)))
    return _some_day(draw, near)


def main(words: list[str]) -> int:
    """Hunt, print what differs, and return 1 when anything does."""
    seed, count = map(int, words)
    found = hunt(seed, count)
    lines = [*found.differences, *(f"{number} {name}" for name, number in sorted(found.situations.items()))]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return int(bool(found.differences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

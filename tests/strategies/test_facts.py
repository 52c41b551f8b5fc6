"""The strategies for facts: whatever they promise can be drawn, and nothing else is."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import trialsched as ts
from trialsched import strategies
from trialsched.compliance import STATUSES
from trialsched.protocol import MODES

MARCH = date(2026, 3, 2)
ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
# Day 0 and a phone call after 10 days, ±3 days: two rows whose dates are easily reckoned.
SMALL = ts.Protocol(
    "small",
    "1",
    "V0",
    [
        ts.Visit("V0", "on-site", ts.Timing(window=ts.Window.parse("±1 day"))),
        ts.Visit("V1", "phone", ts.Timing(ts.When(ts.Offset(0, 10), "V0"), window=ts.Window.parse("±3 days"))),
    ],
    unscheduled=["UNS*"],
)


def days_of(value: date | ts.PartialDate) -> tuple[date, date]:
    """Return the first and the last day that a date could be."""
    return (value.days.earliest, value.days.latest) if isinstance(value, ts.PartialDate) else (value, value)


@given(st.data())
def test_bounds_of_subjects_and_plans_are_kept(data: st.DataObject) -> None:
    """Records, baselines and the protocol are what was asked for."""
    protocol = data.draw(strategies.protocols(max_visits=3))
    draw = data.draw(st.sampled_from((strategies.plans, strategies.histories)))
    plan = data.draw(draw(protocol=protocol, min_value=MARCH, max_value=MARCH, max_records=1))
    assert plan.baseline == MARCH
    assert len(plan.subject.records) <= 1
    assert plan.protocol is protocol
    subject = data.draw(strategies.subjects(min_value=MARCH, max_value=MARCH + timedelta(1), max_records=2))
    assert subject.baseline is not None
    assert MARCH <= subject.baseline <= MARCH + timedelta(1)
    assert len(subject.records) <= 2


@given(strategies.subjects(protocol=CYCLES))
def test_subjects_are_of_the_protocol(subject: ts.Subject) -> None:
    """Codes are the protocol's or foreign ones, the arm is one of its arms or none, dates are at most 600 days off."""
    assert subject.arm in {None, *CYCLES.arms}
    assert {record.visit for record in subject.records} <= {*CYCLES.codes, "UNS1", "FOREIGN"}
    assert subject.baseline is not None
    low, high = subject.baseline - timedelta(600), subject.baseline + timedelta(600)
    for record in subject.records:
        for day in (record.booked, record.attended):
            if day is not None:
                first, last = days_of(day)
                assert first <= high
                assert last >= low
    assert subject.ended is None or low <= subject.ended <= high


SUBJECTS: dict[str, Callable[[ts.Subject], object]] = {
    "no record": lambda s: not s.records,
    "as many records as may be": lambda s: len(s.records) == 5,
    "two records of one visit": lambda s: max(Counter(r.visit for r in s.records).values(), default=0) > 1,
    "an empty record": lambda s: any(r == ts.VisitRecord(r.visit) for r in s.records),
    "attended": lambda s: any(isinstance(r.attended, date) and r.outcome is None for r in s.records),
    "attended in a month": lambda s: any(
        isinstance(r.attended, ts.PartialDate) and r.attended.month for r in s.records
    ),
    "attended in a year": lambda s: any(
        isinstance(r.attended, ts.PartialDate) and r.attended.month is None for r in s.records
    ),
    "booked": lambda s: any(r.booked and r.attended is None and r.outcome is None for r in s.records),
    "booked at a time": lambda s: any(r.booked_time for r in s.records),
    "booked and attended": lambda s: any(r.booked and r.attended for r in s.records),
    "missed": lambda s: any(r.outcome == "missed" for r in s.records),
    "withheld": lambda s: any(r.outcome == "withheld" for r in s.records),
    "an unscheduled code": lambda s: any(r.visit == "UNS1" for r in s.records),
    "a foreign code": lambda s: any(r.visit == "FOREIGN" for r in s.records),
    "an end": lambda s: s.ended,
    "a reason of the end": lambda s: s.end_reason,
    "a provisional baseline": lambda s: s.baseline_status == "provisional",
    "a planned baseline": lambda s: s.baseline_status == "planned",
    "a code with blanks or signs": lambda s: not s.code.isascii(),
    "an arm": lambda s: s.arm,
    "no arm": lambda s: s.arm is None,
}


def test_every_kind_of_fact_about_a_subject_is_drawn() -> None:
    """Every outcome, partly known dates, bookings, ends and foreign codes."""
    drawn, modes = set[str](), set[str | None]()

    @settings(max_examples=400, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.subjects(protocol=CYCLES))
    def look(subject: ts.Subject) -> None:
        drawn.update(name for name, has in SUBJECTS.items() if has(subject))
        modes.update(record.mode for record in subject.records)

    look()
    assert drawn == set(SUBJECTS)
    assert modes == {None, *MODES}


@given(strategies.plans())
def test_defaults_stay_within_the_years_a_person_means(plan: ts.Plan) -> None:
    """With the defaults no drawn date leaves 1900 to 2199."""
    days = [day for row in plan for day in (row.target, row.earliest, row.latest, row.attended, row.booked)]
    assert all(1900 <= day.year <= 2199 for day in days if day is not None)


@given(strategies.histories(), st.data())
def test_histories_stay_within_the_years_a_person_means_too(plan: ts.Plan, data: st.DataObject) -> None:
    """With the defaults no date of a history, and no day on which it is looked at, leaves 1900 to 2199."""
    days: list[date | ts.PartialDate | None] = [plan.subject.ended, data.draw(strategies.as_of_days(plan))]
    for row in plan:
        days += [row.target, row.earliest, row.latest]
    for record in plan.subject.records:
        days += [record.booked, record.attended]
    for day in days:
        if day is not None:
            first, last = days_of(day)
            assert 1900 <= first.year <= last.year <= 2199


@pytest.mark.parametrize("draw", [strategies.plans, strategies.histories])
def test_plans_at_the_end_of_the_calendar(draw: Callable[..., st.SearchStrategy[ts.Plan]]) -> None:
    """Baselines that take a visit out of the calendar are passed over, those that do not are drawn."""
    last: set[date] = set()

    @settings(max_examples=30, database=None, derandomize=True, phases=[Phase.generate])
    @given(draw(protocol=ALSTEM, min_value=date(9998, 5, 20), max_value=date(9998, 6, 25), max_records=0))
    def look(plan: ts.Plan) -> None:
        last.add(plan["M18"].latest or date.min)

    look()
    # 18 months and 7 days: from 20 May 27 November; 24 June is the last that fits, with 31 December, 25 June is out.
    assert date(9999, 11, 27) <= min(last) <= max(last) <= date(9999, 12, 31)


@given(strategies.histories(protocol=SMALL, min_value=MARCH, max_value=MARCH))
def test_facts_of_a_history_lie_near_the_windows(plan: ts.Plan) -> None:
    """Every day is at most 45 days from a target or an end of a window, as they are without any facts."""
    bare = ts.schedule(SMALL, ts.Subject("S", MARCH))
    ends = [day for row in bare for day in (row.target, row.earliest, row.latest) if day is not None]
    assert (min(ends), max(ends)) == (date(2026, 3, 1), date(2026, 3, 15))
    low, high = date(2026, 1, 15), date(2026, 4, 29)  # 45 days before, 45 days after
    days = [day for r in plan.subject.records for day in (r.booked, r.attended) if day is not None]
    days += [plan.subject.ended] if plan.subject.ended else []
    for day in days:
        first, last = days_of(day)
        assert first <= high
        assert last >= low


def decides(plan: ts.Plan, shift: int) -> Callable[[ts.VisitRecord], bool]:
    """Return whether a record says that its visit was held so many days from the end of its window."""
    last = {"V0": date(2026, 3, 3), "V1": date(2026, 3, 15)}
    return lambda record: (
        plan.baseline == MARCH
        and record.outcome is None
        and record.visit in last
        and record.attended == last[record.visit] + timedelta(shift)
    )


HISTORIES: dict[str, Callable[[ts.Plan], object]] = {
    "no record": lambda p: not p.subject.records,
    "as many records as may be": lambda p: len(p.subject.records) == 10,
    "several records of one visit": lambda p: max(Counter(r.visit for r in p.subject.records).values(), default=0) > 2,
    "held on the last day": lambda p: any(map(decides(p, 0), p.subject.records)),
    "held the day after": lambda p: any(map(decides(p, 1), p.subject.records)),
    "held the day before": lambda p: any(map(decides(p, -1), p.subject.records)),
    "an empty record": lambda p: any(r == ts.VisitRecord(r.visit) for r in p.subject.records),
    "a month": lambda p: any(isinstance(r.attended, ts.PartialDate) and r.attended.month for r in p.subject.records),
    "a year": lambda p: any(
        isinstance(r.attended, ts.PartialDate) and r.attended.month is None for r in p.subject.records
    ),
    "booked": lambda p: any(r.booked and r.attended is None for r in p.subject.records),
    "booked at a time": lambda p: any(r.booked_time for r in p.subject.records),
    "booked and attended": lambda p: any(r.booked and r.attended for r in p.subject.records),
    "booked and missed": lambda p: any(r.booked and r.outcome == "missed" for r in p.subject.records),
    "missed": lambda p: any(r.outcome == "missed" for r in p.subject.records),
    "withheld": lambda p: any(r.outcome == "withheld" for r in p.subject.records),
    "unscheduled": lambda p: any(r.visit == "UNS1" for r in p.subject.records),
    "foreign": lambda p: any(r.visit == "FOREIGN" for r in p.subject.records),
    "a code in other case": lambda p: any(r.visit == "v1" for r in p.subject.records),
    "an end": lambda p: p.subject.ended,
    "no end": lambda p: p.subject.ended is None,
    "provisional": lambda p: p.subject.baseline_status == "provisional",
}


def test_every_kind_of_history_is_drawn() -> None:
    """Every outcome, partly known dates, bookings, foreign codes, and days beside the last of a window."""
    drawn: set[str] = set()

    @settings(max_examples=600, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.histories(protocol=SMALL, min_value=MARCH, max_value=MARCH))
    def look(plan: ts.Plan) -> None:
        drawn.update(name for name, has in HISTORIES.items() if has(plan))

    look()
    assert drawn == set(HISTORIES)


def test_every_status_and_verdict_is_drawn() -> None:
    """A law about `check` that is tested with histories of any protocol is tested with all that it can say."""
    statuses, verdicts, arms = set[str](), set[str | None](), set[str | None]()

    @settings(max_examples=400, database=None, derandomize=True, phases=[Phase.generate])
    @given(st.data())
    def look(data: st.DataObject) -> None:
        plan = data.draw(strategies.histories())
        report = ts.check(plan, data.draw(strategies.as_of_days(plan)))
        statuses.update(visit.status for visit in report.visits)
        verdicts.update(visit.verdict for visit in report.visits)
        arms.add(plan.subject.arm)

    look()
    assert statuses == set(STATUSES)
    assert verdicts == {None, "in", "out", "undecided"}
    assert {None, "ARM0", "ARM1"} <= arms


def test_days_on_which_a_plan_is_looked_at_are_near_days_that_decide() -> None:
    """Targets, ends of windows, bookings, attended days and the end, the days beside them, and 100 days at most."""
    # The call counts from the attended day 0: target 13, window 10 to 16 March.
    plan = ts.schedule(
        SMALL,
        ts.Subject("S", MARCH, ended=date(2026, 5, 1))
        .attended("V0", date(2026, 3, 3))
        .booked("V1", date(2026, 3, 20))
        .with_record(ts.VisitRecord("UNS1", attended=ts.PartialDate(2026, 4))),
    )
    deciding = {date(2026, 3, day) for day in (1, 2, 3, 10, 13, 16, 20)}
    deciding |= {date(2026, 4, 1), date(2026, 4, 30), date(2026, 5, 1)}
    drawn: set[date] = set()

    @settings(max_examples=1500, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.as_of_days(plan))
    def look(day: date) -> None:
        drawn.add(day)

    look()
    assert date(2026, 3, 1) - timedelta(100) <= min(drawn) <= max(drawn) <= date(2026, 5, 1) + timedelta(100)
    assert {day + timedelta(shift) for day in deciding for shift in (-1, 0, 1)} <= drawn


CLINICS: dict[str, Callable[[ts.Clinic], object]] = {
    "no summer time": lambda c: c.zone == "UTC",
    "summer time": lambda c: c.zone == "Europe/Warsaw",
    "a language": lambda c: c.language == "pl",
    "no language": lambda c: c.language is None,
    "a name": lambda c: c.contact.name,
    "no name": lambda c: c.contact.name is None,
    "an address of lines": lambda c: "\n" in (c.contact.address or ""),
    "no address": lambda c: c.contact.address is None,
    "a place": lambda c: c.contact.geo,
    "a phone": lambda c: c.contact.phone,
    "no phone": lambda c: c.contact.phone is None,
    "how long a mode takes": lambda c: "phone" in c.durations,
    "how long a visit takes": lambda c: "V1" in c.durations,
    "how long a cycle takes": lambda c: "C1_{n}" in c.durations,
    "no durations": lambda c: not c.durations,
}


def test_every_part_of_a_clinic_is_drawn() -> None:
    """Any part of a contact may be there or not; durations are of modes, visits and cycles, at most a day."""
    drawn: set[str] = set()

    @settings(max_examples=300, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.clinics())
    def look(clinic: ts.Clinic) -> None:
        assert all(timedelta(minutes=1) <= length <= timedelta(days=1) for length in clinic.durations.values())
        drawn.update(name for name, has in CLINICS.items() if has(clinic))

    look()
    assert drawn == set(CLINICS)


def told(subject: ts.Subject) -> list[ts.VisitRecord]:
    """Return the records that say anything."""
    return [record for record in subject.records if record != ts.VisitRecord(record.visit)]


def test_a_counterexample_shrinks_to_what_matters() -> None:
    """What breaks a law is shown with one record that says anything, on the simplest day, and nothing more."""
    same = settings(database=None, derandomize=True)
    some = strategies.subjects(max_records=3)
    subject = find(some, lambda s: any(r.outcome == "missed" for r in s.records), settings=same)
    assert told(subject) == [ts.VisitRecord("V0", outcome="missed")]
    assert (subject.ended, subject.baseline_status, subject.baseline) == (None, "planned", date(2000, 1, 1))
    plan = find(
        strategies.histories(protocol=SMALL, max_records=3),
        lambda plan: any(r.outcome == "withheld" for r in plan.subject.records),
        settings=same,
    )
    assert told(plan.subject) == [ts.VisitRecord("V0", attended=date(2000, 1, 1), outcome="withheld")]
    assert (plan.subject.ended, plan.baseline) == (None, date(2000, 1, 1))
    plan = find(strategies.plans(protocol=SMALL, max_records=3), lambda p: any(row.booked for row in p), settings=same)
    assert [(r.visit, r.booked, r.attended) for r in told(plan.subject)] == [("V0", date(2000, 1, 1), None)]


@pytest.mark.parametrize("make", [strategies.subjects, strategies.plans, strategies.histories])
@pytest.mark.parametrize(
    "bounds", [{"max_records": -1}, {"min_value": date(2026, 1, 2), "max_value": date(2026, 1, 1)}]
)
def test_bounds_that_leave_nothing_raise(make: Callable[..., object], bounds: dict[str, object]) -> None:
    """Raise rather than silently draw nothing, when the strategy is made and not only when it draws."""
    with pytest.raises(InvalidArgument):
        make(**bounds)

"""`schedule`, example by example; the laws are in `properties/`."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import trialsched as ts

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))


def test_the_example_of_the_design() -> None:
    """Baseline 2 March 2026: dose 2 on 1 April, window 25 March to 8 April (design 11)."""
    plan = ts.schedule(ALSTEM, SUBJECT)
    assert plan["DOSE2"].target == date(2026, 4, 1)
    assert plan["DOSE2"].window == ts.DateRange(date(2026, 3, 25), date(2026, 4, 8))


def test_reanchoring_moves_every_visit_that_counts_from_the_first_dose() -> None:
    """Attended two days late: doses and months count from that day, the first dose's own window stays (rule 4, 5)."""
    plan = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4)))
    assert plan["DOSE1"].target == date(2026, 3, 2)
    assert plan["DOSE1"].window == ts.DateRange(date(2026, 2, 23), date(2026, 3, 9))
    assert plan["DOSE2"].target == date(2026, 4, 3)
    assert plan["M06"].target == date(2026, 9, 4)
    assert plan["SCR1"].target == date(2025, 12, 4)
    assert (plan.day_zero, plan.day_zero_source) == (date(2026, 3, 4), "attended")
    assert plan.baseline == date(2026, 3, 2)


def test_moving_the_baseline_by_ten_days_can_move_month_three_by_eight() -> None:
    """Recompute, never shift (choice 8): 28 November 2025 gives 28 February, 8 December gives 8 March."""
    plans = [ts.schedule(ALSTEM, ts.Subject("S", baseline=day)) for day in (date(2025, 11, 28), date(2025, 12, 8))]
    assert [plan["M03"].target for plan in plans] == [date(2026, 2, 28), date(2026, 3, 8)]


def test_a_booked_date_is_the_reference_until_the_visit_is_attended() -> None:
    """Attended, else booked, else target (rule 4)."""
    booked = SUBJECT.booked("DOSE1", date(2026, 3, 5))
    plan = ts.schedule(ALSTEM, booked)
    assert (plan.day_zero, plan.day_zero_source) == (date(2026, 3, 5), "booked")
    assert plan["DOSE2"].target == date(2026, 4, 4)
    assert ts.schedule(ALSTEM, booked.attended("DOSE1", date(2026, 3, 4)))["DOSE2"].target == date(2026, 4, 3)


def test_dose_three_counts_from_day_zero_and_not_from_dose_two() -> None:
    """Choice 2: a late dose 2 moves nothing."""
    late = ts.schedule(ALSTEM, SUBJECT.attended("DOSE2", date(2026, 4, 14)))
    assert late["DOSE3"].target == date(2026, 5, 1)
    assert late["DOSE2"].target == date(2026, 4, 1)


def test_of_several_records_the_earliest_attended_or_latest_booked_decides() -> None:
    """The earliest whole attended date, else the latest booked one (rule 4)."""
    record = ts.VisitRecord
    subject = SUBJECT
    for day in (6, 4, 5):
        subject = subject.with_record(record("DOSE1", attended=date(2026, 3, day)))
    assert ts.schedule(ALSTEM, subject).day_zero == date(2026, 3, 4)
    subject = SUBJECT
    for day in (6, 8, 7):
        subject = subject.with_record(record("DOSE1", booked=date(2026, 3, day)))
    assert ts.schedule(ALSTEM, subject).day_zero == date(2026, 3, 8)


def test_a_withheld_dose_lends_no_reference() -> None:
    """The subject came on 2 March, was not treated, and is booked again for the 9th (rule 4)."""
    subject = SUBJECT.withheld("DOSE1", date(2026, 3, 2))
    assert ts.schedule(ALSTEM, subject).day_zero_source == "baseline"
    subject = subject.with_record(ts.VisitRecord("DOSE1", booked=date(2026, 3, 9)))
    plan = ts.schedule(ALSTEM, subject)
    assert (plan.day_zero, plan.day_zero_source) == (date(2026, 3, 9), "booked")


def test_a_partly_known_date_is_no_reference_and_is_noted() -> None:
    """`2026-03` counts nothing; the plan says so and its rows are provisional (rule 4)."""
    plan = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", ts.PartialDate(2026, 3)))
    assert plan.day_zero_source == "baseline"
    assert plan["DOSE2"].provisional
    assert not plan["DOSE1"].provisional
    assert len(plan.notes) == 1
    assert "2026-03 is only partly known" in plan.notes[0]


def test_a_date_that_would_leave_the_calendar_is_no_reference_and_is_noted() -> None:
    """31 December 9999 cannot be counted from: the booked date is taken, and the plan says so (rule 4)."""
    subject = SUBJECT.with_record(ts.VisitRecord("DOSE1", attended=date(9999, 12, 31), booked=date(2026, 3, 3)))
    plan = ts.schedule(ALSTEM, subject)
    assert (plan.day_zero, plan.day_zero_source) == (date(2026, 3, 3), "booked")
    assert len(plan.notes) == 1
    assert "9999-12-31" in plan.notes[0]


def test_chains_follow_what_happened() -> None:
    """A late infusion makes the next ones late; a fact about a cycle `from = "first"` moves its travellers alone."""
    on = ts.Subject("S", baseline=date(2026, 1, 1), arm="B").attended("INF1", date(2026, 1, 10))
    plan = ts.schedule(CYCLES, on)
    assert plan["INF1"].target == date(2026, 1, 8)
    assert plan["INF2"].target == date(2026, 2, 21)
    assert plan["INF3"].target == date(2026, 4, 4)
    assert plan["SAFE"].target == date(2026, 4, 18)
    first = ts.Subject("S", baseline=date(2026, 1, 1), arm="A").attended("C1D1", date(2026, 1, 10))
    plan = ts.schedule(CYCLES, first)
    assert plan["C2D1"].target == date(2026, 2, 5)
    assert plan["C1D8"].target == date(2026, 1, 17)
    assert plan["C2D8"].target == date(2026, 2, 12)


def test_counts_from_target_ignores_what_happened() -> None:
    """M07 of the synthetic protocol counts from the planned place of M06."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1)).attended("M06", date(2026, 7, 14))
    assert ts.schedule(CYCLES, subject)["M07"].target == date(2026, 7, 31)


def test_limits_follow_what_happened_and_may_leave_nothing() -> None:
    """SAFE ends 10 days before month 6 is held; held early, it leaves no day: basis `empty`, target unchanged."""
    base = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")
    plan = ts.schedule(CYCLES, base.booked("M06", date(2026, 4, 30)))
    assert plan["SAFE"].window == ts.DateRange(date(2026, 4, 13), date(2026, 4, 20))
    plan = ts.schedule(CYCLES, base.booked("M06", date(2026, 4, 22)))
    assert plan["SAFE"].window is None
    assert plan["SAFE"].window_basis == "empty"
    assert plan["SAFE"].target == date(2026, 4, 16)
    assert plan["SAFE"].earliest is None
    assert plan["SAFE"].latest is None


def test_foreign_records_are_kept() -> None:
    """Unknown, unscheduled and other arms' codes move nothing and are not lost."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="A")
    for code in ("UNS1", "WHAT", "INF1"):
        subject = subject.attended(code, date(2026, 1, 9))
    plan = ts.schedule(CYCLES, subject)
    assert [r.visit for r in plan.other_records] == ["UNS1", "WHAT", "INF1"]
    assert plan.rows == ts.schedule(CYCLES, ts.Subject("S", baseline=date(2026, 1, 1), arm="A")).rows


@pytest.mark.parametrize(
    ("fields", "where"), [({"baseline": None}, "baseline"), ({"arm": "C"}, "arm"), ({"arm": "a"}, "arm")]
)
def test_no_baseline_and_an_unknown_arm_are_errors(fields: dict[str, Any], where: str) -> None:
    """Design 4, rule 8: an error that says where."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.schedule(CYCLES, ts.Subject(**{"code": "S", "baseline": date(2026, 1, 1), **fields}))
    assert caught.value.where == where


def test_a_provisional_baseline_marks_every_row_but_what_is_attended_frees() -> None:
    """Rows that rest on a provisional baseline say so; those that count from an attended date do not."""
    subject = ts.Subject("S", baseline=date(2026, 3, 2), baseline_status="provisional")
    plan = ts.schedule(ALSTEM, subject)
    assert all(row.provisional for row in plan)
    freed = ts.schedule(ALSTEM, subject.attended("DOSE1", date(2026, 3, 4)))
    assert [row.code for row in freed if row.provisional] == ["DOSE1"]


def test_a_limit_from_something_provisional_makes_a_row_provisional() -> None:
    """A window cut by a date that is not fixed is not fixed."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="B").attended("M06", ts.PartialDate(2026, 7))
    plan = ts.schedule(CYCLES, subject)
    assert plan["SAFE"].provisional
    assert not plan["INF3"].provisional


def test_a_limit_holds_without_any_record() -> None:
    """Target 11 January, ±5 days is 6 to 16 January; not before 12 days after the 1st is from the 13th on."""
    timing = ts.Timing("10 days after D0", window="±5 days", not_before="12 days after D0")
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site"), ts.Visit("V1", "phone", timing)])
    row = ts.schedule(protocol, ts.Subject("S", baseline=date(2024, 1, 1)))["V1"]
    assert (row.target, str(row.window)) == (date(2024, 1, 11), "2024-01-13..2024-01-16")


def first_dose() -> ts.Protocol:
    """Return a trial that is placed from its randomisation and counted from its first dose."""
    visits = [
        ts.Visit("RAND", "on-site"),
        ts.Visit("DOSE1", "on-site", "3 days after RAND"),
        ts.Visit("W4", "on-site", "28 days after DOSE1"),
    ]
    return ts.Protocol("rf", "1", "RAND", visits, study_days_from="DOSE1")


RANDOMISED = ts.Subject("S1", baseline=date(2026, 1, 15))


@pytest.mark.parametrize(
    ("records", "one", "source", "days"),
    [
        # nothing known: DOSE1 on 18 January, W4 on 15 February
        ((), date(2026, 1, 18), "target", {"RAND": -3, "DOSE1": 1, "W4": 29}),
        # booked two days late: W4 is 28 days after that day; DOSE1 is day 1 by definition
        (
            [ts.VisitRecord("DOSE1", booked=date(2026, 1, 20))],
            date(2026, 1, 20),
            "booked",
            {"RAND": -5, "DOSE1": 1, "W4": 29},
        ),
        # attended beats booked; of two the earliest
        (
            [
                ts.VisitRecord("DOSE1", booked=date(2026, 1, 20), attended=date(2026, 1, 22)),
                ts.VisitRecord("DOSE1", attended=date(2026, 1, 19)),
            ],
            date(2026, 1, 19),
            "attended",
            {"RAND": -4, "DOSE1": 1, "W4": 29},
        ),
        # a partly known date is no reference, nor is what was missed or withheld
        ([ts.VisitRecord("DOSE1", attended=ts.PartialDate(2026, 1))], date(2026, 1, 18), "target", {"W4": 29}),
        (
            [ts.VisitRecord("DOSE1", attended=date(2026, 1, 19), outcome="withheld")],
            date(2026, 1, 18),
            "target",
            {"W4": 29},
        ),
        ([ts.VisitRecord("DOSE1", booked=date(2026, 1, 19), outcome="missed")], date(2026, 1, 18), "target", {}),
        # randomised a day late: the dose is planned a day later, the row of RAND keeps its target of 15 January
        ([ts.VisitRecord("RAND", attended=date(2026, 1, 16))], date(2026, 1, 19), "target", {"RAND": -4, "W4": 29}),
    ],
)
def test_study_days_count_from_the_visit_that_the_protocol_names(
    records: list[ts.VisitRecord], one: date, source: str, days: dict[str, int]
) -> None:
    """Study day 1 is the reference date of that visit (rule 4); protocol days count from day zero all the same."""
    plan = ts.schedule(first_dose(), replace(RANDOMISED, records=tuple(records)))
    assert (plan.study_day_one, plan.study_day_one_source) == (one, source)
    assert {code: plan[code].study_day for code in days} == days
    assert plan["RAND"].protocol_day == 0
    assert plan["W4"].protocol_day == (plan["W4"].target - plan.day_zero).days


def test_without_another_visit_study_day_1_is_day_zero() -> None:
    """The anchor's reference date, and where it comes from, when nothing else is named."""
    plan = ts.schedule(ALSTEM, SUBJECT)
    assert (plan.study_day_one, plan.study_day_one_source) == (date(2026, 3, 2), "baseline")
    plan = ts.schedule(ALSTEM, SUBJECT.attended("DOSE1", date(2026, 3, 4)))
    assert (plan.study_day_one, plan.study_day_one_source) == (date(2026, 3, 4), "attended")

"""The general path where a recorded date cannot be counted from."""

from datetime import date

import pytest

import trialsched as ts

CYCLES = ts.load_protocol("cycles")


def test_two_dates_that_leave_the_calendar_are_both_passed_over() -> None:
    """Each is noted; what remains decides."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="B")
    subject = subject.with_record(ts.VisitRecord("INF1", attended=date(9999, 12, 30)))
    subject = subject.with_record(ts.VisitRecord("INF2", booked=date(9999, 12, 31)))
    plan = ts.schedule(CYCLES, subject)
    assert plan["INF2"].target == date(2026, 2, 19)
    assert plan["INF3"].target == date(2026, 4, 2)
    assert [note.partition(":")[0] for note in plan.notes] == ["INF1", "INF2"]


def test_a_limit_that_leaves_the_calendar_blames_its_own_reference() -> None:
    """A recorded date that a limit cannot be counted from is no reference either."""
    visits = [
        ts.Visit("D0", "on-site"),
        ts.Visit("V1", "phone", "1 day after D0"),
        ts.Visit("V2", "phone", ts.Timing("9 days after D0", window="±3 days", not_before="2 days after V1")),
    ]
    protocol = ts.Protocol("demo", "1", "D0", visits)
    subject = ts.Subject("S", baseline=date(2026, 1, 1)).attended("V1", date(9999, 12, 31))
    plan = ts.schedule(protocol, subject)
    assert plan["V2"].window == ts.DateRange(date(2026, 1, 7), date(2026, 1, 13))
    assert plan.notes[0].startswith("V1: 9999-12-31 would take a visit out of the years")


def test_a_baseline_that_leaves_the_calendar_is_an_error_even_with_records() -> None:
    """Records are never to blame for what the baseline does."""
    subject = ts.Subject("S", baseline=date(9999, 12, 1), arm="B").attended("UNS1", date(2026, 1, 1))
    with pytest.raises(ts.DateOutOfRangeError):
        ts.schedule(CYCLES, subject)


def test_a_window_that_leaves_the_calendar_is_an_error_that_names_the_visit() -> None:
    """The target is a date, the window's end is not."""
    protocol = ts.Protocol("demo", "1", "D0", [ts.Visit("D0", "on-site", ts.Timing(window="±3 days"))])
    assert ts.schedule(protocol, ts.Subject("S", baseline=date(9999, 12, 28)))["D0"].latest == date(9999, 12, 31)
    with pytest.raises(ts.DateOutOfRangeError) as caught:
        ts.schedule(protocol, ts.Subject("S", baseline=date(9999, 12, 29)))
    assert caught.value.where == "D0"


def test_a_booking_beside_a_partly_known_date_is_provisional() -> None:
    """The booking is the reference, but what happened in that month is not known (design 9)."""
    protocol = ts.load_protocol("alstem")
    subject = ts.Subject("S", baseline=date(2026, 3, 2)).booked("DOSE1", date(2026, 3, 5))
    plan = ts.schedule(protocol, subject.attended("DOSE1", ts.PartialDate(2026, 3)))
    assert (plan["DOSE2"].target, plan["DOSE2"].provisional) == (date(2026, 4, 4), True)
    assert not ts.schedule(protocol, subject)["DOSE2"].provisional


def test_a_withheld_visit_on_a_partly_known_date_needs_no_note() -> None:
    """It lends no reference however well its date is known."""
    subject = ts.Subject("S", baseline=date(2026, 3, 2)).withheld("DOSE1", ts.PartialDate(2026, 3))
    plan = ts.schedule(ts.load_protocol("alstem"), subject)
    assert plan.notes == ()
    assert not plan["DOSE2"].provisional

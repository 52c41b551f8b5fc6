"""The worklist: which visits are in it, in which order, and what it says to do."""

import random
import re
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.compliance import check
from trialsched.worklist import WorkItem, worklist

# With the baseline 2 March 2026, by hand: V1 27 February to 5 March; V2 12 March, 10 to 14; V3 24 March, 17 to 31;
# V4 11 April without window; H5 21 April, 20 to 22; W6 26 April, 26 only.
PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
        ts.Visit("V3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
        ts.Visit("V4", "video", ts.Timing("40 days after V1")),
        ts.Visit("H5", "home", ts.Timing("50 days after V1", window="±1 day")),
        ts.Visit("W6", "phone", ts.Timing("55 days after V1", window="±0 days")),
    ],
    spacings=[ts.Spacing("V1", "V2", "7 days")],
)
SUBJECT = ts.Subject("S1", baseline=date(2026, 3, 2))
CAME = SUBJECT.attended("V1", date(2026, 3, 2))


def day(text: str) -> date:
    """Return a day of 2026 from its month and day."""
    return date.fromisoformat(f"2026-{text}")


def items(subject: ts.Subject, as_of: str, first: str, last: str) -> list[WorkItem]:
    """Return the worklist of one subject."""
    return list(worklist(check(ts.schedule(PROTOCOL, subject), day(as_of)), day(first), day(last)))


def codes(subject: ts.Subject, as_of: str, first: str, last: str) -> list[str]:
    """Return the visits of the worklist of one subject."""
    return [item.visit.code for item in items(subject, as_of, first, last)]


def said(subject: ts.Subject, as_of: str, code: str, last: str = "12-31") -> str:
    """Return what is to be done next about a visit."""
    (step,) = [item.next_step for item in items(subject, as_of, as_of, last) if item.visit.code == code]
    return step


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("03-06", "03-09", []),  # the day before V2 opens
        ("03-06", "03-10", ["V2"]),  # its first day
        ("03-14", "03-16", ["V2"]),  # its last day
        ("03-15", "03-16", []),
        ("03-15", "03-17", ["V3"]),
        ("04-01", "04-10", []),  # V4 has no window: its target is the 11th
        ("04-11", "04-11", ["V4"]),
        ("04-12", "04-19", []),
        ("03-06", "12-31", ["V2", "V3", "W6", "V4", "H5"]),
    ],
)
def test_what_opens_in_the_period_is_in_the_list(first: str, last: str, found: list[str]) -> None:
    """A window with a day in the period, both ends included; without a window a target in it."""
    assert codes(CAME, "03-06", first, last) == found


def test_a_booking_in_the_period_brings_its_visit() -> None:
    """Also one outside of its window, which is what has to be seen."""
    assert codes(CAME.booked("V2", day("03-08")), "03-06", "03-06", "03-08") == ["V2"]
    assert codes(CAME.booked("V2", day("03-08")), "03-06", "03-06", "03-07") == []
    assert codes(CAME.booked("V4", day("03-08")), "03-06", "03-07", "03-08") == ["V4"]


def test_what_is_open_or_lapsed_is_always_in_the_list() -> None:
    """Whatever the period: it is to be done now, or to be asked."""
    assert codes(SUBJECT, "03-12", "12-01", "12-31") == ["V2", "V1"]
    assert codes(SUBJECT, "03-13", "12-01", "12-31") == ["V2", "V1"]  # overdue, one day past its target
    assert codes(SUBJECT, "03-13", "01-01", "01-02") == ["V2", "V1"]


def test_what_is_done_missed_or_not_expected_is_never_in_the_list() -> None:
    """Also in the middle of the window."""
    assert codes(CAME.missed("V2"), "03-12", "03-12", "03-12") == []
    assert codes(CAME.attended("V2", day("03-11")), "03-12", "03-12", "03-12") == []
    assert codes(CAME.withheld("V2", day("03-11")), "03-12", "03-12", "03-12") == []
    assert codes(replace(CAME, ended=day("03-11")), "03-12", "03-12", "12-31") == []


def test_a_withheld_visit_that_is_booked_again_is_in_the_list() -> None:
    """It counts as done, and there is an appointment: on its day, and after it until something is recorded."""
    first = CAME.withheld("V2", day("03-11"))
    again = first.booked("V2", day("03-13"), time(9, 5))
    assert said(again, "03-12", "V2") == "withheld 2026-03-11, booked for 2026-03-13 09:05: confirm"
    asked = "withheld 2026-03-11, was booked for 2026-03-13 09:05, nothing recorded: record what happened"
    assert said(again, "03-14", "V2") == asked
    late = first.booked("V2", day("03-15"))
    out = "1 day after its window 2026-03-10 to 2026-03-14 (±2 days around 2026-03-12): +1 day"
    assert said(late, "03-12", "V2") == f"withheld 2026-03-11, booked for 2026-03-15, {out}: move it"
    assert codes(again, "03-12", "03-12", "03-12") == []
    assert codes(again, "03-13", "03-14", "03-14") == []
    assert codes(first.with_record(ts.VisitRecord("V2", attended=day("03-13"))), "03-14", "03-13", "03-14") == []


def test_nobody_is_asked_to_book_a_day_after_the_end_of_participation() -> None:
    """What was due before it is asked, a booking after it is to be cancelled; the last day itself is no such day."""
    left = replace(CAME, ended=day("04-15"), end_reason="withdrawn")
    past = "no window: target 2026-04-11 is past, nothing booked: record what happened"
    assert said(left, "04-15", "V4") == f"{past}, or book a day, 2026-04-15 at the latest"
    assert said(left, "04-16", "V4") == past
    booked = left.booked("V4", day("04-15"))
    assert said(booked, "04-15", "V4") == "booked for 2026-04-15: confirm"
    assert said(booked, "04-16", "V4") == "was booked for 2026-04-15, nothing recorded: record what happened"
    after = "booked for 2026-04-16 08:30, after the end of participation on 2026-04-15: cancel it"
    later = left.booked("V4", day("04-16"), time(8, 30))
    assert said(later, "04-15", "V4") == f"{after}, and record what happened"
    assert said(later, "04-14", "V4") == f"{after}, and book a day, 2026-04-15 at the latest"
    lapsed = left.booked("V2", day("04-16"), time(8, 30))
    assert said(lapsed, "04-15", "V2") == f"lapsed: window closed 2026-03-14, {after}, and record what happened"
    again = left.withheld("V2", day("03-11")).booked("V2", day("04-16"), time(8, 30))
    assert said(again, "04-15", "V2") == f"withheld 2026-03-11, {after}"
    asked = "was booked for 2026-03-11, nothing recorded: record what happened, or book a day on 2026-03-14"
    assert said(replace(CAME.booked("V2", day("03-11")), ended=day("03-14")), "03-14", "V2") == asked


def test_an_appointment_of_somebody_who_left_is_in_the_list() -> None:
    """The visit is not expected any more, and the room is still taken; one that is past takes none."""
    left = replace(CAME, ended=day("03-09"), end_reason="withdrawn").booked("V2", day("03-12"))
    said_so = "booked for 2026-03-12, after the end of participation on 2026-03-09: cancel it"
    assert said(left, "03-09", "V2") == said(left, "03-12", "V2", "03-12") == said_so
    assert codes(left, "03-13", "03-13", "12-31") == []
    assert said(left, "03-08", "V2") == said_so  # the window opens after the end: no other day is left
    assert codes(replace(left, records=CAME.records), "03-09", "03-09", "12-31") == []


def test_no_day_after_the_end_of_participation_is_proposed() -> None:
    """The end is known before it comes; a visit that opens after it is not in the list, if nothing is booked."""
    leaves = replace(CAME, ended=day("03-12"), end_reason="completed")
    assert said(leaves, "03-06", "V2") == "book a day from 2026-03-10 to 2026-03-12"
    assert said(leaves, "03-11", "V2") == "book a day from 2026-03-11 to 2026-03-12"
    assert codes(leaves, "03-12", "03-12", "12-31") == []  # on the day itself it is not expected any more
    assert codes(leaves, "03-06", "03-06", "12-31") == ["V2"]
    first_day = replace(CAME, ended=day("03-10"))  # V2 opens on the last day of participation: it is one
    assert said(first_day, "03-06", "V2") == "book a day on 2026-03-10"
    assert said(first_day.booked("V2", day("03-12")), "03-06", "V2") == (
        "booked for 2026-03-12, after the end of participation on 2026-03-10: cancel it, and book a day on 2026-03-10"
    )
    early = replace(CAME.booked("V3", day("03-05")), ended=day("03-16"))  # V3 opens on the 17th
    assert said(early, "03-06", "V3") == (
        "was booked for 2026-03-05, nothing recorded: record what happened, or no day is left: "
        "participation ends on 2026-03-16"
    )


SPACED = ts.Protocol(
    "spaced",
    "1",
    "D0",
    [
        ts.Visit("S", "on-site", ts.Timing("30 days before D0")),
        ts.Visit("D0", "on-site", ts.Timing(window="±7 days")),
        ts.Visit("C", "phone", ts.Timing("1 month after D0")),
    ],
    spacings=[ts.Spacing("S", "D0", "42 days"), ts.Spacing("D0", "C", "3 days", assumed=True)],
)
NEW = ts.Subject("S1", baseline=date(2026, 3, 2))


def proposed(subject: ts.Subject, as_of: str, code: str = "D0") -> str:
    """Return what is to be done next about a visit of the spaced protocol."""
    report = check(ts.schedule(SPACED, subject), day(as_of))
    (step,) = [item.next_step for item in worklist(report, day(as_of), day("12-31")) if item.visit.code == code]
    return step


def test_days_that_are_proposed_keep_the_spacings() -> None:
    """D0's window is 23 February to 9 March. 42 days after 20 January is 3 March, after 3 February 17 March."""
    assert proposed(NEW, "02-20") == "book a day from 2026-02-23 to 2026-03-09"
    screened = NEW.attended("S", day("01-20"))
    assert proposed(screened, "02-20") == "book a day from 2026-03-03 to 2026-03-09"
    assert proposed(NEW.booked("S", day("01-20")), "01-19") == "book a day from 2026-03-03 to 2026-03-09"
    assert proposed(NEW.withheld("S", day("01-20")), "02-20") == "book a day from 2026-02-23 to 2026-03-09"
    on_this_day = "overdue: window closes on this day, nothing booked: book a day on 2026-03-09"
    assert proposed(screened, "03-09") == on_this_day
    late = "no day that is left keeps the spacing of at least 42 days to S (2026-02-03): ask"
    assert proposed(NEW.attended("S", day("02-03")), "02-20") == late


def test_days_that_are_proposed_keep_the_spacings_to_a_partly_known_date() -> None:
    """Whenever it was: 42 days after 31 January are 14 March, which is too late; after 2025 they are 11 February."""
    january = NEW.attended("S", ts.PartialDate(2026, 1))
    assert (
        proposed(january, "02-20")
        == "no day that is left surely keeps the spacing of at least 42 days to S (2026-01): ask"
    )
    year_before = NEW.attended("S", ts.PartialDate(2025))
    assert proposed(year_before, "02-20") == "book a day from 2026-02-23 to 2026-03-09"


def test_days_on_both_sides_of_another_visit_are_proposed() -> None:
    """The call came early, on 2 March: three days from it are 27 February and 5 March."""
    called = NEW.attended("C", day("03-02"))
    assert proposed(called, "02-20") == ("book a day from 2026-02-23 to 2026-02-27 or from 2026-03-05 to 2026-03-09")
    assert proposed(called, "02-27") == "book a day on 2026-02-27 or from 2026-03-05 to 2026-03-09"


def test_a_spacing_is_told_of_a_visit_without_window() -> None:
    """No day is proposed there, and the rule is."""
    came = NEW.attended("D0", day("03-02"))
    assert proposed(came, "03-10", "C") == (
        "no window: target 2026-04-02: book a day that keeps the spacing of at least 3 days to D0 (2026-03-02)"
    )


def test_an_appointment_before_the_window_that_is_past_is_asked_for() -> None:
    """V3, 17 to 31 March, was agreed for the 9th: whether it was held is a question from the 10th on."""
    early = CAME.booked("V3", day("03-09"))
    assert codes(early, "03-09", "03-10", "03-10") == ["V2"]
    assert codes(early, "03-10", "03-10", "03-10") == ["V2", "V3"]
    words = (
        "was booked for 2026-03-09, nothing recorded: record what happened, or book a day from 2026-03-17 to 2026-03-31"
    )
    assert said(early, "03-10", "V3", "03-10") == words


def test_a_missed_visit_that_is_booked_again_is_in_the_list() -> None:
    """It is to happen after all."""
    again = CAME.missed("V2").with_record(ts.VisitRecord("V2", booked=day("03-13")))
    assert said(again, "03-12", "V2") == "booked for 2026-03-13: confirm"


def test_days_left_are_counted_to_the_last_day_of_the_window() -> None:
    """0 on the last day, negative after it, none without a window."""
    for as_of, left in (("03-10", 4), ("03-14", 0), ("03-15", -1)):
        (found,) = (item.days_left for item in items(CAME, as_of, as_of, as_of) if item.visit.code == "V2")
        assert found == left
    assert [item.days_left for item in items(CAME, "03-06", "04-11", "04-11")] == [None]


def test_the_order_is_by_mode_then_days_left_then_lapsed() -> None:
    """On site, phone, video, home; in each the fewest days left first, without a window after them, lapsed last."""
    late = replace(SUBJECT, code="S2", baseline=day("03-06"))
    reports = [check(ts.schedule(PROTOCOL, subject), day("03-12")) for subject in (SUBJECT, late)]
    found = [(i.subject, i.visit.code, i.days_left) for i in worklist(reports, day("03-12"), day("04-30"))]
    assert found == [
        ("S1", "V2", 2),
        ("S2", "V2", 6),
        ("S1", "V1", -7),
        ("S2", "V1", -3),
        ("S1", "V3", 19),
        ("S2", "V3", 23),
        ("S1", "W6", 45),
        ("S2", "W6", 49),
        ("S1", "V4", None),
        ("S2", "V4", None),
        ("S1", "H5", 41),
        ("S2", "H5", 45),
    ]
    assert list(worklist(reversed(reports), day("03-12"), day("04-30"))) == list(
        worklist(reports, day("03-12"), day("04-30"))
    )


def test_of_equals_the_first_report_comes_first() -> None:
    """The order of the reports is kept where the days do not tell."""
    reports = [check(ts.schedule(PROTOCOL, replace(CAME, code=code)), day("03-12")) for code in ("B", "A", "C")]
    assert [item.subject for item in worklist(reports, day("03-12"), day("03-12"))] == ["B", "A", "C"]


def test_without_a_window_the_earlier_target_comes_first_after_those_with_days_left() -> None:
    """Nothing says how urgent it is; of equals the first report comes first."""
    bare = ts.Protocol(
        "bare",
        "1",
        "A",
        [
            ts.Visit("A", "on-site"),
            ts.Visit("C", "on-site", "9 days after A"),
            ts.Visit("B", "on-site", "5 days after A"),
            ts.Visit("D", "on-site", ts.Timing("99 days after A", window="-0/+9 days")),
            ts.Visit("E", "on-site", ts.Timing("100 days after A", window="±1 day")),
        ],
    )
    plan = ts.schedule(bare, SUBJECT.attended("A", day("03-02")))
    found = worklist(check(plan, day("03-20")), day("03-20"), day("12-31"))
    assert [item.visit.code for item in found] == ["E", "D", "B", "C"]


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("03-06", "book a day from 2026-03-10 to 2026-03-14"),
        ("03-11", "book a day from 2026-03-11 to 2026-03-14"),
        ("03-12", "book a day from 2026-03-12 to 2026-03-14"),
        ("03-13", "overdue: window closes in 1 day, nothing booked: book a day from 2026-03-13 to 2026-03-14"),
        ("03-14", "overdue: window closes on this day, nothing booked: book a day on 2026-03-14"),
        ("03-15", "lapsed: window closed 2026-03-14: record what happened (attended, missed), or ask"),
    ],
)
def test_what_is_not_booked_is_to_be_booked_in_what_is_left_of_the_window(as_of: str, words: str) -> None:
    """Only days that are not past are proposed."""
    assert said(CAME, as_of, "V2") == words


def test_an_overdue_visit_says_how_many_days_are_left() -> None:
    """V3's target is 24 March, its window closes on the 31st."""
    words = "overdue: window closes in 6 days, nothing booked: book a day from 2026-03-25 to 2026-03-31"
    assert said(CAME, "03-25", "V3") == words


@pytest.mark.parametrize("as_of", ["03-06", "03-11"])
def test_what_is_booked_is_to_be_confirmed(as_of: str) -> None:
    """With its time; on the day itself too."""
    assert said(CAME.booked("V2", day("03-11"), time(9, 5)), as_of, "V2") == "booked for 2026-03-11 09:05: confirm"
    assert said(CAME.booked("V4", day("03-11")), as_of, "V4") == "booked for 2026-03-11: confirm"


def test_a_booking_that_is_against_a_rule_is_to_be_moved() -> None:
    """Outside of its window, nearer to another visit than a spacing, or both; others' findings are not told."""
    late = CAME.booked("V2", day("03-16")).booked("V3", day("04-02"))
    window = "its window 2026-03-10 to 2026-03-14 (±2 days around 2026-03-12)"
    words = f"booked for 2026-03-16, 2 days after {window}: +2 days: move it"
    assert said(late, "03-06", "V2") == words
    short = "6 days after V1 (2026-03-02), short of the spacing of at least 7 days: -1 day"
    both = f"booked for 2026-03-08, 2 days before {window}: -2 days; booked for 2026-03-08, {short}: move it"
    assert said(CAME.booked("V2", day("03-08")), "03-06", "V2") == both


def test_a_booking_too_near_before_a_visit_that_was_held_is_to_be_moved() -> None:
    """`check` tells it at V1, the later one, which cannot be moved; of two bookings the later one alone is moved."""
    held = SUBJECT.attended("V1", day("03-14")).booked("V2", day("03-11"))
    window = "its window 2026-03-22 to 2026-03-26 (±2 days around 2026-03-24)"
    short = "3 days after V2 (booked for 2026-03-11), short of the spacing of at least 7 days: -4 days"
    outside = f"booked for 2026-03-11, 11 days before {window}: -11 days"
    assert said(held, "03-06", "V2") == f"{outside}; V1 attended 2026-03-14, {short}: move it"
    both = SUBJECT.booked("V1", day("03-04")).booked("V2", day("03-10"))
    assert said(both, "03-02", "V1") == "booked for 2026-03-04: confirm"
    assert said(both, "03-02", "V2").endswith("short of the spacing of at least 7 days: -1 day: move it")


def test_what_was_missed_after_the_end_is_nothing_to_do() -> None:
    """Ended on 9 March: V2, recorded as missed, is not expected; booked for the 12th it is to be cancelled."""
    ended = CAME.missed("V2").end(day("03-09"), "death")
    assert codes(ended, "03-10", "03-10", "03-12") == []
    booked = ended.with_record(ts.VisitRecord("V2", booked=day("03-12")))
    assert said(booked, "03-10", "V2") == (
        "booked for 2026-03-12, after the end of participation on 2026-03-09: cancel it"
    )


def test_a_booking_that_passed_asks_what_happened() -> None:
    """Nothing is recorded of it, and days may be left to book again."""
    booked = CAME.booked("V2", day("03-11"), time(9, 0))
    asked = "was booked for 2026-03-11 09:00, nothing recorded: record what happened, or book a day "
    assert said(booked, "03-12", "V2") == f"{asked}from 2026-03-12 to 2026-03-14"
    assert said(booked, "03-13", "V2") == f"{asked}from 2026-03-13 to 2026-03-14"
    lapsed = (
        "lapsed: window closed 2026-03-14, was booked for 2026-03-11 09:00: record what happened (attended, missed)"
    )
    assert said(booked, "03-15", "V2") == f"{lapsed}, or ask"
    later = "lapsed: window closed 2026-03-14, booked for 2026-03-15: confirm, or record it as missed"
    assert said(CAME.booked("V2", day("03-15")), "03-15", "V2") == later


def test_without_a_window_the_target_is_told() -> None:
    """Nothing is overdue and nothing lapses: it is asked after the target."""
    assert said(CAME, "03-06", "V4") == "no window: target 2026-04-11: book a day"
    assert said(CAME, "04-11", "V4") == "no window: target 2026-04-11: book a day"
    past = "no window: target 2026-04-11 is past, nothing booked: record what happened, or book a day"
    assert said(CAME, "04-12", "V4") == past
    passed = "was booked for 2026-04-10, nothing recorded: record what happened, or book a day"
    assert said(CAME.booked("V4", day("04-10")), "04-12", "V4") == passed


def test_limits_that_leave_no_day_are_told() -> None:
    """The window is empty, not missing."""
    cut = ts.Timing("10 days after A", window="±2 days", not_after=ts.When.of("5 days after A"))
    design = ts.Protocol("cut", "1", "A", [ts.Visit("A", "on-site"), ts.Visit("B", "on-site", cut)])
    plan = ts.schedule(design, SUBJECT.attended("A", day("03-02")))
    (item,) = worklist(check(plan, day("03-06")), day("03-06"), day("03-12"))
    assert item.next_step == "limits leave no day: target 2026-03-12: book a day"


@pytest.mark.parametrize(
    ("first", "last", "where"),
    [
        (day("03-02"), day("03-01"), "last"),
        ("2026-03-02", day("03-03"), "first"),
        (day("03-02"), None, "last"),
    ],
)
def test_a_period_that_is_none_is_refused(first: date, last: date, where: str) -> None:
    """A day is a period, its end before its beginning is none; a text is no date."""
    report = check(ts.schedule(PROTOCOL, SUBJECT), day("03-02"))
    with pytest.raises((ts.InvalidValueError, ts.InvalidTypeError)) as caught:
        worklist(report, first, last)
    assert caught.value.where == where
    worklist(report, day("03-02"), day("03-02"))


def test_a_plan_is_no_report() -> None:
    """What `schedule` gives is to be checked first; the place of the first that is no report is told."""
    plan = ts.schedule(PROTOCOL, SUBJECT)
    for several in (plan, [check(plan, day("03-02")), plan]):
        with pytest.raises(ts.InvalidTypeError, match="a Report of `check` is meant; read ") as caught:
            worklist(several, day("03-02"), day("03-03"))  # type: ignore[arg-type]
        assert caught.value.where == f"reports[{0 if several is plan else 1}]"


@given(
    st.lists(strategies.plans(), max_size=3),
    strategies.baselines(),
    st.integers(0, 400),
    st.integers(0, 60),
    st.randoms(use_true_random=False),
)
def test_every_open_visit_is_in_the_list_once_and_nothing_else(
    plans: list[ts.Plan], as_of: date, ahead: int, length: int, shuffler: random.Random
) -> None:
    """For any facts: by status and period alone, and by days left within a mode, whatever the order of reports."""
    first = as_of + timedelta(ahead)
    last = first + timedelta(length)
    reports = [check(plan, as_of) for plan in plans]
    found = worklist(reports, first, last)
    assert all(item.next_step for item in found)
    wanted = []
    for report in reports:
        for visit in report:
            days = [visit.target] if visit.window is None else list(visit.window)
            days += [visit.booked] if visit.booked else []
            inside = any(first <= one <= last for one in days)
            came = any(record.attended and record.outcome is None for record in visit.planned.records)
            booked = [r.booked for r in visit.planned.records if r.booked and not (r.attended or r.outcome or came)]
            again = visit.status == "done" and any(first <= max(booked) <= last or max(booked) < as_of for _ in booked)
            ended = report.subject.ended or date.max
            cancel = visit.status == "not-expected" and any(as_of <= max(booked) > ended for _ in booked)
            expected = booked != [] or (visit.earliest or visit.target) <= ended
            past = visit.status == "upcoming" and any(max(booked) < as_of for _ in booked)
            opening = past or (visit.status == "upcoming" and inside and expected)
            if visit.status in {"due", "overdue", "lapsed"} or opening or again or cancel:
                wanted.append((report.subject.code, visit))
    assert sorted(map(repr, wanted)) == sorted(repr((item.subject, item.visit)) for item in found)
    for before, after in pairwise(found):
        if before.visit.mode_planned == after.visit.mode_planned:
            lapses = (before.visit.status == "lapsed", after.visit.status == "lapsed")
            assert lapses != (True, False)
            if lapses[0] == lapses[1] and before.days_left is not None and after.days_left is not None:
                assert before.days_left <= after.days_left
    shuffler.shuffle(reports)
    assert sorted(map(repr, worklist(reports, first, last))) == sorted(map(repr, found))


@given(
    st.none() | st.integers(-54, -30).map(lambda days: day("03-02") + timedelta(days)),
    st.none() | st.integers(-12, 12).map(lambda days: day("03-02") + timedelta(days)),
    st.sampled_from(("attended", "booked")),
    st.integers(-20, 7).map(lambda days: day("03-02") + timedelta(days)),
)
def test_the_days_proposed_are_those_that_are_against_nothing(
    screened: date | None, called: date | None, fact: str, as_of: date
) -> None:
    """Each day of the window that is left, booked by itself, is found to be against a spacing or is proposed."""
    subject = NEW
    for code, held in (("S", screened), ("C", called)):
        if held is not None:
            subject = getattr(subject, fact)(code, held)
    found = re.findall(
        r"(?:from|on) ([0-9-]+)(?: to ([0-9-]+))?", proposed(subject, as_of.isoformat()[5:]).partition("book a")[2]
    )
    days = [
        one
        for first, last in found
        for one in ts.DateRange(date.fromisoformat(first), date.fromisoformat(last or first))
    ]
    window = ts.DateRange(max(as_of, day("02-23")), day("03-09"))
    free = []
    for one in window:
        report = check(ts.schedule(SPACED, subject.booked("D0", one)), as_of)
        if not any(
            finding.kind == "booked-outside" for finding in report.findings if "D0" in (finding.visit, finding.other)
        ):
            free.append(one)
    assert days == free

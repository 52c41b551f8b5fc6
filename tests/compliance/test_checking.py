"""`check`, example by example: statuses, verdicts, and which version of a protocol judges.

The first protocol, with baseline Monday 2 March 2026 (March has 31 days, April 30):

| visit | target | window | as written |
|---|---|---|---|
| V0 | 03-02 | 02-27 to 03-05 | anchor, ±3 days |
| V1 | 03-12 | 03-08 to 03-16 | 10 days after V0, ±4 days |
| V2 | 04-01 | 03-30 to 04-03 | 30 days after V0, ±2 days, not before 15 days after V1 (03-27: no cut) |
| V3 | 04-11 | none | 40 days after V0 |

The second version has V1 at 12 days ±1 day (03-14, 03-13 to 03-15), no V3, and V4 at 60 days ±4 days (05-01,
04-27 to 05-05).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

import pytest

import trialsched as ts
from trialsched.compliance import CheckedVisit, Finding, Report, check

_V2 = ts.Visit("V2", "video", ts.Timing("30 days after V0", window="±2 days", not_before="15 days after V1"))
FIRST = ts.Protocol(
    "demo",
    "1",
    "V0",
    [
        ts.Visit("V0", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V1", "on-site", ts.Timing("10 days after V0", window="±4 days")),
        _V2,
        ts.Visit("V3", "home", ts.Timing("40 days after V0")),
    ],
    unscheduled=("UNS*",),
)
SECOND = ts.Protocol(
    "demo",
    "2",
    "V0",
    [
        ts.Visit("V0", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V1", "phone", ts.Timing("12 days after V0", window="±1 day")),
        _V2,
        ts.Visit("V4", "home", ts.Timing("60 days after V0", window="±4 days")),
    ],
    meta=ts.Meta(in_force=date(2026, 3, 10)),
    unscheduled=("UNS*",),
)
SUBJECT = ts.Subject("S", baseline=date(2026, 3, 2))
record = ts.VisitRecord


def day(text: str) -> date:
    """Return a day of 2026 from month and day."""
    return date.fromisoformat(f"2026-{text}")


def said(code: str, as_of: str, subject: ts.Subject = SUBJECT, protocol: ts.Protocol = FIRST) -> CheckedVisit:
    """Return one checked visit."""
    return check(ts.schedule(protocol, subject), day(as_of))[code]


def with_records(*records: ts.VisitRecord, ended: str | None = None) -> ts.Subject:
    """Return the subject with records in the order given, and an end."""
    return replace(SUBJECT, records=records, ended=day(ended) if ended else None)


def kinds(report: Report) -> list[tuple[str, str, str]]:
    """Return visit, kind and version of each finding."""
    return [(finding.visit, finding.kind, finding.version) for finding in report.findings]


# Statuses


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("03-07", "upcoming"),  # the day before the window 03-08 to 03-16
        ("03-08", "due"),
        ("03-12", "due"),  # the target
        ("03-13", "overdue"),
        ("03-16", "overdue"),  # the last day is inside
        ("03-17", "lapsed"),
    ],
)
def test_the_status_of_what_has_not_happened_is_decided_by_the_day(as_of: str, status: str) -> None:
    """Upcoming before 8 March, due up to the target 12 March, overdue up to 16 March, then lapsed."""
    assert said("V1", as_of).status == status


@pytest.mark.parametrize(
    ("as_of", "status"), [("01-01", "upcoming"), ("04-10", "upcoming"), ("04-11", "due"), ("12-31", "due")]
)
def test_without_a_window_a_visit_is_upcoming_until_its_target_then_due(as_of: str, status: str) -> None:
    """The target is 2 March and 40 days: 11 April. Without a window nothing is overdue and nothing lapses."""
    assert said("V3", as_of).status == status


@pytest.mark.parametrize(
    ("as_of", "status"), [("03-31", "upcoming"), ("04-01", "due"), ("04-03", "due"), ("05-30", "due")]
)
def test_an_empty_window_is_as_none(as_of: str, status: str) -> None:
    """V1 attended on 20 March: not before 4 April, a day after the last one; the target 1 April alone decides."""
    visit = said("V2", as_of, SUBJECT.attended("V1", day("03-20")))
    assert (visit.status, visit.window_basis, visit.window) == (status, "empty", None)


@pytest.mark.parametrize(
    ("as_of", "status"),
    [
        ("04-01", "upcoming"),
        ("04-02", "due"),  # the first day that the limit allows, three days after the target
        ("04-03", "overdue"),
        ("04-06", "overdue"),
        ("04-07", "lapsed"),
    ],
)
def test_overdue_begins_after_the_later_of_target_and_earliest(as_of: str, status: str) -> None:
    """Target 30 March ±7 days, not before 10 days after a visit that was held on 23 March: 2 to 6 April."""
    visits = [
        ts.Visit("V1", "on-site", ts.Timing(window="±0 days")),
        ts.Visit("LAB", "on-site", ts.Timing("14 days after V1", window="±7 days")),
        ts.Visit("V2", "on-site", ts.Timing("28 days after V1", window="±7 days", not_before="10 days after LAB")),
    ]
    subject = SUBJECT.attended("V1", day("03-02")).attended("LAB", day("03-23"))
    assert said("V2", as_of, subject, ts.Protocol("cut", "1", "V1", visits)).status == status


@pytest.mark.parametrize(
    ("booked", "as_of", "status"),
    [
        ("03-14", "03-07", "upcoming"),
        ("03-14", "03-12", "due"),
        ("03-14", "03-13", "due"),  # the target is past, the day agreed is to come
        ("03-14", "03-14", "due"),  # booked for the day asked
        ("03-14", "03-15", "overdue"),  # nobody came, or nobody wrote it down
        ("03-30", "03-16", "due"),  # agreed for a day after the window
        ("03-30", "03-17", "lapsed"),  # which does not keep the window open
    ],
)
def test_a_booking_that_is_still_to_come_keeps_a_visit_due(booked: str, as_of: str, status: str) -> None:
    """Inside the window, after the target, a visit booked for the day asked or later is due, not overdue."""
    assert said("V1", as_of, SUBJECT.booked("V1", day(booked))).status == status


@pytest.mark.parametrize(("booked", "found"), [("03-07", True), ("03-08", False), ("03-16", False), ("03-17", True)])
def test_a_booking_outside_is_found_without_any_spacing(booked: str, *, found: bool) -> None:
    """The window of V1 is 8 to 16 March, and the protocol has no spacing."""
    report = check(ts.schedule(FIRST, SUBJECT.booked("V1", day(booked))), day("03-02"))
    assert kinds(report) == ([("V1", "booked-outside", "1")] if found else [])


def test_the_latest_of_several_open_bookings_counts() -> None:
    """Booked for 13 and for 15 March: on the 14th it is still to come, in either order."""
    bookings = (record("V1", booked=day("03-13")), record("V1", booked=day("03-15")))
    for records in (bookings, bookings[::-1]):
        assert said("V1", "03-14", with_records(*records)).status == "due"
        assert said("V1", "03-16", with_records(*records)).status == "overdue"


@pytest.mark.parametrize("as_of", ["01-01", "03-12", "03-31"])
def test_what_is_attended_is_done_on_every_day(as_of: str) -> None:
    """Also when it is looked at before it happened, partly known, withheld, outside, or missed at first."""
    for one in (
        record("V1", attended=day("03-12")),
        record("V1", attended=day("03-30")),
        record("V1", attended=ts.PartialDate(2026, 3)),
        record("V1", attended=day("03-12"), outcome="withheld"),
    ):
        assert said("V1", as_of, with_records(one)).status == "done"
        assert said("V1", as_of, with_records(record("V1", outcome="missed"), one)).status == "done"
        assert said("V1", as_of, with_records(one, ended="02-01")).status == "done"


def test_missed_is_what_a_person_recorded_and_nothing_else_is_booked() -> None:
    """With or without the booking that was missed; booked once more it is to come again, and the day decides."""
    assert said("V1", "03-01", with_records(record("V1", outcome="missed"))).status == "missed"
    missed = record("V1", booked=day("03-10"), outcome="missed")
    assert said("V1", "03-30", with_records(missed)).status == "missed"
    assert said("V1", "03-30", with_records(missed, record("V1"))).status == "missed"
    again = with_records(missed, record("V1", booked=day("03-15")))
    assert [said("V1", as_of, again).status for as_of in ("03-14", "03-16", "03-17")] == ["due", "overdue", "lapsed"]


@pytest.mark.parametrize(
    ("ended", "as_of", "status"),
    [
        ("03-15", "03-15", "not-expected"),  # V1's window was to close on the 16th, a day after the end
        ("03-15", "03-14", "missed"),  # the day before the end nothing has ended yet
        ("03-16", "03-30", "missed"),  # the window closed on the day of the end: it was expected, and missed
        ("03-17", "03-30", "missed"),
    ],
)
def test_not_expected_comes_before_missed(ended: str, as_of: str, status: str) -> None:
    """What was still to close at the end is not expected also when it was recorded as missed, and nothing is found."""
    for records in ([record("V1", outcome="missed")], [record("V1", booked=day("03-12"), outcome="missed")] * 2):
        report = check(ts.schedule(FIRST, with_records(*records, ended=ended)), day(as_of))
        assert report["V1"].status == status
        assert [f.kind for f in report.findings if f.visit == "V1"] == (["missed"] if status == "missed" else [])


@pytest.mark.parametrize(("ended", "status"), [("04-10", "not-expected"), ("04-11", "missed")])
def test_without_a_window_a_missed_visit_is_expected_when_its_target_was_not_after_the_end(
    ended: str, status: str
) -> None:
    """V3 has no window, and its target is 11 April."""
    assert said("V3", "05-30", with_records(record("V3", outcome="missed"), ended=ended)).status == status


def test_after_a_death_the_visits_to_come_are_no_deviations() -> None:
    """V1 day 0, V2 and V3 28 and 56 days on, ±3: dead on 20 January, a coordinator recorded both as missed."""
    visits = [ts.Visit("V1", "on-site", ts.Timing(window="±0 days"))]
    visits += [
        ts.Visit(f"V{n}", "on-site", ts.Timing(f"{28 * (n - 1)} days after V1", window="±3 days")) for n in (2, 3)
    ]
    subject = ts.Subject("S2", baseline=day("01-05")).attended("V1", day("01-05")).missed("V2").missed("V3")
    report = check(ts.schedule(ts.Protocol("ae", "1", "V1", visits), subject.end(day("01-20"), "death")), day("06-01"))
    assert [visit.status for visit in report] == ["done", "not-expected", "not-expected"]
    assert report.findings == ()


def test_a_record_that_says_nothing_changes_nothing() -> None:
    """Neither done nor missed: the day decides."""
    assert said("V1", "03-13", with_records(record("V1"))).status == "overdue"
    assert said("V1", "03-13", with_records(record("V1"), record("V1"))).status == "overdue"
    assert said("V1", "03-17", with_records(record("V1"))).status == "lapsed"


@pytest.mark.parametrize(
    ("ended", "as_of", "status"),
    [
        ("03-15", "03-15", "not-expected"),  # the window was to close on the 16th, a day after the end
        ("03-15", "03-14", "overdue"),  # the day before the end nothing has ended yet
        ("03-16", "03-17", "lapsed"),  # the window closed on the day of the end: it was still expected
        ("03-17", "03-17", "lapsed"),
        ("01-31", "02-01", "not-expected"),
    ],
)
def test_not_expected_is_what_was_still_to_close_after_the_end(ended: str, as_of: str, status: str) -> None:
    """Participation ended on or before the day asked, and the window 8 to 16 March was to close after the end."""
    assert said("V1", as_of, with_records(ended=ended)).status == status


@pytest.mark.parametrize(
    ("ended", "as_of", "status"),
    [
        ("04-10", "04-10", "not-expected"),
        ("04-10", "04-09", "upcoming"),
        ("04-11", "04-11", "due"),
        ("04-12", "05-01", "due"),
    ],
)
def test_without_a_window_the_target_decides_what_is_not_expected(ended: str, as_of: str, status: str) -> None:
    """The target of V3 is 11 April."""
    assert said("V3", as_of, with_records(ended=ended)).status == status


def test_after_the_end_an_open_booking_does_not_make_a_visit_due() -> None:
    """Booked for 14 March, ended on the 10th: on the 12th it is not expected."""
    assert said("V1", "03-12", with_records(record("V1", booked=day("03-14")), ended="03-10")).status == "not-expected"


# Verdicts


@pytest.mark.parametrize(
    ("attended", "verdict", "days_out", "from_target"),
    [
        ("03-07", "out", -1, -5),
        ("03-08", "in", 0, -4),
        ("03-12", "in", 0, 0),
        ("03-16", "in", 0, 4),
        ("03-17", "out", 1, 5),
        ("04-01", "out", 16, 20),  # 16 March to 1 April: 15 days left of March, and one
    ],
)
def test_the_days_out_of_a_window(attended: str, verdict: str, days_out: int, from_target: int) -> None:
    """The window is 8 to 16 March, the target the 12th; both ends are inside, before it is negative."""
    for subject in (SUBJECT.attended("V1", day(attended)), SUBJECT.withheld("V1", day(attended))):
        visit = said("V1", "03-20", subject)
        assert (visit.verdict, visit.days_out, visit.days_from_target) == (verdict, days_out, from_target)
        assert visit.settled_by is None


def test_without_a_window_nothing_is_early_or_late() -> None:
    """V3 came 29 days late by its target 11 April: only the distance is told."""
    visit = said("V3", "06-01", SUBJECT.attended("V3", day("05-10")))
    assert (visit.verdict, visit.days_out, visit.days_from_target) == (None, None, 29)
    visit = said("V3", "06-01", SUBJECT.attended("V3", ts.PartialDate(2026, 5)))
    assert (visit.verdict, visit.days_out, visit.days_from_target, visit.settled_by) == (None, None, None, None)


def test_what_has_not_happened_has_no_verdict() -> None:
    """Neither booked nor missed nor lapsed visits are in or out."""
    for subject in (SUBJECT, SUBJECT.booked("V1", day("03-30")), SUBJECT.missed("V1")):
        visit = said("V1", "05-01", subject)
        assert (visit.verdict, visit.days_out, visit.days_from_target) == (None, None, None)


@pytest.mark.parametrize(
    ("code", "partly", "verdict", "days_out", "settled"),
    [
        # V1, window 8 to 16 March
        ("V1", "2026-03", "undecided", None, ("2026-03-08", "2026-03-16")),
        ("V1", "2026", "undecided", None, ("2026-03-08", "2026-03-16")),
        ("V1", "2026-02", "out", -8, None),  # the 28th at best: 8 days before 8 March
        ("V1", "2026-04", "out", 16, None),  # the 1st at best: 16 days after 16 March
        ("V1", "2025", "out", -67, None),  # 31 December: 31 days of January, 28 of February, 8 of March
        ("V1", "2027", "out", 291, None),  # 1 January: 15 days of March, 275 of April to December, and one
        # V2, window 30 March to 3 April, over the end of a month
        ("V2", "2026-03", "undecided", None, ("2026-03-30", "2026-03-31")),
        ("V2", "2026-04", "undecided", None, ("2026-04-01", "2026-04-03")),
        ("V2", "2026-05", "out", 28, None),  # 1 May: 27 days of April, and one
        ("V2", "2026-02", "out", -30, None),  # 28 February to 30 March
    ],
)
def test_a_partly_known_date_is_judged_by_every_day_that_it_could_be(
    code: str, partly: str, verdict: str, days_out: int | None, settled: tuple[str, str] | None
) -> None:
    """Yes, no with the least that is certain, or undecided with the days that would settle it."""
    attended = ts.PartialDate(*map(int, partly.split("-")))
    visit = said(code, "03-20", SUBJECT.attended(code, attended))
    assert (visit.status, visit.verdict, visit.days_out, visit.days_from_target) == ("done", verdict, days_out, None)
    expected = settled and (date.fromisoformat(settled[0]), date.fromisoformat(settled[1]))
    assert (visit.settled_by and (visit.settled_by.earliest, visit.settled_by.latest)) == expected


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (14, 16, "in"),  # from 1 to 31 March, both ends on the window's
        (13, 16, "undecided"),
        (14, 15, "undecided"),
        (20, 20, "in"),
    ],
)
def test_a_partly_known_date_is_surely_inside_when_all_of_it_is(before: int, after: int, verdict: str) -> None:
    """March 2026 against a window around 15 March: 14 days before is the 1st, 16 days after the 31st."""
    window = ts.Window(ts.Offset(days=before), ts.Offset(days=after))
    protocol = ts.Protocol("demo", "1", "V0", [ts.Visit("V0", "on-site", ts.Timing(window=window))])
    subject = ts.Subject("S", baseline=day("03-15")).attended("V0", ts.PartialDate(2026, 3))
    visit = said("V0", "03-20", subject, protocol)
    assert (visit.verdict, visit.days_out) == (verdict, 0 if verdict == "in" else None)


def test_the_record_judged_is_the_earliest_that_was_not_withheld() -> None:
    """Held on the 17th and 12th, withheld on the 7th: the 12th is judged, in any order."""
    records = (
        record("V1", attended=day("03-17")),
        record("V1", attended=day("03-12")),
        record("V1", attended=day("03-07"), outcome="withheld"),
    )
    for order in (records, records[::-1]):
        assert said("V1", "03-20", with_records(*order)).days_out == 0
    assert said("V1", "03-20", with_records(records[2])).days_out == -1


def test_rows_that_rest_on_what_is_not_certain_say_so() -> None:
    """A provisional baseline, or an anchor attended on a partly known day, makes the checked rows provisional."""
    assert not said("V1", "03-12").provisional
    assert said("V1", "03-12", replace(SUBJECT, baseline_status="provisional")).provisional
    partly = SUBJECT.attended("V0", ts.PartialDate(2026, 3)).attended("V1", day("03-17"))
    visit = said("V1", "03-20", partly)
    assert (visit.provisional, visit.days_out) == (True, 1)


def test_a_fact_moves_the_windows_that_count_from_it() -> None:
    """V0 attended two days late: V1 is 12 to 14 March's day 14, its window 10 to 18 March, and 17 March is inside."""
    subject = SUBJECT.attended("V0", day("03-04")).attended("V1", day("03-17"))
    visit = said("V1", "03-20", subject)
    assert (visit.target, visit.earliest, visit.latest) == (day("03-14"), day("03-10"), day("03-18"))
    assert (visit.days_out, visit.days_from_target) == (0, 3)


def test_the_visits_of_the_arm_are_checked() -> None:
    """A visit of the other arm is not planned, hence not in the report."""
    arms = ts.Protocol(
        "demo",
        "1",
        "V0",
        [ts.Visit("V0", "on-site"), ts.Visit("VB", "phone", ts.Timing("5 days after V0"), arms=["B"])],
        arms=["A", "B"],
    )
    codes = [
        [visit.code for visit in check(ts.schedule(arms, replace(SUBJECT, arm=arm)), day("03-20"))]
        for arm in ("A", "B")
    ]
    assert codes == [["V0"], ["V0", "VB"]]


def test_without_a_baseline_there_is_no_plan_to_check() -> None:
    """`schedule` refuses, and says where; `check` is never reached."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.schedule(FIRST, ts.Subject("S"))
    assert caught.value.where == "baseline"


# Versions


def plans(subject: ts.Subject = SUBJECT, *protocols: ts.Protocol) -> list[ts.Plan]:
    """Return the plans of a subject by both versions, or by others."""
    return [ts.schedule(protocol, subject) for protocol in protocols or (FIRST, SECOND)]


@pytest.mark.parametrize(
    ("attended", "version", "days_out"),
    [
        ("03-09", "1", 0),  # the day before the second version is in force; its first window is 8 to 16 March
        ("03-10", "2", -3),  # the day: the second window is 13 to 15 March
        ("03-11", "2", -2),
        ("03-16", "2", 1),
        ("03-07", "1", -1),
    ],
)
@pytest.mark.parametrize("as_of", ["03-01", "03-09", "03-10", "05-01"])
def test_a_visit_is_judged_by_the_version_of_the_day_on_which_it_was_attended(
    attended: str, version: str, days_out: int, as_of: str
) -> None:
    """The second version is in force from 10 March on, whatever the day asked."""
    report = check(plans(SUBJECT.attended("V1", day(attended))), day(as_of))
    visit = report["V1"]
    assert (visit.version, visit.days_out) == (version, days_out)
    found = [(f.kind, f.version) for f in report.findings if f.kind in ("early", "late")]
    assert found == ([("early" if days_out < 0 else "late", version)] if days_out else [])


@pytest.mark.parametrize(
    ("as_of", "version", "codes"),
    [
        ("03-09", "1", ["V0", "V1", "V2", "V3"]),
        ("03-10", "2", ["V0", "V1", "V2", "V4"]),
        ("03-11", "2", ["V0", "V1", "V2", "V4"]),
    ],
)
def test_what_was_not_attended_is_judged_by_the_version_of_the_day_asked(
    as_of: str, version: str, codes: list[str]
) -> None:
    """Booked, missed and open visits alike; the report's plan is that of the day asked."""
    subject = SUBJECT.booked("V1", day("03-09")).missed("V2")
    report = check(plans(subject), day(as_of))
    assert [(visit.code, visit.version) for visit in report] == [(code, version) for code in codes]
    assert report.plan.protocol.version == version


@pytest.mark.parametrize(
    ("since", "version"), [(None, "2"), ("03-12", "2"), ("03-13", "1"), ("03-11", "2"), ("12-01", "1")]
)
def test_a_date_in_force_of_the_site_overrides_that_of_the_document(since: str | None, version: str) -> None:
    """V1 was attended on 12 March; the document says 10 March, the site its own day."""
    in_force = {"2": day(since)} if since else None
    report = check(plans(SUBJECT.attended("V1", day("03-12"))), day("05-01"), in_force=in_force)
    assert report["V1"].version == version


def test_a_date_may_be_given_for_a_version_whose_document_has_none() -> None:
    """The first version in force from 20 March, the second from the 10th: the order is that of the dates."""
    report = check(plans(), day("03-20"), in_force={"1": day("03-20")})
    assert [plan.protocol.version for plan in report.plans] == ["2", "1"]
    assert report.plan.protocol.version == "1"
    assert check(plans(), day("03-19"), in_force={"1": day("03-20")}).plan.protocol.version == "2"


def test_before_every_date_in_force_the_first_version_judges() -> None:
    """Both have a date, and a visit was attended before both of them."""
    report = check(plans(SUBJECT.attended("V0", day("02-28"))), day("05-01"), in_force={"1": day("03-01")})
    assert report["V0"].version == "1"


@pytest.mark.parametrize("backwards", [False, True])
def test_the_order_of_plans_does_not_matter(*, backwards: bool) -> None:
    """Three versions in any order: each day has its own; one without a date comes first, even before year 1."""
    third = replace(FIRST, version="3", meta=ts.Meta(in_force=day("03-15")))
    several = plans(SUBJECT.attended("V1", day("03-12")), FIRST, SECOND, third)
    order = several[::-1] if backwards else several
    report = check(order, day("05-01"))
    assert [plan.protocol.version for plan in report.plans] == ["1", "2", "3"]
    assert [(visit.code, visit.version) for visit in report] == [("V0", "3"), ("V1", "2"), ("V2", "3"), ("V3", "3")]
    report = check(order, day("05-01"), in_force={"3": date.min})
    assert [plan.protocol.version for plan in report.plans] == ["1", "3", "2"]


def test_a_visit_that_the_version_of_its_day_does_not_have_is_judged_by_that_of_the_day_asked() -> None:
    """V4 was attended on 9 March, a day before the version that has it: noted, and 49 days before 27 April."""
    report = check(plans(SUBJECT.attended("V4", day("03-09"))), day("05-20"))
    visit = report["V4"]
    assert (visit.status, visit.version, visit.days_out) == ("done", "2", -49)
    assert ("V4", "unknown-visit", "1") in kinds(report)
    assert ("V4", "early", "2") in kinds(report)


def test_a_visit_of_an_older_version_is_in_the_report_when_it_was_attended_then() -> None:
    """V3 is only in the first version: attended on 9 March it comes last, attended on the 10th it is unknown."""
    report = check(plans(SUBJECT.attended("V3", day("03-09"))), day("05-20"))
    assert [(v.code, v.version) for v in report][-2:] == [("V4", "2"), ("V3", "1")]
    assert report["V3"].status == "done"
    assert "unknown-visit" not in [finding.kind for finding in report.findings]
    report = check(plans(SUBJECT.attended("V3", day("03-10"))), day("05-20"))
    assert [visit.code for visit in report] == ["V0", "V1", "V2", "V4"]
    assert ("V3", "unknown-visit", "2") in kinds(report)


def test_a_booking_beside_a_visit_of_an_older_version_is_not_unknown() -> None:
    """V3 came on 9 March under the version that has it; what else was agreed for it says nothing more."""
    report = check(
        plans(with_records(record("V3", attended=day("03-09")), record("V3", booked=day("03-20")))), day("05-20")
    )
    assert report["V3"].status == "done"
    assert "V3" not in [finding.visit for finding in report.findings]


@pytest.mark.parametrize("code", ["V3", "V4"])
def test_a_visit_of_one_version_is_not_planned_without_a_day_on_which_that_version_judges(code: str) -> None:
    """Booked or missed it is no visit of the version of the day asked, which says so."""
    as_of = {"V3": "03-10", "V4": "03-09"}[code]
    version = {"V3": "2", "V4": "1"}[code]
    for subject in (SUBJECT.booked(code, day("03-09")), SUBJECT.missed(code)):
        report = check(plans(subject), day(as_of))
        assert code not in [visit.code for visit in report]
        assert (code, "unknown-visit", version) in kinds(report)


@pytest.mark.parametrize(
    ("partly", "as_of", "version"),
    [
        ((2026, 2), "05-01", "1"),  # all of February is before 10 March
        ((2026, 4), "03-01", "2"),  # all of April is after it
        ((2026, 3), "03-09", "1"),  # March is both: the version of the day asked
        ((2026, 3), "03-10", "2"),
        ((2026,), "03-09", "1"),
    ],
)
def test_a_partly_known_date_is_judged_by_the_version_that_has_all_of_it(
    partly: tuple[int, ...], as_of: str, version: str
) -> None:
    """Where several versions could hold it is the version of the day asked."""
    report = check(plans(SUBJECT.attended("V1", ts.PartialDate(*partly))), day(as_of))
    assert report["V1"].version == version


def test_more_facts_do_not_take_a_visit_of_an_older_version_out_of_the_report() -> None:
    """V3 came on 9 March, withheld, under the version that has it; a second visit on 20 March leaves it done."""
    withheld = record("V3", attended=day("03-09"), outcome="withheld")
    for more in (record("V3", attended=day("03-20")), record("V3", attended=ts.PartialDate(2026))):
        report = check(plans(with_records(withheld, more)), day("05-20"))
        assert (report["V3"].status, report["V3"].version) == ("done", "1")


def test_a_window_is_written_as_the_version_that_judges_writes_it() -> None:
    """Of two visits: one early by the first version's ±4 days, one late by the second's ±1 day around 14 March."""
    words = []
    for attended in ("03-07", "03-16"):
        report = check(plans(SUBJECT.attended("V1", day(attended))), day("03-16"))
        words += [finding.detail for finding in report.findings if finding.visit == "V1"]
    first, second = words
    assert first.endswith(" 2026-03-08 to 2026-03-16 (±4 days around 2026-03-12): -1 day, by version 1")
    assert second.endswith(" 2026-03-13 to 2026-03-15 (±1 day around 2026-03-14): +1 day, by version 2")


def test_of_two_older_versions_that_of_the_record_judged_judges() -> None:
    """V3 is not in the third version: withheld under the first, given under the second, and the other way about."""
    second = replace(FIRST, version="2", meta=ts.Meta(in_force=day("03-10")))
    third = replace(SECOND, version="3", meta=ts.Meta(in_force=day("03-20")))
    for withheld, given, version in (("03-09", "03-12", "2"), ("03-12", "03-09", "1")):
        records = (record("V3", attended=day(withheld), outcome="withheld"), record("V3", attended=day(given)))
        for several in (
            plans(with_records(*records), FIRST, second, third),
            plans(with_records(*records), third, second, FIRST),
        ):
            report = check(several, day("05-20"))
            assert [visit.version for visit in report if visit.code == "V3"] == [version]


def test_one_plan_is_judged_by_its_version_whatever_its_date() -> None:
    """A plan alone, in a list, or with a date in force after all that happened."""
    plan = ts.schedule(SECOND, SUBJECT.attended("V1", day("03-09")))
    report = check(plan, day("03-01"))
    assert report["V1"].version == "2"
    assert check([plan], day("03-01")) == report
    assert check(plan, day("03-01"), in_force={"2": day("12-01")}) == report
    assert check(iter([plan]), day("03-01"), in_force={}) == report


# Findings by version


def held(code: str, on: str) -> ts.VisitRecord:
    """Return a record of a visit held on a day of 2026."""
    return record(code, attended=day(on))


def by_versions(*records: ts.VisitRecord, as_of: str = "04-30") -> tuple[Finding, ...]:
    """Return findings by the first protocol with V0 and V1 at least 8 days apart, and 9 from 12 March on."""
    first = replace(FIRST, spacings=(ts.Spacing("V0", "V1", "8 days"),))
    spacings = (ts.Spacing("V0", "V1", "9 days"),)
    second = replace(FIRST, version="2", spacings=spacings, unscheduled=("X",), meta=ts.Meta(in_force=day("03-12")))
    report = check(plans(with_records(*records), first, second), day(as_of))
    return tuple(finding for finding in report.findings if finding.kind != "lapsed")


def test_each_sentence_ends_with_the_version_that_judges() -> None:
    """Of a visit of the first version, of the second, and of what is unknown."""
    findings = by_versions(held("V1", "03-07"), held("V2", "04-04"), held("UNS1", "03-12"))
    assert [(f.visit, f.kind, f.version) for f in findings] == [
        ("V1", "early", "1"),
        ("V2", "late", "2"),
        ("UNS1", "unknown-visit", "2"),
    ]
    assert findings[0].detail == (
        "attended 2026-03-07, 1 day before its window 2026-03-08 to 2026-03-16 (±4 days around 2026-03-12): -1 day, by "
        "version 1"
    )
    assert all(f.detail.endswith(f", by version {f.version}") for f in findings)


@pytest.mark.parametrize(
    ("v0", "v1", "expected"),
    [
        ("03-03", "03-11", []),  # 8 days, by the first version's 8
        ("03-04", "03-12", [("2", -1)]),  # 8 days, by the second version's 9
        ("03-04", "03-11", [("1", -1)]),
        ("03-03", "03-12", []),
    ],
)
def test_a_spacing_is_that_of_the_version_that_judges_its_second_visit(
    v0: str, v1: str, expected: list[tuple[str, int]]
) -> None:
    """V0 is of the first version; V1 on 11 March is of the first, on the 12th of the second."""
    findings = by_versions(held("V0", v0), held("V1", v1))
    assert [(f.version, f.days_out) for f in findings if f.kind == "too-close"] == expected


def test_a_code_is_unknown_by_the_version_of_its_day() -> None:
    """X is declared from 12 March on, UNS1 before it; a booking is of the version of the day asked."""
    cases = [
        (held("X", "03-11"), [("unknown-visit", "1")]),
        (held("X", "03-12"), []),
        (held("UNS1", "03-11"), []),
        (held("UNS1", "03-12"), [("unknown-visit", "2")]),
        (record("UNS1", booked=day("03-11")), [("unknown-visit", "2")]),
        (record("X", booked=day("03-11")), []),
    ]
    for one, expected in cases:
        assert [(f.kind, f.version) for f in by_versions(one)] == expected


def test_an_unknown_code_that_was_booked_and_attended_on_a_day_is_told_once() -> None:
    """Attended on 11 March, by the first version; the booking for that day would be of the second, of the day asked."""
    records = (record("Z", booked=day("03-11")), held("Z", "03-11"))
    for order in (records, records[::-1]):
        (finding,) = by_versions(*order)
        assert (finding.kind, finding.version, finding.detail[:19]) == ("unknown-visit", "1", "attended 2026-03-11")


def test_a_booking_is_judged_by_the_version_of_the_day_asked() -> None:
    """Booked 8 days after V0: kept by the first version, a day short by the second."""
    records = (held("V0", "03-02"), record("V1", booked=day("03-10")))
    assert by_versions(*records, as_of="03-11") == ()
    (finding,) = by_versions(*records, as_of="03-12")
    assert (finding.kind, finding.version, finding.days_out) == ("booked-outside", "2", -1)


def test_what_is_said_of_a_visit_names_a_version_that_has_it() -> None:
    """V4 withheld on 9 March, when the first version had no V4: that of the day asked judges it, also its record."""
    withheld = with_records(record("V4", attended=day("03-09"), outcome="withheld"), ended="03-08")
    report = check(plans(withheld), day("03-10"))
    told = [(f.kind, f.version) for f in report.findings if f.visit == "V4"]
    assert told == [("early", "2"), ("withheld", "2"), ("unknown-visit", "1"), ("after-end", "2")]


def test_visits_of_several_versions_may_be_out_of_order() -> None:
    """V0 on 5 March, V3 on the 4th, both by the first version, and V3 on the 12th by the second, after it."""
    (finding,) = by_versions(held("V0", "03-05"), held("V3", "03-04"), as_of="03-12")
    assert (finding.visit, finding.kind, finding.other, finding.version) == ("V3", "out-of-order", "V0", "1")
    assert by_versions(held("V0", "03-05"), held("V3", "03-12"), as_of="03-12") == ()


# What is refused


def refused(given: object, error: type[ts.TrialschedError], in_force: object = None) -> tuple[str, str]:
    """Return where and what is wrong with plans."""
    with pytest.raises(error) as caught:
        check(given, day("05-01"), in_force=in_force)  # type: ignore[arg-type]
    return caught.value.where, caught.value.message


def test_plans_of_two_subjects_or_of_other_facts_are_refused() -> None:
    """The error names the plan, and both codes."""
    other = ts.schedule(SECOND, replace(SUBJECT, code="T"))
    assert refused([plans()[0], other], ts.InvalidValueError) == (
        "plans[1]",
        "plans of one subject are meant, with the same facts; read 'T' beside 'S'",
    )
    where, _ = refused([*plans(SUBJECT, FIRST), ts.schedule(SECOND, SUBJECT.missed("V1"))], ts.InvalidValueError)
    assert where == "plans[1]"


def test_one_version_twice_or_two_protocols_are_refused() -> None:
    """The error names the version given twice, or both protocols."""
    assert refused(plans(SUBJECT, FIRST, SECOND, SECOND), ts.InvalidValueError) == (
        "plans[2]",
        "the version '2' is given twice",
    )
    foreign = replace(SECOND, id="other")
    assert refused(plans(SUBJECT, FIRST, foreign), ts.InvalidValueError) == (
        "plans[1]",
        "versions of one protocol are meant; read 'other' beside 'demo'",
    )


def test_two_versions_in_force_from_one_day_are_refused() -> None:
    """Nobody could say which of them judges; nor when two have no date at all."""
    undated = replace(SECOND, meta=ts.Meta())
    assert refused(plans(SUBJECT, FIRST, undated), ts.InvalidValueError) == (
        "plans[1]",
        "the versions '1' and '2' have no date in force: one at most may have none",
    )
    assert refused(plans(), ts.InvalidValueError, {"1": day("03-10")}) == (
        "plans[1]",
        "the versions '1' and '2' are in force from 2026-03-10",
    )
    assert check(plans(SUBJECT, FIRST, undated), day("05-01"), in_force={"2": day("03-10")})["V1"].version == "2"


def test_a_date_in_force_names_a_version_of_the_plans() -> None:
    """The nearest one is named, else all; the day is a date."""
    assert refused(plans(), ts.InvalidValueError, {"2.0": day("03-10")}) == (
        "in_force",
        "no version '2.0' among the plans; expected '2', the nearest one",
    )
    assert refused(plans()[0], ts.InvalidValueError, {"amended": day("03-10")}) == (
        "in_force",
        "no version 'amended' among the plans; expected one of 1",
    )
    where, _ = refused(plans(), ts.InvalidTypeError, {"2": "2026-03-10"})
    assert where == "in_force['2']"
    where, _ = refused(plans(), ts.InvalidTypeError, [day("03-10")])
    assert where == "in_force"


@pytest.mark.parametrize(
    ("given", "where"),
    [([None], "plans[0]"), ("plan", "plans[0]"), ([ts.schedule(FIRST, SUBJECT), SUBJECT], "plans[1]"), (7, "plans")],
)
def test_what_is_no_plan_is_refused(given: object, where: str) -> None:
    """The error says which one, and is a `TypeError` too."""
    assert refused(given, ts.InvalidTypeError)[0] == where


def test_no_plan_at_all_is_refused() -> None:
    """An empty list has nothing to report about."""
    none: Iterable[ts.Plan] = ()
    where, message = refused(none, ts.InvalidValueError)
    assert where == "plans"
    assert message.startswith("no plan")


@pytest.mark.parametrize("as_of", [datetime(2026, 3, 12), "2026-03-12", None, ts.PartialDate(2026, 3)])  # noqa: DTZ001
def test_the_day_asked_is_a_date(as_of: object) -> None:
    """A datetime has a zone or lacks one; a text is not read here."""
    with pytest.raises(ts.InvalidTypeError) as caught:
        check(plans()[0], as_of)  # type: ignore[arg-type]
    assert caught.value.where == "as_of"

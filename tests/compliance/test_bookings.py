"""Findings about bookings: outside of a window, against a spacing, out of order."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.compliance import Finding, booking_findings, check
from trialsched.compliance.bookings import days_keeping, short_of

# The window of V2 is 10 to 14 March, that of V3 17 to 31 March; V2 and V3 at least 8 days apart, V1 and V3 15.
PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V1",
    [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("10 days after V1", window="±2 days")),
        ts.Visit("V3", "phone", ts.Timing("22 days after V1", window="±7 days", assumed=True)),
        ts.Visit("V4", "phone", ts.Timing("40 days after V1")),
    ],
    spacings=[ts.Spacing("V2", "V3", "8 days"), ts.Spacing("V3", "V1", "15 days", assumed=True)],
)
SUBJECT = ts.Subject("S", baseline=date(2026, 3, 2))


def found(subject: ts.Subject) -> list[tuple[str, str, str | None, int | None]]:
    """Return kind, visit, other visit and days of each finding."""
    return [(f.kind, f.visit, f.other, f.days_out) for f in booking_findings(ts.schedule(PROTOCOL, subject))]


@pytest.mark.parametrize(
    ("day", "out"),
    [(9, -1), (10, None), (14, None), (15, 1), (20, 6)],
)
def test_a_booking_outside_of_its_window_says_by_how_many_days(day: int, out: int | None) -> None:
    """Both ends are inside; before the window is negative."""
    expected = [] if out is None else [("booked-outside", "V2", None, out)]
    assert found(SUBJECT.booked("V2", date(2026, 3, day))) == expected


def test_the_sentence_names_the_dates() -> None:
    """One sentence with the day, the distance, the window, assumed where it is, its rule and the signed days."""
    plan = ts.schedule(PROTOCOL, SUBJECT.booked("V3", date(2026, 4, 1)))
    assert booking_findings(plan) == (
        Finding(
            "booked-outside",
            "note",
            "V3",
            None,
            "1",
            1,
            date(2026, 4, 1),
            "booked for 2026-04-01, 1 day after its assumed window 2026-03-17 to 2026-03-31 "
            "(±7 days around 2026-03-24): +1 day",
        ),
    )


@pytest.mark.parametrize(("day", "missing"), [(17, -4), (20, -1), (21, 0), (22, 0)])
def test_a_booking_nearer_than_a_spacing(day: int, missing: int) -> None:
    """V2 attended on 13 March: V3 may be on the 21st; the 20th is a day short."""
    subject = SUBJECT.attended("V2", date(2026, 3, 13)).booked("V3", date(2026, 3, day))
    assert found(subject) == ([("booked-outside", "V3", "V2", missing)] if missing else [])


def test_of_two_bookings_the_later_visit_tells_the_spacing_once() -> None:
    """The sentence is told with one of the two, whichever way they stand."""
    subject = SUBJECT.booked("V2", date(2026, 3, 14)).booked("V3", date(2026, 3, 20))
    assert found(subject) == [("booked-outside", "V3", "V2", -2)]
    (finding,) = booking_findings(ts.schedule(PROTOCOL, subject))
    short = "6 days after V2 (2026-03-14), short of the spacing of at least 8 days: -2 days"
    assert finding.detail == f"booked for 2026-03-20, {short}"


def test_a_spacing_holds_to_attended_visits_of_either_side() -> None:
    """A booking is compared with what was attended, and the later of the two tells it."""
    subject = SUBJECT.attended("V3", date(2026, 3, 18)).booked("V2", date(2026, 3, 12))
    assert found(subject) == [("booked-outside", "V3", "V2", -2)]
    # V1 on 5 March: V3's window is 20 March to 3 April, and the 20th is 15 days on
    anchor = SUBJECT.booked("V1", date(2026, 3, 5))
    assert found(anchor.booked("V3", date(2026, 3, 20))) == []
    assert found(anchor.booked("V3", date(2026, 3, 19))) == [
        ("booked-outside", "V3", None, -1),
        ("booked-outside", "V3", "V1", -1),
    ]


def test_a_booking_before_an_earlier_visit_is_out_of_order() -> None:
    """Strictly before a visit whose target is strictly earlier; the same day is in order."""
    subject = SUBJECT.attended("V2", date(2026, 3, 14)).booked("V4", date(2026, 3, 13))
    assert found(subject) == [("out-of-order", "V4", "V2", None)]
    assert found(SUBJECT.attended("V2", date(2026, 3, 14)).booked("V4", date(2026, 3, 14))) == []


def test_what_is_attended_missed_or_withheld_is_no_open_booking() -> None:
    """Nor does a visit that did not take place stand in the way of another."""
    day = date(2026, 3, 20)
    assert found(SUBJECT.booked("V2", day).attended("V2", day)) == []
    assert found(SUBJECT.booked("V2", day).missed("V2")) == []
    assert found(SUBJECT.booked("V2", date(2026, 3, 14)).missed("V2").booked("V4", date(2026, 3, 13))) == []
    partly = SUBJECT.booked("V2", day).attended("V2", ts.PartialDate(2026, 3))
    assert found(partly.booked("V4", date(2026, 3, 13))) == []


def in_report(*records: ts.VisitRecord) -> list[tuple[str, str, str | None, int | None]]:
    """Return what a report of 2 March says, as `found` does."""
    subject = replace(SUBJECT, records=records)
    report = check(ts.schedule(PROTOCOL, subject), date(2026, 3, 2))
    return [(f.kind, f.visit, f.other, f.days_out) for f in report.findings if f.kind != "in-the-future"]


@pytest.mark.parametrize(("day", "out"), [(9, -1), (10, None), (14, None), (15, 1)])
def test_a_report_tells_a_booking_outside_of_its_window(day: int, out: int | None) -> None:
    """The window of V2 is 10 to 14 March."""
    booking = ts.VisitRecord("V2", booked=date(2026, 3, day))
    assert in_report(booking) == ([("booked-outside", "V2", None, out)] if out else [])


@pytest.mark.parametrize(("day", "missing"), [(17, -4), (20, -1), (21, None), (22, None)])
def test_a_report_tells_a_booking_against_a_spacing(day: int, missing: int | None) -> None:
    """V2 attended on 13 March: V3, whose window begins on the 17th, may be on the 21st."""
    held, booking = (
        ts.VisitRecord("V2", attended=date(2026, 3, 13)),
        ts.VisitRecord("V3", booked=date(2026, 3, day)),
    )
    assert in_report(held, booking) == ([("booked-outside", "V3", "V2", missing)] if missing else [])


def test_a_report_tells_a_booking_after_a_withheld_treatment() -> None:
    """V2 withheld on 12 March and booked again for the 16th: two days out, and 4 of 8 days from V3 on the 20th."""
    records = (
        ts.VisitRecord("V2", attended=date(2026, 3, 12), outcome="withheld"),
        ts.VisitRecord("V2", booked=date(2026, 3, 16)),
        ts.VisitRecord("V3", attended=date(2026, 3, 20)),
    )
    assert in_report(*records) == [
        ("withheld", "V2", None, None),
        ("booked-outside", "V2", None, 2),
        ("booked-outside", "V3", "V2", -4),
    ]


def test_a_report_tells_nothing_of_a_booking_without_window_or_spacing_or_out_of_order() -> None:
    """V4 has neither; that it is booked before V3 is said by `booking_findings` only."""
    assert in_report(ts.VisitRecord("V4", booked=date(2026, 3, 1))) == []
    booking, held = ts.VisitRecord("V4", booked=date(2026, 3, 19)), ts.VisitRecord("V3", attended=date(2026, 3, 20))
    assert in_report(booking, held) == []


WITHHELD_THEN_BOOKED = (
    ts.VisitRecord("V1", attended=date(2026, 3, 2), outcome="withheld"),
    ts.VisitRecord("V1", booked=date(2026, 3, 9)),
)


def test_a_visit_that_was_held_has_no_open_booking() -> None:
    """Held on 13 March and booked for the 20th, far outside, in either order; with the mode and without."""
    held, booking = ts.VisitRecord("V2", attended=date(2026, 3, 13)), ts.VisitRecord("V2", booked=date(2026, 3, 20))
    for records in ((held, booking), (booking, held)):
        assert in_report(*records) == []
        assert found(replace(SUBJECT, records=records)) == []


def test_a_booking_before_its_window_says_before() -> None:
    """A day before 10 March."""
    (finding,) = booking_findings(ts.schedule(PROTOCOL, SUBJECT.booked("V2", date(2026, 3, 9))))
    out = "1 day before its window 2026-03-10 to 2026-03-14 (±2 days around 2026-03-12): -1 day"
    assert finding.detail == f"booked for 2026-03-09, {out}"


def test_a_booking_too_near_before_a_visit_that_was_held_is_told_with_that_visit() -> None:
    """V3 was held on 18 March, V2 is booked six days before it: two are missing to eight."""
    subject = SUBJECT.attended("V3", date(2026, 3, 18)).booked("V2", date(2026, 3, 12))
    (finding,) = booking_findings(ts.schedule(PROTOCOL, subject))
    short = "6 days after V2 (booked for 2026-03-12), short of the spacing of at least 8 days: -2 days"
    detail = f"attended 2026-03-18, {short}"
    assert finding == Finding("booked-outside", "note", "V3", "V2", "1", -2, date(2026, 3, 18), detail)


@pytest.mark.parametrize(
    ("first", "second", "teller"),
    [
        ("2026-03-14", "2026-03-15", "V3"),
        ("2026-03-15", "2026-03-14", "V2"),
        ("2026-03-14", "2026-03-14", "V3"),  # on one day: the later in protocol order
        ("2026-03", "2026-03-15", "V2"),  # a partly known date counts by its last day
        ("2026-03", "2026-03-31", "V3"),
    ],
)
def test_each_finding_of_a_spacing_is_told_at_the_later_of_the_two(first: str, second: str, teller: str) -> None:
    """Both held, both booked, one of each: the same visit tells it, whichever way the spacing is written."""
    one, other = (
        ts.PartialDate.parse(text) if len(text) == 7 else date.fromisoformat(text) for text in (first, second)
    )
    held = [ts.VisitRecord("V2", attended=one), ts.VisitRecord("V3", attended=other)]
    booked = [ts.VisitRecord(r.visit, booked=r.attended) for r in held if isinstance(r.attended, date)]
    pairs = [(held, "too-close"), ([*held[:1], *booked[-1:]], "booked-outside")]
    if len(booked) == 2:
        pairs += [(booked, "booked-outside"), ([booked[0], held[1]], "booked-outside")]
    for spacing in (ts.Spacing("V2", "V3", "40 days"), ts.Spacing("V3", "V2", "40 days")):
        plain = replace(PROTOCOL, spacings=(spacing,))
        for records, kind in pairs:
            report = check(ts.schedule(plain, replace(SUBJECT, records=tuple(records))), date(2026, 3, 2))
            told = [(f.kind, f.visit) for f in report.findings if f.other and f.kind in ("too-close", "booked-outside")]
            assert told == [(kind, teller)]


def test_a_booking_outside_of_a_window_that_a_limit_cut_is_told_so() -> None:
    """Seven days around 22 March, but not before the 20th: booked for the 19th."""
    visits = [
        ts.Visit("V1", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V2", "on-site", ts.Timing("20 days after V1", window="±7 days", not_before="18 days after V1")),
    ]
    protocol = ts.Protocol("p", "1", "V1", visits)
    (finding,) = booking_findings(ts.schedule(protocol, SUBJECT.booked("V2", date(2026, 3, 19))))
    assert finding.detail == (
        "booked for 2026-03-19, 1 day before its window 2026-03-20 to 2026-03-29 "
        "(±7 days around 2026-03-22, cut by a limit): -1 day"
    )


def test_a_booking_before_a_visit_of_the_same_target_is_in_order() -> None:
    """Two visits 10 days after V1: either may be first."""
    twin = ts.Visit("T2", "phone", ts.Timing("10 days after V1"))
    protocol = replace(PROTOCOL, visits=(*PROTOCOL.visits, twin))
    subject = SUBJECT.attended("V2", date(2026, 3, 13)).booked("T2", date(2026, 3, 12))
    assert booking_findings(ts.schedule(protocol, subject)) == ()


def test_of_one_booking_the_window_is_told_before_a_spacing() -> None:
    """V1 on 5 March, hence V3 from the 20th: the 19th is a day early, and 14 of 15 days from V1."""
    held, booking = ts.VisitRecord("V1", attended=date(2026, 3, 5)), ts.VisitRecord("V3", booked=date(2026, 3, 19))
    expected = [("booked-outside", "V3", None, -1), ("booked-outside", "V3", "V1", -1)]
    assert in_report(held, booking) == expected


def test_of_two_bookings_judged_by_two_versions_that_of_the_later_one_has_the_spacing() -> None:
    """V3, withheld under version 1 and booked again for the 25th, is judged by it, V2 by version 2, as of 12 March.

    V2 booked for the 20th is 5 days before, of 10 by version 1. Booked for the 28th it is 3 days after, of 8 by
    version 2.
    """
    ten, eight = (ts.Spacing("V2", "V3", ts.Offset(days=days)) for days in (10, 8))
    by_one, by_two = ("V3", "V2", "1", -5), ("V2", "V3", "2", -5)
    for day, first, second, expected in (
        (20, (ten,), (), [by_one]),
        (20, (), (eight,), []),
        (20, (ten,), (eight,), [by_one]),
        (28, (ten,), (), []),
        (28, (ten,), (eight,), [by_two]),
    ):
        records = (
            ts.VisitRecord("V3", attended=date(2026, 3, 9), outcome="withheld"),
            ts.VisitRecord("V3", booked=date(2026, 3, 25)),
            ts.VisitRecord("V2", booked=date(2026, 3, day)),
        )
        subject = replace(SUBJECT, records=records)
        one = replace(PROTOCOL, spacings=first)
        two = replace(PROTOCOL, version="2", spacings=second, meta=ts.Meta(in_force=date(2026, 3, 10)))
        report = check([ts.schedule(protocol, subject) for protocol in (one, two)], date(2026, 3, 12))
        found = [(f.visit, f.other, f.version, f.days_out) for f in report.findings if f.other is not None]
        assert found == expected


@given(strategies.plans() | strategies.histories())
@example(ts.schedule(PROTOCOL, replace(SUBJECT, records=WITHHELD_THEN_BOOKED)))
def test_findings_are_of_open_bookings_for_any_records(plan: ts.Plan) -> None:
    """Total for every plan; each finding is of a booked visit that was not held, outside by what it says.

    Of a spacing one of the two is, perhaps the one that does not tell it.
    """
    for finding in booking_findings(plan):
        row = plan[finding.visit]
        if finding.date == row.attended and finding.other is not None:
            row = plan[finding.other]
        else:
            assert row.booked == finding.date
        assert all(r.attended is None or r.outcome == "withheld" for r in row.records)
        assert row.booked in [r.booked for r in row.records if r.attended is None and r.outcome is None]
        if finding.kind == "booked-outside" and finding.other is None:
            window = row.window
            assert window
            assert isinstance(finding.date, date)
            assert finding.days_out is not None
            assert finding.date not in window
            edge = window.earliest if finding.days_out < 0 else window.latest
            assert (finding.date - edge).days == finding.days_out


@pytest.mark.parametrize(
    ("at_least", "day", "first", "last", "kept"),
    [
        ("3 days", "03-02", "02-23", "03-09", ["02-23..02-27", "03-05..03-09"]),
        ("3 days", "03-02", "02-28", "03-04", []),
        ("3 days", "03-02", "02-27", "03-05", ["02-27..02-27", "03-05..03-05"]),
        ("3 days", "03-02", "03-20", "03-22", ["03-20..03-22"]),
        ("3 days", "03-02", "02-01", "02-03", ["02-01..02-03"]),
        # A month is counted from the earlier day: from 28 February to 28 March, from 1 March to 1 April.
        ("1 month", "03-31", "02-20", "05-02", ["02-20..02-28", "04-30..05-02"]),
    ],
)
def test_days_that_keep_a_spacing(at_least: str, day: str, first: str, last: str, kept: list[str]) -> None:
    """Before the day and after it, both ends included."""
    among = ts.DateRange(date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}"))
    found = days_keeping(ts.Spacing("A", "B", at_least), date.fromisoformat(f"2026-{day}"), among)
    assert [f"{part.earliest:%m-%d}..{part.latest:%m-%d}" for part in found] == kept


@given(strategies.offsets().filter(lambda offset: offset.after(date(2000, 1, 1)) > date(2000, 1, 1)), st.data())
def test_days_that_keep_a_spacing_are_those_that_miss_none_of_it(at_least: ts.Offset, data: st.DataObject) -> None:
    """Each day of the range, asked by itself; at both ends of the calendar too."""
    day = data.draw(st.dates() | st.builds(ts.PartialDate, st.integers(1, 9999), st.integers(1, 12)))
    could_be = [day] if isinstance(day, date) else list(day.days)
    start = could_be[0].toordinal()
    near = st.integers(max(1, start - 1500), min(date.max.toordinal(), start + 1500))
    ends = sorted(data.draw(st.tuples(near, near)))
    among = ts.DateRange(*map(date.fromordinal, ends))
    spacing = ts.Spacing("A", "B", at_least)
    kept = [one for part in days_keeping(spacing, day, among) for one in part]
    assert kept == [one for one in among if all(short_of(spacing, held, one) <= 0 for held in could_be)]


SPACED = ts.Protocol(
    "spaced",
    "1",
    "V1",
    [ts.Visit("V1", "on-site"), ts.Visit("V2", "on-site", "30 days after V1")],
    spacings=[ts.Spacing("V1", "V2", "40 days")],
)


def test_a_spacing_to_a_partly_known_date_is_told_when_it_is_sure() -> None:
    """From 1 March to 5 April are 35 days at most; to 10 April 40 days may be, or 10."""
    held = ts.Subject("S", baseline=date(2026, 3, 2)).attended("V1", ts.PartialDate(2026, 3))
    report = check(ts.schedule(SPACED, held.booked("V2", date(2026, 4, 5))), date(2026, 4, 1))
    words = "booked for 2026-04-05, at most 35 days from V1 (2026-03), short of the spacing of at least 40 days: "
    assert report.findings == (
        Finding("booked-outside", "note", "V2", "V1", "1", -5, date(2026, 4, 5), f"{words}at least -5 days"),
    )
    assert check(ts.schedule(SPACED, held.booked("V2", date(2026, 4, 10))), date(2026, 4, 1)).findings == ()


def test_a_day_inside_a_partly_known_date_is_no_reason_to_pass_over_it() -> None:
    """From 10 March to 1 and to 31 March are 9 and 21 days at most, whatever the length of the month."""
    came = ts.Subject("S", baseline=date(2026, 3, 2)).attended("V1", date(2026, 3, 10))
    plan = ts.schedule(
        replace(SPACED, spacings=(ts.Spacing("V1", "V2", "23 days"),)), came.attended("V2", ts.PartialDate(2026, 3))
    )
    words = "attended 2026-03, at most 21 days from V1 (2026-03-10), short of the spacing of at least 23 days: "
    (finding,) = check(plan, date(2026, 4, 1)).findings
    assert (finding.kind, finding.days_out, finding.detail) == ("too-close", -2, f"{words}at least -2 days")


_NEAR = st.dates(date(2024, 2, 1), date(2024, 4, 30))
_PARTLY = st.builds(ts.PartialDate, st.just(2024), st.integers(2, 4)) | st.just(ts.PartialDate(2024))


@settings(max_examples=300)
@given(_NEAR | _PARTLY, _NEAR | _PARTLY, st.integers(15, 60) | st.sampled_from(["1 month", "2 months", "1 year"]))
def test_too_close_is_sure_for_every_day_that_it_could_be(
    one: date | ts.PartialDate, two: date | ts.PartialDate, apart: int | str
) -> None:
    """Every pair of days asked by itself; the number is the least of what they miss."""
    at_least = ts.Offset.parse(f"{apart} days" if isinstance(apart, int) else apart)
    spacing = ts.Spacing("V1", "V2", at_least)
    subject = ts.Subject("S", baseline=date(2024, 3, 2)).attended("V1", one).attended("V2", two)
    findings = check(ts.schedule(replace(SPACED, spacings=(spacing,)), subject), date(2025, 1, 1)).findings
    firsts, seconds = (list(day.days) if isinstance(day, ts.PartialDate) else [day] for day in (one, two))
    ends = [(a, b) for a in firsts for b in (seconds[0], seconds[-1])]
    missing = min((at_least.after(min(pair)) - max(pair)).days for pair in ends)
    found = [finding.days_out for finding in findings if finding.kind == "too-close"]
    assert found == ([-missing] if missing > 0 else [])


def test_two_partly_known_visits_are_too_close_when_it_is_sure() -> None:
    """From 1 to 31 March 30 days at most; from 2 March to April's last day 59 may be, to 10 April surely 39."""
    subject = ts.Subject("S", baseline=date(2026, 3, 2))
    march = ts.PartialDate(2026, 3)
    both = check(ts.schedule(SPACED, subject.attended("V1", march).attended("V2", march)), date(2026, 5, 1))
    words = "attended 2026-03, at most 30 days from V1 (2026-03), short of the spacing of at least 40 days: "
    assert both.findings == (
        Finding("too-close", "deviation", "V2", "V1", "1", -10, march, f"{words}at least -10 days"),
    )
    second = check(
        ts.schedule(SPACED, subject.attended("V1", march).attended("V2", date(2026, 4, 9))), date(2026, 5, 1)
    )
    assert [(f.kind, f.days_out, f.date) for f in second.findings] == [("too-close", -1, date(2026, 4, 9))]
    later = subject.attended("V1", date(2026, 3, 2)).attended("V2", ts.PartialDate(2026, 4))
    assert check(ts.schedule(SPACED, later), date(2026, 5, 1)).findings == ()

"""Every finding at its boundaries, with its sentence.

The protocol, with baseline Monday 2 March 2026 (March has 31 days, April 30):

| visit | mode | target | window | as written |
|---|---|---|---|---|
| V0 | on site | 03-02 | 02-27 to 03-05 | anchor, ±3 days |
| V1 | on site | 03-12 | 03-08 to 03-16 | 10 days after V0, ±4 days |
| V2 | phone | 03-22 | 03-18 to 03-26, assumed | 20 days after V0, ±4 days |
| V3 | video | 04-01 | 03-30 to 04-03 | 30 days after V0, ±2 days, not before 15 days after V1 (03-27: no cut) |
| V4 | home | 04-11 | none | 40 days after V0 |

V0 and V1 are at least 8 days apart, V1 and V2 at least 9, which is assumed.
"""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

import trialsched as ts
from trialsched.compliance import Finding, check
from trialsched.protocol import Mode

PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V0",
    [
        ts.Visit("V0", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("V1", "on-site", ts.Timing("10 days after V0", window="±4 days")),
        ts.Visit("V2", "phone", ts.Timing("20 days after V0", window="±4 days", assumed=True)),
        ts.Visit("V3", "video", ts.Timing("30 days after V0", window="±2 days", not_before="15 days after V1")),
        ts.Visit("V4", "home", ts.Timing("40 days after V0")),
    ],
    spacings=[ts.Spacing("V0", "V1", "8 days"), ts.Spacing("V1", "V2", "9 days", assumed=True)],
    unscheduled=("UNS*",),
)
record = ts.VisitRecord


def day(text: str) -> date:
    """Return a day of 2026 from month and day."""
    return date.fromisoformat(f"2026-{text}")


def held(code: str, on: str, mode: Mode | None = None) -> ts.VisitRecord:
    """Return a record of a visit held on a day of 2026."""
    return record(code, attended=day(on), mode=mode)


def found(
    *records: ts.VisitRecord, as_of: str = "04-30", ended: str | None = None, protocol: ts.Protocol = PROTOCOL
) -> tuple[Finding, ...]:
    """Return the findings of a subject with baseline 2 March and some records; what lapsed is left out."""
    subject = ts.Subject("S", date(2026, 3, 2), records=records, ended=day(ended) if ended else None)
    report = check(ts.schedule(protocol, subject), day(as_of))
    return tuple(finding for finding in report.findings if finding.kind != "lapsed")


def only(*records: ts.VisitRecord, as_of: str = "04-30", ended: str | None = None) -> Finding | None:
    """Return the one finding, or None."""
    findings = found(*records, as_of=as_of, ended=ended)
    assert len(findings) <= 1
    return findings[0] if findings else None


def kinds(*records: ts.VisitRecord, as_of: str = "04-30", ended: str | None = None) -> list[tuple[str, str]]:
    """Return visit and kind of each finding."""
    return [(finding.visit, finding.kind) for finding in found(*records, as_of=as_of, ended=ended)]


def test_nothing_is_found_where_all_is_as_planned() -> None:
    """Each visit on its target, in its mode, what is to come booked inside."""
    modes: dict[str, Mode] = {"V0": "on-site", "V1": "on-site", "V2": "phone"}
    days = {"V0": "03-02", "V1": "03-12", "V2": "03-22"}
    records = [held(code, days[code], mode) for code, mode in modes.items()]
    plan = ts.schedule(
        PROTOCOL, ts.Subject("S", date(2026, 3, 2), records=(*records, record("V3", booked=day("04-01"))))
    )
    assert check(plan, day("03-22")).findings == ()


# Early, late


def test_a_day_before_the_window_is_early() -> None:
    """The window of V1 is 8 to 16 March: the 7th is -1, the 8th inside."""
    words = "attended 2026-03-07, 1 day before its window 2026-03-08 to 2026-03-16 (±4 days around 2026-03-12): -1 day"
    assert only(held("V1", "03-07")) == Finding("early", "deviation", "V1", None, "1", -1, day("03-07"), words)
    assert only(held("V1", "03-08")) is None


def test_a_day_after_the_window_is_late() -> None:
    """The 16th is inside, the 17th +1, which is inside no other window; V2's begins on the 18th."""
    words = "attended 2026-03-17, 1 day after its window 2026-03-08 to 2026-03-16 (±4 days around 2026-03-12): +1 day"
    assert only(held("V1", "03-17")) == Finding("late", "deviation", "V1", None, "1", 1, day("03-17"), words)
    assert only(held("V1", "03-16")) is None


def test_outside_of_an_assumed_window_is_a_note() -> None:
    """V2's window is 18 to 26 March: the 28th is two days late; the sentence says assumed."""
    words = (
        "attended 2026-03-28, 2 days after its assumed window 2026-03-18 to 2026-03-26 (±4 days around 2026-03-22): "
        "+2 days"
    )
    assert only(held("V2", "03-28")) == Finding("late", "note", "V2", None, "1", 2, day("03-28"), words)


def test_a_withheld_visit_outside_its_window_is_late_too() -> None:
    """The subject came, a day late, and the treatment was not given: two facts."""
    assert kinds(record("V1", attended=day("03-17"), outcome="withheld")) == [("V1", "late"), ("V1", "withheld")]


def test_a_window_that_a_limit_cut_is_told_so() -> None:
    """V1 on 16 March: V3 not before the 31st; on the 30th it is a day early. Not before the 30th cuts nothing."""
    (finding,) = found(held("V1", "03-16"), held("V3", "03-30"))
    assert (finding.kind, finding.days_out) == ("early", -1)
    assert finding.detail == (
        "attended 2026-03-30, 1 day before its window 2026-03-31 to 2026-04-03 (±2 days around 2026-04-01, cut by a "
        "limit): -1 day"
    )
    (finding,) = found(held("V1", "03-15"), held("V3", "03-29"))
    assert finding.detail.endswith(" its window 2026-03-30 to 2026-04-03 (±2 days around 2026-04-01): -1 day")


@pytest.mark.parametrize(
    ("partly", "kind", "days_out", "words"),
    [
        # 28 February to 8 March is 8 days; 16 March to 1 April 16
        ((2026, 2), "early", -8, "attended 2026-02, at least 8 days before its window"),
        ((2026, 4), "late", 16, "attended 2026-04, at least 16 days after its window"),
    ],
)
def test_a_partly_known_date_is_out_by_at_least(partly: tuple[int, int], kind: str, days_out: int, words: str) -> None:
    """The least that is certain; and no other window is looked for."""
    finding = only(record("V1", attended=ts.PartialDate(*partly)))
    assert finding is not None
    assert (finding.kind, finding.days_out, finding.date) == (kind, days_out, ts.PartialDate(*partly))
    assert finding.detail.startswith(words)
    assert finding.detail.endswith(f": at least {days_out:+} days")


def test_a_partly_known_date_that_is_undecided_or_inside_is_no_finding() -> None:
    """March holds the window of V1 and 22 days more; for a window of 13 and 17 days around V0 it is inside."""
    assert only(record("V1", attended=ts.PartialDate(2026, 3))) is None
    wide = ts.Visit("V0", "on-site", ts.Timing(window="-1/+29 days"))
    protocol = replace(PROTOCOL, visits=(wide, *PROTOCOL.visits[1:]))
    assert found(record("V0", attended=ts.PartialDate(2026, 3)), as_of="04-30", protocol=protocol) == ()


# Missed, withheld, lapsed


def test_missed_is_a_deviation_without_a_day() -> None:
    """With a window, without one, and with an assumed one; the sentence has window and target."""
    expected = [
        ("V1", "recorded as missed; its window 2026-03-08 to 2026-03-16 (±4 days around 2026-03-12)"),
        ("V2", "recorded as missed; its assumed window 2026-03-18 to 2026-03-26 (±4 days around 2026-03-22)"),
        ("V4", "recorded as missed; no window, target 2026-04-11"),
    ]
    for code, detail in expected:
        assert only(record(code, booked=day("03-20"), outcome="missed"), as_of="03-01") == Finding(
            "missed", "deviation", code, None, "1", None, None, detail
        )


def test_what_is_booked_again_or_held_is_not_missed() -> None:
    """Missed once, then agreed for another day, or held."""
    missed = record("V1", outcome="missed")
    assert only(missed, record("V1", booked=day("03-15"))) is None
    assert only(missed, held("V1", "03-15")) is None
    assert kinds(missed, missed) == [("V1", "missed")]


def test_each_withheld_treatment_is_a_note() -> None:
    """Two on different days are two, two on one day one; a partly known day is printed as it is known."""
    first = record("V1", attended=day("03-10"), outcome="withheld")
    second = record("V1", attended=ts.PartialDate(2026, 3), outcome="withheld")
    words = "came on 2026-03-10, the planned treatment was not given"
    assert only(first) == Finding("withheld", "note", "V1", None, "1", None, day("03-10"), words)
    assert only(first, replace(first, note="again")) == only(first)
    assert [finding.date for finding in found(first, second)] == [ts.PartialDate(2026, 3), day("03-10")]


def lapsed(*records: ts.VisitRecord, as_of: str) -> list[Finding]:
    """Return what lapsed of V1 and V2."""
    plan = ts.schedule(PROTOCOL, ts.Subject("S", date(2026, 3, 2), records=records))
    return [f for f in check(plan, day(as_of)).findings if f.kind == "lapsed" and f.visit in ("V1", "V2")]


def test_lapsed_is_a_note_from_the_day_after_the_window() -> None:
    """V1's window closes on 16 March, V2's on the 26th."""
    assert lapsed(as_of="03-16") == []
    words = "nothing recorded, its window 2026-03-08 to 2026-03-16 has closed (±4 days around 2026-03-12)"
    v1 = Finding("lapsed", "note", "V1", None, "1", None, None, words)
    assert lapsed(as_of="03-17") == lapsed(as_of="03-26") == [v1]
    words = "nothing recorded, its assumed window 2026-03-18 to 2026-03-26 has closed (±4 days around 2026-03-22)"
    assert lapsed(as_of="03-27") == [v1, Finding("lapsed", "note", "V2", None, "1", None, None, words)]


def test_the_day_that_was_agreed_is_told_of_what_lapsed() -> None:
    """Booked for 14 March, for the latest of two days, or recorded without any day."""
    start = "booked for 2026-03-14, nothing recorded"
    for records in (
        (record("V1", booked=day("03-14")),),
        (record("V1", booked=day("03-14")), record("V1", booked=day("03-13"))),
    ):
        (finding,) = lapsed(*records, as_of="03-17")
        assert finding.detail.startswith(start)
    (finding,) = lapsed(record("V1"), as_of="03-17")
    assert finding.detail.startswith("nothing recorded,")
    again = (record("V1", outcome="missed"), record("V1", booked=day("03-14")))
    (finding,) = lapsed(*again, as_of="03-17")
    assert finding.detail.startswith("recorded as missed, then booked for 2026-03-14, nothing recorded since, its")


# Modes


@pytest.mark.parametrize(
    ("code", "mode", "kind"),
    [
        ("V1", "on-site", None),
        ("V1", "phone", "wrong-mode"),
        ("V1", "video", "wrong-mode"),
        ("V1", "home", "wrong-mode"),
        ("V2", "phone", None),
        ("V2", "video", "wrong-mode"),
        ("V2", "on-site", "mode-upgrade"),
        ("V2", "home", "mode-upgrade"),
        ("V3", "phone", "wrong-mode"),
        ("V3", "on-site", "mode-upgrade"),
        ("V3", "home", "mode-upgrade"),
        ("V4", "on-site", "wrong-mode"),
        ("V4", "phone", "wrong-mode"),
        ("V4", "home", None),
    ],
)
def test_another_mode_is_a_deviation_or_an_upgrade(code: str, mode: Mode, kind: str | None) -> None:
    """Planned by phone or video and done on site or at home is an upgrade; V1 is on site, V2 by phone, V3 video."""
    target = {"V1": "03-12", "V2": "03-22", "V3": "04-01", "V4": "04-11"}[code]
    finding = only(held(code, target, mode))
    assert (finding and finding.kind) == kind
    assert finding is None or finding.level == ("note" if kind == "mode-upgrade" else "deviation")


def test_the_sentence_of_a_mode_has_both_and_the_day() -> None:
    """In words, not in codes."""
    upgrade = only(held("V2", "03-22", "on-site"))
    assert upgrade is not None
    assert upgrade[2:] == ("V2", None, "1", None, day("03-22"), "done on site on 2026-03-22, planned by phone")
    wrong = only(held("V4", "04-11", "video"))
    assert wrong is not None
    assert wrong.detail == "done by video on 2026-04-11, planned at home"
    assert [f.detail for f in found(held("V3", "04-01", "phone"))] == ["done by phone on 2026-04-01, planned by video"]


def test_a_mode_is_compared_when_it_was_said_and_the_visit_was_done() -> None:
    """Not without a mode, nor of a booking; also when the treatment was withheld."""
    assert only(held("V1", "03-12")) is None
    assert only(record("V1", booked=day("03-12"), mode="phone")) is None
    withheld = record("V1", attended=day("03-12"), mode="phone", outcome="withheld")
    assert kinds(withheld) == [("V1", "withheld"), ("V1", "wrong-mode")]


# Spacings


@pytest.mark.parametrize(
    ("first", "second", "missing"),
    [
        ("03-02", "03-09", -1),  # 7 days of 8
        ("03-02", "03-10", None),  # exactly 8
        ("03-02", "03-11", None),
        ("03-05", "02-25", None),  # 8 days before: 28 February is 3 on, 5 March 5 more
        ("03-05", "02-26", -1),
        ("03-05", "03-05", -8),
    ],
)
def test_two_visits_nearer_than_a_spacing(first: str, second: str, missing: int | None) -> None:
    """V0 and V1 at least 8 days apart, on either side, exactly 8 being enough; told at the later of the two."""
    close = [f for f in found(held("V0", first), held("V1", second)) if f.kind == "too-close"]
    later, earlier = ("V0", "V1") if first > second else ("V1", "V0")
    assert [(f.visit, f.other, f.level, f.days_out, f.date) for f in close] == (
        [(later, earlier, "deviation", missing, max(day(first), day(second)))] if missing else []
    )


def test_the_sentence_of_a_spacing_has_both_days_and_what_is_missing() -> None:
    """After, after the visit that comes later in the protocol, on the same day; assumed where it is."""
    (finding,) = found(held("V0", "03-02"), held("V1", "03-09"))
    assert finding.detail == (
        "attended 2026-03-09, 7 days after V0 (2026-03-02), short of the spacing of at least 8 days: -1 day"
    )
    details = [f.detail for f in found(held("V0", "03-05"), held("V1", "02-26")) if f.kind == "too-close"]
    assert details == [
        "attended 2026-03-05, 7 days after V1 (2026-02-26), short of the spacing of at least 8 days: -1 day"
    ]
    details = [f.detail for f in found(held("V0", "03-05"), held("V1", "03-05")) if f.kind == "too-close"]
    assert details == [
        "attended 2026-03-05, 0 days after V0 (2026-03-05), short of the spacing of at least 8 days: -8 days"
    ]
    (finding,) = found(held("V1", "03-16"), held("V2", "03-23"))  # 7 days of 9
    words = (
        "attended 2026-03-23, 7 days after V1 (2026-03-16), short of the assumed spacing of at least 9 days: -2 days"
    )
    assert finding == Finding("too-close", "note", "V2", "V1", "1", -2, day("03-23"), words)


@pytest.mark.parametrize(
    ("first", "second", "missing"),
    [
        ("2026-01-31", "2026-02-27", -1),  # a month after 31 January is 28 February
        ("2026-01-31", "2026-02-28", None),
        ("2026-01-01", "2026-01-31", -1),  # 30 days, a month being 31
        ("2026-01-01", "2026-02-01", None),
        ("2028-01-31", "2028-02-28", -1),  # a leap year
        ("2028-01-31", "2028-02-29", None),
        ("2028-02-28", "2028-03-27", -1),  # a leap year: a month is 29 days
        ("2028-02-28", "2028-03-28", None),
        ("2026-03-31", "2026-02-28", None),  # counted from the earlier: 28 February to 28 March
        ("2026-03-27", "2026-02-28", -1),
    ],
)
def test_a_spacing_in_months_is_counted_from_the_earlier_visit(first: str, second: str, missing: int | None) -> None:
    """At least a month, as months are counted everywhere."""
    protocol = replace(PROTOCOL, spacings=(ts.Spacing("V0", "V1", "1 month"),))
    days = [date.fromisoformat(text) for text in (first, second)]
    subject = ts.Subject("S", days[0]).attended("V0", days[0]).attended("V1", days[1])
    findings = check(ts.schedule(protocol, subject), days[0]).findings
    close = [f.days_out for f in findings if f.kind == "too-close"]
    assert close == ([missing] if missing else [])


def test_two_months_are_counted_as_two_months() -> None:
    """1 January to 28 February is 58 days, one short of two months."""
    protocol = replace(PROTOCOL, spacings=(ts.Spacing("V0", "V1", "2 months"),))
    subject = ts.Subject("S", day("01-01")).attended("V0", day("01-01")).attended("V1", day("02-28"))
    findings = check(ts.schedule(protocol, subject), day("01-01")).findings
    assert [f.days_out for f in findings if f.kind == "too-close"] == [-1]


def test_of_two_spacings_between_the_same_visits_the_deviation_is_told_then_the_longer_one() -> None:
    """V1 on 6 March, 4 days after V0: 9 are missing to an assumed 13, 6 to 10 that are stated, 7 to 11."""
    thirteen, ten, eleven = (ts.Spacing("V0", "V1", f"{days} days", assumed=days == 13) for days in (13, 10, 11))
    for spacings, expected in (([thirteen, ten], ("deviation", -6)), ([ten, eleven, thirteen], ("deviation", -7))):
        for order in permutations(spacings):
            findings = found(held("V0", "03-02"), held("V1", "03-06"), protocol=replace(PROTOCOL, spacings=order))
            assert [(f.level, f.days_out) for f in findings if f.kind == "too-close"] == [expected]


@pytest.mark.parametrize(("first", "second"), [("V0", "VB"), ("VB", "V0")])
def test_a_spacing_to_a_visit_of_another_arm_is_passed_over(first: str, second: str) -> None:
    """Arm B has VB, arm A has not: a spacing to or from it finds nothing there."""
    vb = ts.Visit("VB", "phone", ts.Timing("5 days after V0"), arms=["B"])
    spacings = [ts.Spacing(first, second, "8 days")]
    protocol = ts.Protocol("demo", "1", "V0", [ts.Visit("V0", "on-site"), vb], arms=["A", "B"], spacings=spacings)
    for arm, expected in (("A", []), ("B", ["VB"])):
        records = (held("V0", "03-02"), *[held("VB", "03-07")] * (arm == "B"))
        subject = ts.Subject("S", date(2026, 3, 2), arm=arm, records=records)
        findings = check(ts.schedule(protocol, subject), day("03-07")).findings
        assert [f.visit for f in findings] == expected


def test_a_spacing_is_between_visits_whose_treatment_was_given() -> None:
    """Not with a withheld, a missed or a booked one, nor with one of March, which may have been far enough."""
    v1 = held("V1", "03-09")
    for v0 in (
        record("V0", attended=day("03-02"), outcome="withheld"),
        record("V0", outcome="missed"),
        record("V0", attended=ts.PartialDate(2026, 3)),
    ):
        assert "too-close" not in [kind for _, kind in kinds(v0, v1)]
    assert kinds(held("V0", "03-02"), record("V1", attended=day("03-09"), outcome="withheld")) == [("V1", "withheld")]
    assert kinds(held("V0", "03-02"), record("V1", attended=ts.PartialDate(2026, 3))) == []


def test_of_several_records_the_one_judged_keeps_the_spacing() -> None:
    """Withheld on the 9th, given on the 10th: 8 days after V0; given on the 9th and 10th it is the 9th."""
    withheld = record("V1", attended=day("03-09"), outcome="withheld")
    assert kinds(held("V0", "03-02"), withheld, held("V1", "03-10")) == [("V1", "withheld")]
    assert kinds(held("V0", "03-02"), held("V1", "03-10"), held("V1", "03-09")) == [
        ("V1", "too-close"),
        ("V1", "duplicate"),
    ]


# Out of order


def test_a_visit_before_an_earlier_one_is_out_of_order() -> None:
    """V1 on 16 March, V2 (target ten days later) on the 15th: told of V2; on the same day they are in order."""
    finding = next(f for f in found(held("V1", "03-16"), held("V2", "03-15")) if f.kind == "out-of-order")
    words = "attended 2026-03-15, before V1 (2026-03-16), whose target 2026-03-12 is before its own, 2026-03-22"
    assert finding == Finding("out-of-order", "note", "V2", "V1", "1", None, day("03-15"), words)
    assert ("V2", "out-of-order") not in kinds(held("V1", "03-16"), held("V2", "03-16"))


def test_a_visit_before_several_earlier_ones_is_told_once() -> None:
    """V4 on 1 March, before V0, V1 and V2: the first in protocol order, and how many more."""
    findings = found(held("V0", "03-02"), held("V1", "03-12"), held("V2", "03-22"), held("V4", "03-01"))
    (finding,) = [f for f in findings if f.kind == "out-of-order"]
    assert (finding.visit, finding.other) == ("V4", "V0")
    assert finding.detail.startswith("attended 2026-03-01, before V0 (2026-03-02) and 2 more, whose target 2026-03-02")
    findings = found(held("V0", "03-02"), held("V1", "03-12"), held("V4", "03-01"))
    (finding,) = [f for f in findings if f.kind == "out-of-order"]
    assert "V0 (2026-03-02) and 1 more," in finding.detail


def test_one_that_was_held_on_the_same_day_is_not_named() -> None:
    """V0 on 15 March too, V1 on the 20th: V2 on the 15th was before V1 alone."""
    findings = found(held("V0", "03-15"), held("V1", "03-20"), held("V2", "03-15"))
    assert [(f.visit, f.other, " more" in f.detail) for f in findings if f.kind == "out-of-order"] == [
        ("V2", "V1", False)
    ]


def test_the_first_in_protocol_order_of_those_that_it_was_before_is_named() -> None:
    """V0 on 2, V1 on 20, V2 on 22 March, and V4 on the 15th: V1 is the first that was still to come."""
    findings = found(held("V0", "03-02"), held("V1", "03-20"), held("V2", "03-22"), held("V4", "03-15"))
    assert [(f.visit, f.other) for f in findings if f.kind == "out-of-order"] == [("V4", "V1")]


def test_every_visit_in_between_is_looked_at() -> None:
    """V0 came last of all: both others are before it, though in order with each other."""
    findings = found(held("V0", "04-20"), held("V1", "04-01"), held("V2", "04-02"))
    assert [(f.visit, f.other) for f in findings if f.kind == "out-of-order"] == [("V1", "V0"), ("V2", "V0")]


def test_visits_of_one_target_have_no_order() -> None:
    """Two visits 10 days after V0, attended in either order, are in order; a third one later is not before both."""
    twin = ts.Visit("T1", "phone", ts.Timing("10 days after V0", window="±4 days"))
    protocol = replace(PROTOCOL, visits=(*PROTOCOL.visits, twin))
    for first, second in (("03-11", "03-13"), ("03-13", "03-11")):
        assert found(held("V1", first), held("T1", second), protocol=protocol) == ()
    findings = found(held("V1", "03-13"), held("T1", "03-09"), held("V2", "03-10"), protocol=protocol)
    assert [(f.visit, f.other) for f in findings if f.kind == "out-of-order"] == [("V2", "V1")]


@pytest.mark.parametrize(
    ("v1", "v2", "order"),
    [
        (ts.PartialDate(2026, 4), day("03-31"), True),  # all of April is after it
        (ts.PartialDate(2026, 4), day("04-01"), False),  # the 1st is not before the 1st
        (ts.PartialDate(2026, 4), day("04-15"), False),  # April may have been before it
        (day("04-01"), ts.PartialDate(2026, 3), True),
        (day("03-31"), ts.PartialDate(2026, 3), False),
        (ts.PartialDate(2026, 4), ts.PartialDate(2026, 3), True),
        (ts.PartialDate(2026), ts.PartialDate(2026, 3), False),
    ],
)
def test_a_partly_known_date_is_out_of_order_when_that_is_certain(
    v1: date | ts.PartialDate, v2: date | ts.PartialDate, *, order: bool
) -> None:
    """The last day that V2 could be is before the first that V1 could be."""
    findings = found(record("V1", attended=v1), record("V2", attended=v2))
    assert [(f.visit, f.other) for f in findings if f.kind == "out-of-order"] == ([("V2", "V1")] if order else [])


def test_withheld_visits_have_their_place_too_and_booked_ones_have_none() -> None:
    """The subject came; an agreed day is not a day on which somebody came."""
    withheld = record("V1", attended=day("03-16"), outcome="withheld")
    assert ("V2", "out-of-order") in kinds(withheld, held("V2", "03-15"))
    assert ("V2", "out-of-order") not in kinds(record("V1", booked=day("03-16")), held("V2", "03-15"))


# In another window


def test_outside_its_own_window_and_inside_that_of_one_other_visit() -> None:
    """V1 on 18 March: two days late, the first day of V2; the 26th is its last, the 27th inside none."""
    finding = next(f for f in found(held("V1", "03-18")) if f.kind == "in-other-window")
    words = (
        "attended 2026-03-18, outside its own window 2026-03-08 to 2026-03-16, inside the assumed window 2026-03-18 to "
        "2026-03-26 of V2 (+2 days)"
    )
    assert finding == Finding("in-other-window", "note", "V1", "V2", "1", None, day("03-18"), words)
    for on, inside in (("03-17", False), ("03-26", True), ("03-27", False)):
        assert (("V1", "in-other-window") in kinds(held("V1", on))) is inside


def test_inside_two_other_windows_or_inside_its_own_is_not_told() -> None:
    """A visit at V2's time makes two; V1 on 16 March is inside its own, whatever else is."""
    twin = ts.Visit("T2", "phone", ts.Timing("20 days after V0", window="±4 days"))
    protocol = replace(PROTOCOL, visits=(*PROTOCOL.visits, twin))
    assert [f.kind for f in found(held("V1", "03-18"), protocol=protocol)] == ["late"]
    wide = replace(
        PROTOCOL, visits=(*PROTOCOL.visits, ts.Visit("W", "phone", ts.Timing("12 days after V0", window="±9 days")))
    )
    assert found(held("V1", "03-16"), protocol=wide) == ()


def test_a_visit_without_a_window_is_in_no_other() -> None:
    """V4 has none, so it is never outside of its own."""
    assert only(held("V4", "04-01")) is None


@pytest.mark.parametrize(("v3", "inside"), [("±28 days", False), ("±29 days", True), ("±40 days", True)])
def test_a_partly_known_date_is_inside_another_window_when_all_of_it_is(v3: str, *, inside: bool) -> None:
    """April ends 29 days after the 1st, V3's target; V1's window ends on 16 March, V2's on the 26th."""
    timing = ts.Timing("30 days after V0", window=v3)
    protocol = replace(PROTOCOL, visits=(*PROTOCOL.visits[:3], ts.Visit("V3", "video", timing)))
    told = found(record("V1", attended=ts.PartialDate(2026, 4)), protocol=protocol)
    assert [(f.kind, f.other) for f in told] == [("late", None), ("in-other-window", "V3")][: 1 + inside]
    assert not inside or told[-1].detail.endswith(" of V3 (at least +16 days)")


# Duplicates


def test_a_visit_recorded_as_attended_twice() -> None:
    """The earliest is judged, the second is the day of the finding, whatever the order of the records."""
    days = (held("V1", "03-12"), held("V1", "03-10"), held("V1", "03-14"))
    for order in permutations(days):
        words = "recorded as attended 3 times: 2026-03-10, 2026-03-12, 2026-03-14; 2026-03-10 is judged"
        assert only(*order) == Finding("duplicate", "note", "V1", None, "1", None, day("03-12"), words)


ON_SITE, BY_PHONE, AT_HOME = (held("V1", "03-12", mode) for mode in ("on-site", "phone", "home"))
UNSAID = held("V1", "03-12")


@pytest.mark.parametrize(
    ("records", "words", "mode"),
    [
        ([ON_SITE, BY_PHONE], "of 2 on 2026-03-12 the one on site, as planned, is judged", "on-site"),
        ([BY_PHONE, ON_SITE], "of 2 on 2026-03-12 the one on site, as planned, is judged", "on-site"),
        ([UNSAID, ON_SITE], "of 2 on 2026-03-12 the one on site, as planned, is judged", "on-site"),
        ([BY_PHONE, ON_SITE, ON_SITE], "of 3 on 2026-03-12 the first on site, as planned, is judged", "on-site"),
        ([BY_PHONE, AT_HOME], "of 2 on 2026-03-12 the first given, by phone, is judged", "phone"),
        ([AT_HOME, BY_PHONE], "of 2 on 2026-03-12 the first given, at home, is judged", "home"),
        ([UNSAID, BY_PHONE], "of 2 on 2026-03-12 the first given, without a mode, is judged", None),
        ([held("V1", "03-13", "on-site"), BY_PHONE], "2026-03-12 is judged", "phone"),  # the day comes first
    ],
)
def test_of_records_of_one_day_the_planned_mode_is_judged_then_the_first(
    records: list[ts.VisitRecord], words: str, mode: Mode | None
) -> None:
    """V1 is planned on site: a record of that mode fulfils it, and the sentence says which one is judged."""
    findings = found(*records)
    (duplicate,) = [finding for finding in findings if finding.kind == "duplicate"]
    assert duplicate.detail.endswith(f"; {words}")
    wrong = [finding.detail for finding in findings if finding.kind == "wrong-mode"]
    how = {"phone": "by phone", "home": "at home"}
    assert wrong == ([f"done {how[mode]} on 2026-03-12, planned on site"] if mode in how else [])


def test_a_treatment_that_was_given_is_judged_before_one_withheld_in_the_planned_mode() -> None:
    """On one day: withheld on site, given at home; and of two withheld the one on site."""
    withheld = [replace(one, outcome="withheld") for one in (BY_PHONE, ON_SITE)]
    assert kinds(*withheld, AT_HOME) == [("V1", "withheld"), ("V1", "wrong-mode")]
    assert kinds(*withheld) == [("V1", "withheld")]


def test_only_attended_records_whose_treatment_was_given_are_duplicates() -> None:
    """Not one withheld and one given, nor one missed, one booked and one held."""
    withheld = record("V1", attended=day("03-10"), outcome="withheld")
    assert kinds(withheld, held("V1", "03-12")) == [("V1", "withheld")]
    assert kinds(record("V1", outcome="missed"), record("V1", booked=day("03-13")), held("V1", "03-12")) == []


def test_a_partly_known_duplicate_has_its_place_by_its_first_day() -> None:
    """March is before 10 March by its first day; the 10th is judged, since not all of March is before it."""
    finding = only(record("V1", attended=ts.PartialDate(2026, 3)), held("V1", "03-10"))
    assert finding is not None
    assert finding.date == day("03-10")
    assert finding.detail == "recorded as attended 2 times: 2026-03, 2026-03-10; 2026-03-10 is judged"


# Unknown visits


def test_a_code_that_is_neither_planned_nor_declared() -> None:
    """Attended, booked, missed or nothing at all; the nearest code is named when one is alike."""
    expected = [
        (held("v1", "03-12"), day("03-12"), "attended 2026-03-12: 'v1'"),
        (record("v1", booked=day("03-12")), day("03-12"), "booked for 2026-03-12: 'v1'"),
        (record("v1", outcome="missed"), None, "missed: 'v1'"),
        (record("v1"), None, "recorded: 'v1'"),
        (record("v1", attended=ts.PartialDate(2026, 3), booked=day("03-12")), ts.PartialDate(2026, 3), "attended 2026"),
    ]
    for one, on, start in expected:
        finding = only(one)
        assert finding is not None
        assert finding[:7] == ("unknown-visit", "note", "v1", None, "1", None, on)
        assert finding.detail.startswith(start)
        assert finding.detail.endswith("'v1' is neither in the plan nor declared as unscheduled; the nearest one is V1")
    finding = only(held("BLOOD", "03-12"))
    assert finding is not None
    assert finding.detail == "attended 2026-03-12: 'BLOOD' is neither in the plan nor declared as unscheduled"


def test_declared_codes_are_no_unknown_visits() -> None:
    """'UNS*' stands for every ending, in capital letters or small ones."""
    for code in ("UNS", "UNS1", "uns 2"):
        assert only(held(code, "03-12")) is None
    assert kinds(held("XUNS", "03-12")) == [("XUNS", "unknown-visit")]


def test_a_visit_of_another_arm_is_unknown_and_says_of_which() -> None:
    """With an arm and without one."""
    protocol = ts.Protocol(
        "demo",
        "1",
        "V0",
        [ts.Visit("V0", "on-site"), ts.Visit("VB", "phone", ts.Timing("5 days after V0"), arms=["B"])],
        arms=["A", "B"],
    )
    for arm, words in (
        ("A", "attended 2026-03-07: 'VB' is no visit of arm A"),
        (None, "attended 2026-03-07: 'VB' is not a visit of every arm, and the subject has none"),
    ):
        subject = ts.Subject("S", date(2026, 3, 2), arm=arm, records=(held("VB", "03-07"),))
        (finding,) = check(ts.schedule(protocol, subject), day("04-30")).findings
        assert (finding.kind, finding.detail) == ("unknown-visit", words)


# After the end, in the future


@pytest.mark.parametrize(("ended", "out"), [("03-11", 1), ("03-12", None), ("03-13", None), ("03-05", 7)])
def test_attended_after_the_end_of_participation(ended: str, out: int | None) -> None:
    """V1 on 12 March; the day of the end is still a day of participation."""
    finding = only(held("V1", "03-12"), ended=ended)
    words = f"attended 2026-03-12, after the end of participation on 2026-{ended}: +{out} day{'' if out == 1 else 's'}"
    assert finding == (Finding("after-end", "note", "V1", None, "1", None, day("03-12"), words) if out else None)


@pytest.mark.parametrize(("as_of", "out"), [("03-11", 1), ("03-12", None), ("03-13", None), ("03-05", 7)])
def test_recorded_as_attended_after_the_day_asked(as_of: str, out: int | None) -> None:
    """V1 on 12 March; the day asked is no future."""
    finding = only(held("V1", "03-12"), as_of=as_of)
    signed = f"+{out} day{'' if out == 1 else 's'}"
    words = f"recorded as attended 2026-03-12, after the day of this report, 2026-{as_of}: {signed}"
    assert finding == (Finding("in-the-future", "note", "V1", None, "1", None, day("03-12"), words) if out else None)


@pytest.mark.parametrize(("as_of", "ended"), [("03-10", "03-08"), ("03-08", "03-10"), ("03-10", "03-10")])
def test_a_visit_may_be_after_the_end_and_in_the_future(as_of: str, ended: str) -> None:
    """V1 on 12 March is after both; on the 9th after the earlier one only."""
    both = [("V1", "after-end"), ("V1", "in-the-future")]
    assert kinds(held("V1", "03-12"), as_of=as_of, ended=ended) == both
    expected = [kind for kind, limit in zip(both, (ended, as_of), strict=True) if limit == "03-08"]
    assert kinds(held("V1", "03-09"), as_of=as_of, ended=ended) == expected


def test_every_record_is_asked_for_the_end_and_the_future() -> None:
    """Those that are not judged, those withheld, unscheduled contacts and unknown codes."""
    uns = (record("UNS1", booked=day("05-01")), held("UNS1", "03-14"))
    assert kinds(*uns, as_of="03-13", ended="03-12") == [("UNS1", "after-end"), ("UNS1", "in-the-future")]
    second = found(held("V1", "03-10"), held("V1", "03-14"), as_of="03-12")
    assert [(f.kind, f.date) for f in second] == [("duplicate", day("03-14")), ("in-the-future", day("03-14"))]
    withheld = record("V1", attended=day("03-14"), outcome="withheld")
    assert kinds(withheld, ended="03-12") == [("V1", "withheld"), ("V1", "after-end")]
    assert kinds(record("UNS1", attended=day("03-14"), outcome="withheld")) == [("UNS1", "withheld")]
    assert kinds(held("X", "03-14"), ended="03-12") == [("X", "unknown-visit"), ("X", "after-end")]


def test_a_partly_known_date_is_after_the_end_when_all_of_it_is() -> None:
    """April after 31 March is at least a day after; after 1 April, or the same year, it is not certain."""
    april = record("V4", attended=ts.PartialDate(2026, 4))
    finding = only(april, ended="03-31")
    assert finding is not None
    assert finding.detail == "attended 2026-04, after the end of participation on 2026-03-31: at least +1 day"
    assert only(april, ended="04-01") is None
    future = only(april, as_of="03-30")
    assert future is not None
    assert future.detail == ("recorded as attended 2026-04, after the day of this report, 2026-03-30: at least +2 days")
    assert only(april, as_of="04-01") is None
    assert only(record("V4", attended=ts.PartialDate(2026)), ended="01-01", as_of="01-01") is None


# Empty windows


@pytest.mark.parametrize(("v1", "empty"), [("03-19", False), ("03-20", True)])
def test_limits_that_leave_no_day(v1: str, *, empty: bool) -> None:
    """V3 ends on 3 April: V1 on 19 March leaves that day, on the 20th V3 is not before 4 April."""
    findings = [f for f in found(held("V1", v1)) if f.kind == "empty-window"]
    words = "no day is left of ±2 days around 2026-04-01 by its limits, not before 2026-04-04"
    assert findings == ([Finding("empty-window", "note", "V3", None, "1", None, None, words)] if empty else [])


def test_an_empty_window_is_told_whatever_happened() -> None:
    """Done, missed or booked: V3 has no window any more, hence no verdict."""
    v1 = held("V1", "03-20")
    assert kinds(v1, held("V3", "04-20"))[-1] == ("V3", "empty-window")
    assert kinds(v1, record("V3", booked=day("04-20")))[-1] == ("V3", "empty-window")
    assert kinds(v1, record("V3", outcome="missed"))[-2:] == [("V3", "missed"), ("V3", "empty-window")]


def test_an_empty_window_names_every_limit() -> None:
    """Not before 3 April and not after 31 March."""
    timing = ts.Timing("30 days after V0", window="±9 days", not_before="22 days after V1", not_after="9 days after V2")
    visits = [ts.Visit("V3", "video", timing) if visit.code == "V3" else visit for visit in PROTOCOL.visits]
    (finding,) = found(as_of="03-01", protocol=replace(PROTOCOL, visits=tuple(visits)))
    assert finding.detail == (
        "no day is left of ±9 days around 2026-04-01 by its limits, not before 2026-04-03 and not after 2026-03-31"
    )


# The order, and one of each


def test_findings_are_told_by_visit_kind_and_date_and_codes_not_planned_come_last() -> None:
    """In any order of the records; codes that are no planned visit by alphabet."""
    records = (
        held("Z", "03-10"),
        held("A", "03-11"),
        held("A", "03-09"),
        held("V2", "03-22", "home"),
        held("V1", "03-17", "phone"),
        record("V0", outcome="missed"),
    )
    expected = [
        ("V0", "missed", None),
        ("V1", "late", day("03-17")),
        ("V1", "wrong-mode", day("03-17")),
        ("V2", "mode-upgrade", day("03-22")),
        ("V2", "too-close", day("03-22")),
        ("A", "unknown-visit", day("03-09")),
        ("A", "unknown-visit", day("03-11")),
        ("Z", "unknown-visit", day("03-10")),
    ]
    for order in (records, records[::-1], records[3:] + records[:3]):
        assert [(f.visit, f.kind, f.date) for f in found(*order)] == expected


def test_a_finding_that_no_single_visit_shows_is_told_when_there_is_no_other() -> None:
    """All inside their windows on the day asked: V1 is a day too near; V4, without window, came before V0."""
    assert kinds(held("V0", "03-02"), held("V1", "03-09"), as_of="03-09") == [("V1", "too-close")]
    assert kinds(held("V0", "03-02"), held("V4", "03-01"), as_of="03-02") == [("V4", "out-of-order")]
    both = [("V0", "wrong-mode"), ("V1", "too-close")]
    assert kinds(held("V0", "03-02", "phone"), held("V1", "03-09"), as_of="03-09") == both


def test_the_order_of_the_document_does_not_decide_what_is_out_of_order() -> None:
    """V4 stands first in the protocol and was held first, its target 40 days on; others named have earlier targets.

    V2 on the 10th is before V1 (target 12 March), before its twin (its own target) and V4 (later): V1 is named alone.
    """
    v0, v1, v2, v3, v4 = PROTOCOL.visits
    twin = ts.Visit("T2", "phone", ts.Timing("20 days after V0", window="±4 days"))
    protocol = replace(PROTOCOL, visits=(v4, twin, v0, v1, v2, v3), spacings=())
    first = found(held("V0", "03-02"), held("V4", "03-01"), as_of="03-02", protocol=protocol)
    assert [(f.visit, f.kind, f.other) for f in first] == [("V4", "out-of-order", "V0")]
    days = {"V1": "03-12", "V2": "03-10", "T2": "03-13", "V4": "03-14"}
    findings = found(*(held(code, on) for code, on in days.items()), protocol=protocol)
    details = [f.detail for f in findings if (f.visit, f.kind) == ("V2", "out-of-order")]
    assert len(details) == 1
    assert details[0].startswith("attended 2026-03-10, before V1 (2026-03-12), whose target")


def test_out_of_order_has_its_place_among_the_kinds() -> None:
    """V3 on 3 April and V4 on the 2nd, both after the end: of V4 it is told before the end."""
    assert kinds(held("V3", "04-03"), held("V4", "04-02"), ended="04-01") == [
        ("V3", "after-end"),
        ("V4", "out-of-order"),
        ("V4", "after-end"),
    ]


def test_bookings_against_two_spacings_are_told_in_the_protocols_order() -> None:
    """V1 booked for 9 March: a day short of 8 from V0 on the 2nd, and 7 short of 9 from V2 on the 7th.

    The spacings stand in the other order, and the codes too; another finding changes nothing.
    """
    swapped = replace(PROTOCOL, spacings=PROTOCOL.spacings[::-1])
    records = (held("V0", "03-02"), record("V1", booked=day("03-09")), held("V2", "03-07"))
    for more in ((), (held("X", "03-09"),)):
        findings = found(*records, *more, protocol=swapped)
        assert [f.other for f in findings if f.kind == "booked-outside"] == ["V0", "V2"]


def test_records_that_agree_in_their_day_give_one_finding_whatever_their_order() -> None:
    """Two unknown ones on a day, attended, booked: the first sentence by alphabet; two held on a day in the future."""
    records = (record("X", booked=day("03-09")), held("X", "03-09"))
    for order in (records, records[::-1]):
        assert [finding.detail[:24] for finding in found(*order)] == ["attended 2026-03-09: 'X'"]
    assert len(found(record("X", booked=day("03-09")), record("X", booked=day("03-09")), as_of="03-01")) == 1
    twice = [held("V1", "03-12"), held("V1", "03-12")]
    assert kinds(*twice, as_of="03-11") == [("V1", "duplicate"), ("V1", "in-the-future")]

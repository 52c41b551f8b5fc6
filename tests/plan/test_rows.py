"""One row of a plan: the record judged, and why."""

from dataclasses import replace
from datetime import date, time

import pytest

import trialsched as ts
from trialsched.protocol import Mode
from trialsched.subject import Outcome

ALSTEM, CYCLES = ts.load_protocol("alstem"), ts.load_protocol("cycles")
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))
record = ts.VisitRecord


def row(*records: ts.VisitRecord) -> ts.PlannedVisit:
    """Return the row of dose 2 with some records of it."""
    subject = SUBJECT
    for one in records:
        subject = subject.with_record(one)
    return ts.schedule(ALSTEM, subject)["DOSE2"]


def at(number: int) -> date:
    """Return a day of April 2026."""
    return date(2026, 4, number)


def test_what_a_row_answers() -> None:
    """Code, label, epoch, mode, weekday, days and no facts, of dose 2 with baseline 2 March 2026 (a Monday)."""
    plain = row()
    assert (plain.code, plain.epoch, plain.mode, plain.weekday) == ("DOSE2", "treatment", "on-site", "Wednesday")
    assert (plain.protocol_day, plain.study_day) == (30, 31)
    assert plain.label["en"] == "IMP administration 2"
    assert (plain.record, plain.attended, plain.booked, plain.booked_time, plain.outcome) == (None,) * 5


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("records", "attended", "outcome", "booked"),
    [
        # the earliest attended one that was not withheld, else the earliest withheld (design 6)
        ([record("DOSE2", attended=at(5)), record("DOSE2", attended=at(3))], at(3), None, None),
        ([record("DOSE2", attended=at(1), outcome="withheld"), record("DOSE2", attended=at(3))], at(3), None, None),
        (
            [
                record("DOSE2", attended=at(2), outcome="withheld"),
                record("DOSE2", attended=at(1), outcome="withheld"),
            ],
            at(1),
            "withheld",
            None,
        ),
        ([record("DOSE2", outcome="missed"), record("DOSE2", attended=at(3))], at(3), None, None),
        # missed, then booked again: the booking is open
        ([record("DOSE2", outcome="missed"), record("DOSE2", booked=at(6))], None, None, at(6)),
        ([record("DOSE2", booked=at(6)), record("DOSE2", booked=at(7))], None, None, at(7)),
        ([record("DOSE2", outcome="missed")], None, "missed", None),
        ([record("DOSE2", booked=at(6), outcome="missed")], None, "missed", at(6)),
        # withheld, then booked again: the day that was withheld, and the new agreement
        (
            [record("DOSE2", attended=at(1), outcome="withheld"), record("DOSE2", booked=at(9))],
            at(1),
            "withheld",
            at(9),
        ),
        ([record("DOSE2"), record("DOSE2", outcome="missed")], None, "missed", None),
        # attended as booked, and another booking that was not needed
        ([record("DOSE2", attended=at(3), booked=at(2)), record("DOSE2", booked=at(9))], at(3), None, at(2)),
        # a partly known date is before a whole one only when all of it is
        (
            [record("DOSE2", attended=ts.PartialDate(2026, 4)), record("DOSE2", attended=at(3))],
            at(3),
            None,
            None,
        ),
        ([record("DOSE2", attended=ts.PartialDate(2026)), record("DOSE2", attended=at(30))], at(30), None, None),
        ([record("DOSE2", attended=ts.PartialDate(2026, 4)), record("DOSE2", attended=at(30))], at(30), None, None),
        (
            [record("DOSE2", attended=ts.PartialDate(2026, 3)), record("DOSE2", attended=at(3))],
            ts.PartialDate(2026, 3),
            None,
            None,
        ),
        # of two that end together the shorter one
        (
            [record("DOSE2", attended=ts.PartialDate(2026)), record("DOSE2", attended=ts.PartialDate(2026, 12))],
            ts.PartialDate(2026, 12),
            None,
            None,
        ),
        # the latest booking is what others count from while no whole date is attended
        (
            [record("DOSE2", booked=at(1), attended=ts.PartialDate(2026, 4)), record("DOSE2", booked=at(9))],
            ts.PartialDate(2026, 4),
            None,
            at(9),
        ),
    ],
)
def test_the_record_judged(
    records: list[ts.VisitRecord],
    attended: date | ts.PartialDate | None,
    outcome: str | None,
    booked: date | None,
    *,
    backwards: bool,
) -> None:
    """What a row says it knows does not depend on the order of the records."""
    found = row(*(reversed(records) if backwards else records))
    assert (found.attended, found.outcome, found.booked) == (attended, outcome, booked)


@pytest.mark.parametrize(
    ("modes", "judged"),
    [
        (("on-site", "phone"), 0),  # DOSE2 is planned on site
        (("phone", "on-site"), 1),
        ((None, "on-site"), 1),
        (("phone", "on-site", "on-site"), 1),
        (("phone", "home"), 0),  # none in the planned mode: the first given
        (("home", "phone"), 0),
        ((None, "phone"), 0),
    ],
)
@pytest.mark.parametrize("outcome", [None, "withheld"])
@pytest.mark.parametrize("day", [at(3), ts.PartialDate(2026, 4)])
def test_of_records_of_one_day_the_planned_mode_is_judged_then_the_first(
    modes: tuple[Mode | None, ...], judged: int, outcome: Outcome | None, day: date | ts.PartialDate
) -> None:
    """Whole or partly known, given or withheld; the notes tell which one is meant."""
    records = [
        record("DOSE2", attended=day, mode=mode, outcome=outcome, note=str(place)) for place, mode in enumerate(modes)
    ]
    found = row(*records).record
    assert found is not None
    assert found.note == str(judged)


def test_the_planned_mode_does_not_make_a_later_day_the_one_judged() -> None:
    """Nor a withheld treatment one that was given."""
    early, late = record("DOSE2", attended=at(3), mode="phone"), record("DOSE2", attended=at(4), mode="on-site")
    assert row(late, early).record == early
    assert row(replace(early, outcome="withheld"), late).record == late


def test_a_booked_time_belongs_to_its_booking() -> None:
    """The time agreed is that of the date agreed."""
    found = row(record("DOSE2", booked=at(6), booked_time=time(9, 30)), record("DOSE2", booked=at(7)))
    assert (found.booked, found.booked_time) == (at(7), None)


def why(code: str, subject: ts.Subject = SUBJECT, protocol: ts.Protocol = ALSTEM) -> str:
    """Return why a visit is where it is."""
    return ts.schedule(protocol, subject)[code].why


def test_why_an_offset_in_days() -> None:
    """Reference date and where it came from, offset, window and its basis."""
    assert why("DOSE2") == (
        "DOSE2 is 30 days after DOSE1 (baseline 2026-03-02): 2026-04-01; window ±7 days: 2026-03-25 to 2026-04-08."
    )
    assert why("DOSE2", SUBJECT.attended("DOSE1", date(2026, 3, 4))) == (
        "DOSE2 is 30 days after DOSE1 (attended date 2026-03-04): 2026-04-03; window ±7 days: 2026-03-27 to 2026-04-10."
    )


def test_why_a_clamp() -> None:
    """A clamp is said, with the day that the month does not have."""
    assert why("M03", ts.Subject("S", baseline=date(2023, 11, 30))) == (
        "M03 is 3 months after DOSE1 (baseline 2023-11-30): 2024-02-29, clamped to the last day of 2024-02 (30 is past "
        "its end); assumed window, not in the protocol, ±7 days: 2024-02-22 to 2024-03-07."
    )
    assert "clamped" not in why("M03", ts.Subject("S", baseline=date(2023, 11, 29)))


def test_why_no_window() -> None:
    """As registered, follow-ups have none."""
    assert why("M03", protocol=ALSTEM.as_registered()) == (
        "M03 is 3 months after DOSE1 (baseline 2026-03-02): 2026-06-02; no window."
    )


def test_why_the_anchor() -> None:
    """The anchor's target is the baseline, whatever happened."""
    text = "DOSE1 is the anchor visit, its target the baseline 2026-03-02; window ±7 days: 2026-02-23 to 2026-03-09."
    assert why("DOSE1") == text
    assert why("DOSE1", SUBJECT.attended("DOSE1", date(2026, 3, 4))) == text


def test_why_a_limit_and_an_empty_window() -> None:
    """A limit is said with the date it counts from, and that nothing is left."""
    subject = ts.Subject("S", baseline=date(2026, 1, 1), arm="B").booked("M06", date(2026, 4, 22))
    assert why("SAFE", subject, CYCLES) == (
        "SAFE is 14 days after INF3 (target 2026-04-02): 2026-04-16; not after 2026-04-12, 10 days before M06 (booked "
        "date 2026-04-22); window -3/+10 days: leaves no day within the limits."
    )


def test_why_provisional() -> None:
    """A row that rests on a provisional baseline says so."""
    subject = ts.Subject("S", baseline=date(2026, 3, 2), baseline_status="provisional")
    assert "the provisional baseline 2026-03-02" in why("DOSE1", subject)
    assert "2026-04-01, provisional; window" in why("DOSE2", subject)


def test_why_a_window_in_months_is_clamped() -> None:
    """31 March less one month is 28 February, and one month more 30 April."""
    visits = [ts.Visit("D0", "on-site", ts.Timing(window="±1 month"))]
    protocol = ts.Protocol("demo", "1", "D0", visits)
    assert why("D0", ts.Subject("S", baseline=date(2026, 3, 31)), protocol) == (
        "D0 is the anchor visit, its target the baseline 2026-03-31; window ±1 month: 2026-02-28 to 2026-04-30, "
        "counted in months clamped to the last day of a shorter one."
    )
    assert "clamped" not in why("D0", ts.Subject("S", baseline=date(2026, 3, 28)), protocol)

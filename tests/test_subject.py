"""Facts about one person."""

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

import trialsched as ts

DAY, NEXT = date(2026, 3, 4), date(2026, 3, 5)
SUBJECT = ts.Subject("P01-007", baseline=date(2026, 3, 2))


@pytest.mark.parametrize("code", ["", " ", " P1", "P1 ", "a\nb", "a\u2028b", "x" * 65, "a\x00"])
def test_a_subject_code_is_printable_without_blanks_at_its_ends(code: str) -> None:
    """1 to 64 printable characters without blanks at the ends (design 6)."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Subject(code)
    assert caught.value.where == "code"


@pytest.mark.parametrize("code", ["P", "x" * 64, "Łódź 3", "a/b;c,d\\e"])
def test_good_subject_codes_are_kept(code: str) -> None:
    """Any script and any punctuation."""
    assert ts.Subject(code).code == code


def test_codes_are_composed() -> None:
    """The same code typed with combining accents is the same code."""
    assert ts.Subject("Lo\u0301dz\u0301") == ts.Subject("L\u00f3d\u017a")


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"code": 7}, ts.InvalidTypeError),
        ({"baseline": datetime(2026, 3, 2, tzinfo=UTC)}, ts.InvalidTypeError),
        ({"baseline": "2026-03-02"}, ts.InvalidTypeError),
        ({"ended": datetime(2026, 3, 2, tzinfo=UTC)}, ts.InvalidTypeError),
        ({"end_reason": "completed"}, ts.InvalidValueError),
        ({"ended": DAY, "end_reason": "bored"}, ts.InvalidValueError),
        ({"baseline_status": "maybe"}, ts.InvalidValueError),
        ({"baseline_status": None}, ts.InvalidValueError),
        ({"records": ["DOSE1"]}, ts.InvalidTypeError),
        ({"arm": ""}, ts.InvalidValueError),
        ({"language": 3}, ts.InvalidTypeError),
    ],
)
def test_a_subject_is_checked(fields: dict[str, Any], error: type[ts.TrialschedError]) -> None:
    """Each field says what is wrong and where."""
    with pytest.raises(error) as caught:
        ts.Subject(**{"code": "P1", **fields})
    assert caught.value.where.partition("[")[0] in fields


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"booked": "2026-03-04"}, "booked"),
        ({"booked_time": time(9, 0)}, "booked_time"),
        ({"booked": DAY, "booked_time": time(9, 0, 30)}, "booked_time"),
        ({"booked": DAY, "booked_time": time(9, 0, tzinfo=UTC)}, "booked_time"),
        ({"booked": DAY, "booked_time": "09:00"}, "booked_time"),
        ({"attended": datetime(2026, 3, 4, tzinfo=UTC)}, "attended"),
        ({"mode": "fax"}, "mode"),
        ({"outcome": "done"}, "outcome"),
        ({"outcome": "missed", "attended": DAY}, "outcome"),
        ({"outcome": "withheld"}, "attended"),
        ({"note": 7}, "note"),
        ({"visit": ""}, "visit"),
    ],
)
def test_a_record_is_checked(fields: dict[str, Any], where: str) -> None:
    """Each field says what is wrong and where; missed and attended exclude each other, withheld needs a day."""
    with pytest.raises(ts.TrialschedError) as caught:
        ts.VisitRecord(**{"visit": "DOSE1", **fields})
    assert caught.value.where == where


def test_facts_are_new_subjects() -> None:
    """Nothing is changed in place."""
    attended = SUBJECT.attended("DOSE1", DAY)
    assert SUBJECT.records == ()
    assert attended.records == (ts.VisitRecord("DOSE1", attended=DAY),)
    with pytest.raises(FrozenInstanceError):
        attended.baseline = DAY  # type: ignore[misc]


def test_facts_of_one_code_go_into_one_record() -> None:
    """Booked, then attended, then corrected: one record, which keeps what was not corrected."""
    subject = SUBJECT.booked("DOSE1", DAY, time(9, 30)).attended("DOSE1", NEXT, "home").attended("DOSE1", DAY)
    assert subject.records == (ts.VisitRecord("DOSE1", booked=DAY, booked_time=time(9, 30), attended=DAY, mode="home"),)


def test_a_new_booking_without_a_time_drops_the_old_time() -> None:
    """A time belongs to its date."""
    assert SUBJECT.booked("V", DAY, time(9, 0)).booked("V", NEXT).records[0].booked_time is None


def test_attended_and_booked_clear_missed_and_missed_clears_attended() -> None:
    """A record never says both (design 6)."""
    missed = SUBJECT.attended("V", DAY).missed("V")
    assert missed.records == (ts.VisitRecord("V", outcome="missed"),)
    assert missed.attended("V", DAY).records == (ts.VisitRecord("V", attended=DAY),)
    assert missed.booked("V", DAY).records == (ts.VisitRecord("V", booked=DAY),)


def test_withheld_keeps_the_day_and_attended_clears_it() -> None:
    """The subject came, the planned treatment was not given; a later correction says it was."""
    withheld = SUBJECT.booked("V", DAY).withheld("V", NEXT)
    assert withheld.records == (ts.VisitRecord("V", booked=DAY, attended=NEXT, outcome="withheld"),)
    assert withheld.booked("V", NEXT).records[0].outcome == "withheld"
    assert withheld.attended("V", NEXT).records[0].outcome is None


def test_several_records_of_a_code_are_allowed_but_not_corrected_by_code() -> None:
    """Which of several is meant cannot be guessed: correcting raises (design 6)."""
    twice = SUBJECT.with_record(ts.VisitRecord("V", attended=DAY)).with_record(ts.VisitRecord("V", attended=NEXT))
    assert len(twice.records) == 2
    corrections: list[Callable[[], object]] = [
        lambda: twice.attended("V", DAY),
        lambda: twice.booked("V", DAY),
        lambda: twice.missed("V"),
        lambda: twice.withheld("V", DAY),
    ]
    for correct in corrections:
        with pytest.raises(ts.InvalidValueError) as caught:
            correct()
        assert caught.value.where == "V"


def test_records_stay_in_the_order_given() -> None:
    """A correction keeps its place."""
    subject = SUBJECT.attended("B", DAY).attended("A", DAY).attended("B", NEXT)
    assert [r.visit for r in subject.records] == ["B", "A"]


def test_the_end_of_participation() -> None:
    """The end has a day and, if known, a reason."""
    ended = SUBJECT.end(DAY, "withdrawn")
    assert (ended.ended, ended.end_reason) == (DAY, "withdrawn")
    assert SUBJECT.end(DAY).end_reason is None


def test_what_was_known_on_a_day() -> None:
    """Attended dates and an end after the day are dropped; undated facts and bookings stay (design 6)."""
    subject = (
        SUBJECT.attended("A", DAY).attended("B", NEXT).booked("C", NEXT).missed("D").withheld("E", NEXT).end(NEXT)
    )  # fmt: skip
    known = subject.known_on(DAY)
    assert known.ended is None
    assert known.records == (
        ts.VisitRecord("A", attended=DAY),
        ts.VisitRecord("B"),
        ts.VisitRecord("C", booked=NEXT),
        ts.VisitRecord("D", outcome="missed"),
        ts.VisitRecord("E"),
    )
    assert subject.known_on(NEXT) == subject


def test_a_partly_known_date_is_known_from_its_first_possible_day() -> None:
    """`2026-03` may have been 1 March."""
    subject = SUBJECT.attended("A", ts.PartialDate(2026, 3))
    assert subject.known_on(date(2026, 3, 1)) == subject
    assert subject.known_on(date(2026, 2, 28)).records == (ts.VisitRecord("A"),)


def test_subjects_are_values() -> None:
    """Equal facts, equal subjects, one hash; they survive pickle."""
    subject = SUBJECT.attended("A", DAY)
    assert pickle.loads(pickle.dumps(subject)) == subject  # noqa: S301 - our own bytes
    assert hash(SUBJECT.attended("A", DAY)) == hash(subject)
    assert ts.Subject("P", records=[ts.VisitRecord("A")]).records == (ts.VisitRecord("A"),)  # type: ignore[arg-type]


def test_a_booking_after_a_withheld_visit_is_a_new_appointment() -> None:
    """The withheld record lends no reference; the new one does, also when it is the first dose."""
    withheld = ts.Subject("S", baseline=date(2026, 3, 2)).withheld("DOSE1", date(2026, 3, 2))
    again = withheld.booked("DOSE1", date(2026, 3, 9))
    assert [(r.attended, r.outcome, r.booked) for r in again.records] == [
        (date(2026, 3, 2), "withheld", None),
        (None, None, date(2026, 3, 9)),
    ]
    plan = ts.schedule(ts.load_protocol("alstem"), again)
    assert (plan.day_zero, plan["DOSE2"].target) == (date(2026, 3, 9), date(2026, 4, 8))
    corrected = withheld.booked("DOSE1", date(2026, 3, 2))
    assert [(r.outcome, r.booked) for r in corrected.records] == [("withheld", date(2026, 3, 2))]


def test_missed_keeps_what_was_booked() -> None:
    """What was agreed stays a fact."""
    subject = ts.Subject("S").booked("M03", date(2026, 6, 2), time(9, 30)).missed("M03")
    assert (subject.records[0].booked, subject.records[0].booked_time) == (date(2026, 6, 2), time(9, 30))


@pytest.mark.parametrize("method", ["attended", "booked"])
def test_no_day_is_no_fact(method: str) -> None:
    """None is refused, not recorded."""
    with pytest.raises(ts.InvalidTypeError):
        getattr(ts.Subject("S").missed("M03"), method)("M03", None)


@pytest.mark.parametrize("records", [None, 3, ts.VisitRecord("M03"), ["M03"]])
def test_what_are_no_records_is_the_librarys_own_error(records: Any) -> None:  # noqa: ANN401
    """No bare TypeError of Python comes out, and the place is named."""
    with pytest.raises(ts.InvalidTypeError) as caught:
        ts.Subject("S", records=records)
    assert caught.value.where.startswith("records")


def test_a_status_of_the_baseline_is_never_empty() -> None:
    """`planned` or `provisional`, nothing else."""
    with pytest.raises(ts.InvalidValueError, match="planned, provisional is meant; read None"):
        ts.Subject("S", baseline_status=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [5, None, ["M03"]])
def test_a_code_is_a_text(code: Any) -> None:  # noqa: ANN401
    """Also when there are records to look it up in."""
    subject = ts.Subject("S").missed("M03")
    with pytest.raises(ts.InvalidTypeError):
        subject.missed(code)
    with pytest.raises(ts.InvalidTypeError):
        subject.booked(code, date(2026, 3, 2))


def test_an_end_is_a_day() -> None:
    """None would take the end of participation away in silence."""
    with pytest.raises(ts.InvalidTypeError):
        ts.Subject("S").end(date(2026, 5, 1)).end(None)  # type: ignore[arg-type]


def test_a_missed_visit_was_held_in_no_mode() -> None:
    """What is said of how it was held goes with the date."""
    subject = ts.Subject("S").attended("M04", date(2026, 7, 2), "phone").missed("M04")
    assert subject.records[0].mode is None

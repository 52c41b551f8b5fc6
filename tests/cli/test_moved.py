"""What calendars that people moved tell of a subject."""

from datetime import date, time
from pathlib import Path

import trialsched as ts
from trialsched.cli.moved import read_calendar, what_is_new, with_bookings

SUBJECT = ts.Subject("S", baseline=date(2026, 3, 2))
NEW = ts.VisitRecord("V", booked=date(2026, 4, 7), booked_time=time(9, 0))


def test_a_visit_without_a_record_is_booked() -> None:
    """And so is one that had a booking: it is replaced, its time too."""
    assert with_bookings(SUBJECT, [NEW]).records == (NEW,)
    before = SUBJECT.booked("V", date(2026, 4, 9), time(8, 30)).booked("W", date(2026, 5, 1))
    other = ts.VisitRecord("W", booked=date(2026, 5, 1))
    assert with_bookings(before, [NEW]).records == (NEW, other)
    undated = ts.VisitRecord("V", booked=date(2026, 4, 7))
    assert with_bookings(before, [undated]).records == (undated, other)


def test_a_booking_beside_a_withheld_record_is_moved() -> None:
    """The record of the day on which the subject came stays; the appointment is the calendar's, also an earlier one."""
    withheld = ts.VisitRecord("V", attended=date(2026, 4, 1), outcome="withheld")
    again = ts.VisitRecord("V", booked=date(2026, 4, 9), mode="on-site")
    subject = SUBJECT.with_record(withheld).with_record(again)
    moved = ts.VisitRecord("V", booked=date(2026, 4, 7), booked_time=time(9, 0), mode="on-site")
    assert with_bookings(subject, [NEW]).records == (withheld, moved)


def test_a_booking_after_two_that_failed_is_a_record_more() -> None:
    """Nothing that was recorded is rewritten."""
    withheld = ts.VisitRecord("V", attended=date(2026, 4, 1), outcome="withheld")
    missed = ts.VisitRecord("V", booked=date(2026, 4, 3), outcome="missed")
    subject = SUBJECT.with_record(withheld).with_record(missed)
    assert with_bookings(subject, [NEW]).records == (withheld, missed, NEW)


def test_what_happened_stays() -> None:
    """A booking of a visit that was attended, withheld or missed is a record more, and no news of what was agreed."""
    for fact in (SUBJECT.attended, SUBJECT.withheld):
        subject = fact("V", date(2026, 4, 1))
        assert with_bookings(subject, [NEW]).records == (*subject.records, NEW)
    missed = SUBJECT.booked("V", date(2026, 4, 3)).missed("V")
    assert with_bookings(missed, [NEW]).records == (*missed.records, NEW)
    came = SUBJECT.booked("V", date(2026, 4, 7), time(9, 0)).attended("V", date(2026, 4, 7))
    assert what_is_new(came, [NEW]) == ["V 2026-04-07 09:00"]


def test_a_record_that_books_nothing_changes_nothing() -> None:
    """A calendar's record without a day is no booking."""
    assert with_bookings(SUBJECT, [ts.VisitRecord("V")]) == SUBJECT


def test_what_is_new_is_said_once() -> None:
    """A day, a time, or both; what it was before; nothing when all is as agreed, or of another visit."""
    assert what_is_new(SUBJECT, [NEW]) == ["V 2026-04-07 09:00"]
    assert what_is_new(SUBJECT.booked("V", date(2026, 4, 7), time(9, 0)), [NEW]) == []
    assert what_is_new(SUBJECT.booked("V", date(2026, 4, 7)), [NEW]) == ["V 2026-04-07 09:00, was 2026-04-07"]
    assert what_is_new(SUBJECT.booked("W", date(2026, 4, 7), time(9, 0)), [NEW]) == ["V 2026-04-07 09:00"]
    withheld = SUBJECT.booked("V", date(2026, 4, 1)).withheld("V", date(2026, 4, 1))
    assert what_is_new(withheld, [NEW]) == ["V 2026-04-07 09:00"]
    missed = SUBJECT.booked("V", date(2026, 4, 7), time(9, 0)).missed("V")
    assert what_is_new(missed, [NEW]) == ["V 2026-04-07 09:00"]
    midnight = ts.VisitRecord("V", booked=date(2026, 4, 7), booked_time=time(0, 0))
    assert what_is_new(SUBJECT, [midnight]) == ["V 2026-04-07 00:00"]


def test_a_file_that_is_none_is_noted(tmp_path: Path) -> None:
    """With the words of the option before its name."""
    (tmp_path / "c.ics").write_bytes(b"x" * 10)
    faults: list[str] = []
    assert read_calendar(str(tmp_path / "c.ics"), faults) == b"x" * 10
    assert read_calendar(str(tmp_path / "gone"), faults, "--calendar ") is None
    assert read_calendar(str(tmp_path), faults) is None
    assert faults == [f"--calendar {tmp_path / 'gone'}: No such file or directory", f"{tmp_path}: Is a directory"]

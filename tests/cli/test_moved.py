"""What calendars that people moved tell of a subject."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import trialsched as ts
from trialsched.cli.inputs import BadInput
from trialsched.cli.moved import Files, not_there, read_bookings, read_calendar, what_is_new, with_bookings
from trialsched.formats import ical

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


PROTOCOL = ts.Protocol(
    "demo",
    "1",
    "V",
    [
        ts.Visit("V", "on-site"),
        ts.Visit("W", "on-site", "30 days after V"),
        ts.Visit("X", "on-site", "60 days after V"),
    ],
)
AGREED = SUBJECT.booked("W", date(2026, 4, 3)).booked("X", date(2026, 5, 4))
OTHER = replace(AGREED, code="T")


def plan_of(subject: ts.Subject) -> ts.Plan:
    """Return a plan by the protocol of three visits."""
    return ts.schedule(PROTOCOL, subject)


def calendar(subject: ts.Subject, key: str | None = None) -> bytes:
    """Return a subject's calendar as it is given out."""
    return ical.dumps(plan_of(subject), stamp=datetime(2026, 3, 1, tzinfo=UTC), study_key=key)


def without(data: bytes, visit: str) -> bytes:
    """Return a calendar after somebody deleted the event of a visit."""
    begin = data.rindex(b"BEGIN:VEVENT", 0, data.index(f"SUMMARY:S {visit}".encode()))
    end = data.index(b"END:VEVENT\r\n", begin) + len(b"END:VEVENT\r\n")
    return data[:begin] + data[end:]


@pytest.mark.parametrize("key", [None, "a secret"])
def test_an_event_that_is_not_there_any_more(key: str | None) -> None:
    """It is told of a subject that a calendar has events of; other subjects may be in a file that was not given."""
    plans = [plan_of(AGREED), plan_of(OTHER)]
    whole = calendar(AGREED, key)
    assert not_there(Files(["a"], [whole], key), plans) == []
    words = "and no calendar given has its event: the booking stays"
    gone = Files(["a"], [without(whole, "W")], key)
    assert not_there(gone, plans) == [f"S W: booked for 2026-04-03, {words}"]
    assert not_there(Files(["a", "b"], [gone.data[0], calendar(OTHER, key)], key), plans) == not_there(gone, plans)
    assert not_there(Files(["a", "b"], [gone.data[0], whole], key), plans) == []
    assert not_there(gone._replace(study_key="another"), plans) == []


def test_an_event_that_is_not_there_any_more_in_a_file_of_exchange() -> None:
    """Exchange hides each id in a number: [MS-OXCICAL], 2.1.3.1.1.20.26; Google adds its name to it."""
    plans = [plan_of(AGREED)]
    whole, gone = calendar(AGREED), without(calendar(AGREED), "W")

    def hidden(found: re.Match[bytes]) -> bytes:
        begin = b"040000008200E00074C5B7101A82E008" + b"0" * 32 + b"31000000"
        number = begin + b"7643616C2D55696401000000" + found[1].hex().upper().encode() + b"00"
        return b"\r\nUID:" + number[:60] + b"\r\n " + number[60:]

    for file, lines in ((whole, 0), (gone, 1)):
        google = re.sub(rb"\r\nUID:(.{36})", rb"\r\nuid:\1@google.com", file)
        exchange = re.sub(rb"\r\nUID:(.{36})", hidden, file)
        assert google != exchange != file
        assert len(not_there(Files(["a"], [google]), plans)) == lines
        assert len(not_there(Files(["a"], [exchange]), plans)) == lines


def test_what_happened_is_not_sought_in_a_calendar() -> None:
    """Nor is what was never agreed; a time is told, and of two appointments the later one."""
    gone = Files(["a"], [without(calendar(AGREED), "W")])
    for subject in (SUBJECT, AGREED.attended("W", date(2026, 4, 3)), AGREED.missed("W")):
        assert not_there(gone, [plan_of(subject)]) == []
    again = AGREED.with_record(ts.VisitRecord("W", booked=date(2026, 4, 10), booked_time=time(9, 5)))
    (line,) = not_there(gone, [plan_of(again)])
    assert line.startswith("S W: booked for 2026-04-10 09:05, ")


def test_ids_are_found_as_programs_write_them() -> None:
    """In capitals, with a parameter, folded, with other ends of lines."""
    lines = calendar(AGREED).decode().splitlines()
    written = [
        f"UID;X-A=b:{line[4:].upper()[:9]}\n {line[4:].upper()[9:]}" if line[:4] == "UID:" else line for line in lines
    ]
    assert not_there(Files(["a"], ["\n".join(written).encode()]), [plan_of(AGREED)]) == []


def test_bookings_or_what_is_wrong_with_which_file() -> None:
    """A file of strangers is nothing wrong beside others, and alone it is; of several each that is broken is named."""
    plans, good, strange = [plan_of(AGREED)], calendar(AGREED), calendar(OTHER)
    found = read_bookings(Files(["a", "b"], [strange, good]), plans)
    assert [record.visit for record in found["S"]] == ["W", "X"]
    for names, data, starts in (
        (["a"], [strange], ["a: UID: "]),
        (["a", "b"], [strange, strange], ["a, b: UID: "]),
        (["a", "b", "c", "d"], [strange, good[:300], good, b"no"], ["b: not a cal", "d: not a cal"]),
        (["a", "b"], [good, good.replace(b"DATE:20260403", b"DATE:20260402")], ["a, b: S W: "]),
        (
            ["a"],
            [good.replace(b"20260403", b"18990403").replace(b"20260404", b"18990404")],
            ["a: S W: read 1899-04-03"],
        ),
    ):
        with pytest.raises(BadInput) as caught:
            read_bookings(Files(names, data), plans)
        assert [line[: len(start)] for line, start in zip(caught.value.lines, starts, strict=True)] == starts

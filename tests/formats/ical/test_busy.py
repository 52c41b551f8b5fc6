"""The calendar of someone else read as busy days: closures by hand, repetitions, clock changes, hostile files."""

import re
import resource
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats import ical
from trialsched.offsets import DateRange

YEAR = DateRange(date(2026, 1, 1), date(2026, 12, 31))


def calendar(*events: str, zones: str = "") -> str:
    """Return a calendar of events, each given by its lines in one text, separated by blanks or line breaks."""
    body = "".join("BEGIN:VEVENT\n" + "\n".join(event.split()) + "\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Clinic//EN\n{zones}{body}END:VCALENDAR\n"


def busy(*events: str, days: DateRange = YEAR, **given: Any) -> list[str]:  # noqa: ANN401
    """Return the busy days as 04-02."""
    return [f"{day:%m-%d}" for day in ical.loads_busy(calendar(*events), days, **given)]


def between(first: str, last: str) -> DateRange:
    """Return a range of days of 2026."""
    return DateRange(date.fromisoformat(f"2026-{first}"), date.fromisoformat(f"2026-{last}"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20260402 DTEND;VALUE=DATE:20260403", "04-02"),
        ("DTSTART:20260402", "04-02"),
        ("DTSTART:20260402 DTEND:20260402", "04-02"),
        ("DTSTART:20260402 DURATION:P2D", "04-02 04-03"),
        ("DTSTART:20251230 DTEND:20260103", "01-01 01-02"),
        ("DTSTART:20261230 DTEND:20270105", "12-30 12-31"),
        ("DTSTART:20251230 DTEND:20260101", ""),
        ("DTSTART:20270101", ""),
        # timed: only days that are taken whole
        ("DTSTART:20260402T000000 DTEND:20260404T000000", "04-02 04-03"),
        # a whole day as people write it by hand; a minute less is none
        ("DTSTART:20260402T000000 DTEND:20260402T235959", "04-02"),
        ("DTSTART:20260402T000000 DTEND:20260402T235900", "04-02"),
        ("DTSTART:20260402T000000 DTEND:20260402T235859", ""),
        ("DTSTART:20260402T235900 DTEND:20260402T235930", ""),
        ("DTSTART:20260402T090000 DTEND:20260402T235900", ""),
        # VALUE=DATE is a date, whatever time stands behind it
        ("DTSTART;VALUE=DATE:20260402T000000 DTEND;VALUE=DATE:20260403T000000", "04-02"),
        ("DTSTART;VALUE=DATE:20260402T000000Z", "04-02"),
        (
            "DTSTART;VALUE=DATE:20260402T000000 RRULE:FREQ=DAILY;COUNT=3 EXDATE;VALUE=DATE:20260403T000000",
            "04-02 04-04",
        ),
        ("DTSTART:20260402T000001 DTEND:20260403T000000", ""),
        ("DTSTART:20260401T120000 DTEND:20260404T120000", "04-02 04-03"),
        ("DTSTART:20260402T090000 DTEND:20260402T170000", ""),
        ("DTSTART;TZID=Europe/Warsaw:20260402T000000 DTEND;TZID=Europe/Warsaw:20260403T000000", "04-02"),
        ("DTSTART:20260401T220000Z DTEND:20260402T220000Z", "04-02"),
        ("DTSTART:20260402T000000Z DTEND:20260403T000000Z", ""),
        ("DTSTART;TZID=America/New_York:20260402T000000 DTEND;TZID=America/New_York:20260404T000000", "04-03"),
        # the 29th of March has 23 hours in Warsaw, the 25th of October 25
        ("DTSTART:20260328T230000Z DTEND:20260329T220000Z", "03-29"),
        ("DTSTART:20261024T220000Z DTEND:20261025T230000Z", "10-25"),
        ("DTSTART:20261024T220000Z DTEND:20261025T220000Z", ""),
    ],
)
def test_one_event(event: str, expected: str) -> None:
    """In Warsaw, all-day, of several days, from midnight to midnight; both ends of the range are in it."""
    assert busy(event, zone="Europe/Warsaw") == expected.split()


# Days of one zone that two calendars name: fixed offsets, so that midnight in Warsaw is another hour in each.
ZONE = (
    "BEGIN:VTIMEZONE\nTZID:Closed\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{0}\nTZOFFSETTO:{0}\n"
    "END:STANDARD\nEND:VTIMEZONE\n"
)


@pytest.mark.parametrize("order", [1, -1])
def test_a_zone_belongs_to_its_own_calendar(order: int) -> None:
    """The same local midnights, by zones of one name that differ: in Warsaw's summer time two hours before UTC."""
    mine = calendar("DTSTART;TZID=Closed:20260402T000000 DTEND;TZID=Closed:20260403T000000", zones=ZONE.format("+0200"))
    other = calendar(
        "DTSTART;TZID=Closed:20260501T220000 DTEND;TZID=Closed:20260502T220000", zones=ZONE.format("+0000")
    )
    found = ical.loads_busy("".join([mine, other][::order]), YEAR, zone="Europe/Warsaw")
    assert found == (date(2026, 4, 2), date(2026, 5, 2))


@pytest.mark.parametrize(
    ("method", "expected"),
    [("PUBLISH", 1), ("REQUEST", 1), ("ADD", 1), ("CANCEL", 0), ("REPLY", 0), ("COUNTER", 0), ("DECLINECOUNTER", 0),
     ("REFRESH", 0), ("counter", 0)],
)  # fmt: skip
def test_what_a_message_says_of_a_day(method: str, expected: int) -> None:
    """RFC 5546, section 3.2: what is cancelled, or only talked about, closes no day; a METHOD is its calendar's."""
    message = calendar("DTSTART:20260402").replace("PRODID:", f"METHOD:{method}\nPRODID:")
    assert len(ical.loads_busy(message, YEAR)) == expected
    assert len(ical.loads_busy(calendar("DTSTART:20260403") + message, YEAR)) == expected + 1


def test_the_hour_of_a_rule() -> None:
    """BYHOUR that repeats what DTSTART says is read; of a day it is ignored (RFC 5545, section 3.3.10)."""
    timed = "DTSTART:20260406T000000 DTEND:20260407T000000 RRULE:FREQ=DAILY;COUNT=2;BYHOUR="
    assert busy(f"{timed}0;BYMINUTE=0") == ["04-06", "04-07"]
    assert busy(f"{timed}9") == ["04-06"]
    assert busy("DTSTART:20260406 RRULE:FREQ=DAILY;COUNT=2;BYHOUR=9") == ["04-06", "04-07"]


def test_lines_that_nothing_reads() -> None:
    """Broken lines, a zone that nothing names, and a cancelled event with one L."""
    broken = calendar("UID:1 DTSTART:20260402 X-PLACE;T=a\\;b:c plain", "UID:2 DTSTART:20260403 STATUS:CANCELED")
    zones = "BEGIN:VTIMEZONE\nTZID:Nobody\nBEGIN:STANDARD\nDTSTART:never\nEND:STANDARD\nEND:VTIMEZONE\n"
    assert ical.loads_busy(broken.replace("BEGIN:VEVENT", f"{zones}BEGIN:VEVENT", 1), YEAR) == (date(2026, 4, 2),)


def test_the_zone_of_the_event_itself() -> None:
    """Without a zone to read in, midnight is midnight where the event tells its times."""
    event = "DTSTART;TZID=America/New_York:20260402T000000 DTEND;TZID=America/New_York:20260404T000000"
    assert busy(event) == ["04-02", "04-03"]
    assert busy("DTSTART:20260402T000000Z DTEND:20260403T000000Z") == ["04-02"]


def test_a_day_that_begins_at_one_is_whole() -> None:
    """In Cairo the clocks went from 0:00 to 1:00 on 24 April 2026: the day begins at 1:00, which is 22:00 UTC."""
    event = "DTSTART:20260423T220000Z DTEND:20260424T210000Z"
    assert busy(event, zone="Africa/Cairo") == ["04-24"]
    assert busy("DTSTART:20260423T223000Z DTEND:20260424T210000Z", zone="Africa/Cairo") == []


@pytest.mark.parametrize(
    ("line", "is_busy"),
    [
        ("STATUS:CONFIRMED", True),
        ("STATUS:TENTATIVE", True),
        ("TRANSP:OPAQUE", True),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        ("STATUS:cancelled", False),
        ("TRANSP:transparent", False),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", False),
    ],
)
def test_what_blocks_a_day(line: str, is_busy: bool) -> None:  # noqa: FBT001
    """Cancelled never, transparent and free on request."""
    assert busy(f"DTSTART:20260402 {line}") == ["04-02"] * is_busy
    assert busy(f"DTSTART:20260402 {line}", transparent=True) == ["04-02"] * ("cancelled" not in line)


MIDNIGHTS = "DTSTART;TZID=Europe/Warsaw:20260323T000000 DTEND;TZID=Europe/Warsaw:20260324T000000"
WEEKS = between("04-01", "05-31")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        # Mondays of April and May 2026: 6, 13, 20, 27 April, 4, 11, 18, 25 May
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY", "04-06 04-13 04-20 04-27 05-04 05-11 05-18 05-25"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;COUNT=15", "04-06 04-13"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260420", "04-06 04-13 04-20"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260419", "04-06 04-13"),
        # in UTC the midnight of the 20th in Warsaw
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260419T220000Z", "04-06 04-13 04-20"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;INTERVAL=4", "04-27 05-25"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260430 EXDATE:20260413 EXDATE;VALUE=DATE:20260420,20260427",
         "04-06"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260420 EXDATE:20260413T000000", "04-06 04-20"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260420 EXDATE:20260412T220000Z", "04-06 04-20"),
        ("DTSTART:20260105 RRULE:FREQ=WEEKLY;UNTIL=20260330 RDATE:20260405,20260501", "04-05 05-01"),
        ("DTSTART:20260105 DTEND:20260107 RRULE:FREQ=WEEKLY;COUNT=14", "04-06 04-07"),
        # holidays: the last Monday of May, 3 May since 1920, 29 February
        ("DTSTART:19710531 RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "05-25"),
        ("DTSTART:19200503 RRULE:FREQ=YEARLY", "05-03"),
        ("DTSTART:20240229 RRULE:FREQ=YEARLY", ""),
        # a closure of three weeks that began before the range
        ("DTSTART:20250320 DTEND:20250410 RRULE:FREQ=YEARLY",
         "04-01 04-02 04-03 04-04 04-05 04-06 04-07 04-08 04-09"),
        # a start that the rule does not have is there all the same (RFC 5545, section 3.8.5.3)
        ("DTSTART:20260401 RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=1", "04-01 04-06"),
        ("DTSTART:20260401 EXDATE:20260401", ""),
        # timed in Warsaw: midnight stays midnight when the clocks change on 29 March
        (f"{MIDNIGHTS} RRULE:FREQ=WEEKLY;COUNT=3 EXDATE;TZID=Europe/Warsaw:20260330T000000", "04-06"),
        (f"{MIDNIGHTS} RRULE:FREQ=WEEKLY;UNTIL=20260412T220000Z EXDATE:20260405T220000Z", "04-13"),
        (f"{MIDNIGHTS} RRULE:FREQ=WEEKLY;UNTIL=20260412T220000Z EXDATE:20260406T000000 EXDATE;VALUE=DATE:20260413", ""),
        # in UTC 23:00 of the day before at first, an hour off after the clocks have changed; 31 March is before April
        ("DTSTART:20260322T230000Z DTEND:20260323T230000Z RRULE:FREQ=WEEKLY;COUNT=4", ""),
        ("DTSTART:20260330T220000Z DTEND:20260331T220000Z RRULE:FREQ=WEEKLY;COUNT=2", "04-07"),
        ("DTSTART:20260406T000000 DTEND:20260407T000000 RRULE:FREQ=DAILY;COUNT=3", "04-06 04-07 04-08"),
    ],
)  # fmt: skip
def test_repetitions_by_hand(event: str, expected: str) -> None:
    """In April and May 2026, in Warsaw, where the summer time of 2 hours began on 29 March."""
    assert busy(event, days=WEEKS, zone="Europe/Warsaw") == expected.split()


MONDAYS = "UID:m DTSTART:20260406 RRULE:FREQ=WEEKLY;COUNT=4"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("UID:m DTSTART:20260414 RECURRENCE-ID:20260413", "04-06 04-14 04-20 04-27"),
        ("UID:M DTSTART:20260414 RECURRENCE-ID;VALUE=DATE:20260413", "04-06 04-14 04-20 04-27"),
        ("UID:m DTSTART:20260414 RECURRENCE-ID:20260413T000000", "04-06 04-14 04-20 04-27"),
        ("UID:m DTSTART:20260414 RECURRENCE-ID:20260412T220000Z", "04-06 04-14 04-20 04-27"),
        ("UID:m DTSTART:20260413T090000 RECURRENCE-ID:20260413", "04-06 04-20 04-27"),
        ("UID:m DTSTART:20260413 RECURRENCE-ID:20260413 STATUS:CANCELLED", "04-06 04-20 04-27"),
        ("UID:m DTSTART:20260413 RECURRENCE-ID:20260413 TRANSP:TRANSPARENT", "04-06 04-20 04-27"),
        ("UID:other DTSTART:20260414 RECURRENCE-ID:20260413", "04-06 04-13 04-14 04-20 04-27"),
    ],
)
def test_a_repetition_that_was_moved(event: str, expected: str) -> None:
    """It stands where it was moved to, and no more where it was; the order in the file does not matter."""
    assert busy(MONDAYS, event, zone="Europe/Warsaw") == expected.split()
    assert busy(event, MONDAYS, zone="Europe/Warsaw") == expected.split()


def test_a_timed_repetition_that_was_moved() -> None:
    """Told in UTC, or floating."""
    series = (
        "UID:m DTSTART;TZID=Europe/Warsaw:20260406T000000 DTEND;TZID=Europe/Warsaw:20260407T000000"
        " RRULE:FREQ=WEEKLY;COUNT=2"
    )
    for line in (
        "RECURRENCE-ID:20260412T220000Z",
        "RECURRENCE-ID:20260413T000000",
        "RECURRENCE-ID;VALUE=DATE:20260413",
    ):
        assert busy(series, f"UID:m DTSTART:20260415 {line}", zone="Europe/Warsaw") == ["04-06", "04-15"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("DTSTART:20260414 RECURRENCE-ID;RANGE=THISANDFUTURE:20260413", "split it into two events"),
        ("DTSTART:20260414 RECURRENCE-ID:never", "RECURRENCE-ID: read 'never'"),
        ("DTSTART:20260414 RRULE:FREQ=HOURLY", "RRULE: read 'FREQ=HOURLY'"),
        ("DTSTART:20260414 RRULE:FREQ=DAILY RRULE:FREQ=WEEKLY", "two RRULE"),
        ("DTSTART:20260414 RRULE:FREQ=DAILY EXRULE:FREQ=WEEKLY", "EXRULE"),
        ("DTSTART:20260414 EXDATE:never", "EXDATE: read 'never'"),
        ("DTSTART:20260414 RDATE;VALUE=PERIOD:20260414T000000Z/P1D", "RDATE: read"),
        ("DTSTART:20260414 DTEND:20260413", "ends before it begins"),
        ("DTSTART:20260414 DURATION:-P1D", "ends before it begins"),
        ("DTSTART:20260414 STATUS:A STATUS:B", "two STATUS"),
        ("DTSTART:20260414 DTEND:20260414T090000", "one of DTSTART and DTEND"),
        ("DTSTART;TZID=Mars:20260414T000000", "neither known nor defined"),
        ("DTEND:20260414", "no start"),
        ("DTSTART:99981231 DTEND:99991231 RRULE:FREQ=DAILY", "leaves the years 1 to 9999"),
    ],
)
def test_what_is_not_read_is_named(lines: str, message: str) -> None:
    """By the event's title, since its UID says nothing to a person."""
    days = DateRange(date(2026, 1, 1), date(9999, 12, 31)) if "9998" in lines else YEAR
    with pytest.raises(ts.InvalidValueError, match=message) as caught:
        busy(f"SUMMARY:Closed UID:x {lines}", days=days)
    assert caught.value.where == "Closed"


def test_names_of_events_without_title() -> None:
    """The UID, else nothing to name it by."""
    for lines, where in (("UID:x", "x"), ("", "an event"), ("SUMMARY:a SUMMARY:b", "an event")):
        with pytest.raises(ts.InvalidValueError) as caught:
            busy(lines)
        assert caught.value.where == where


@pytest.mark.parametrize(
    ("days", "zone", "error"),
    [
        ("2026", None, ts.InvalidTypeError),
        (None, None, ts.InvalidTypeError),
        (YEAR, "Mars", ts.InvalidValueError),
        (YEAR, 3, ts.InvalidTypeError),
    ],
)
def test_what_is_no_range_or_zone(days: Any, zone: Any, error: type[Exception]) -> None:  # noqa: ANN401
    """The library's own errors."""
    with pytest.raises(error):
        ical.loads_busy(calendar(), days, zone=zone)


def test_the_ends_of_the_calendar() -> None:
    """An event over all of it takes every day of any range."""
    whole = DateRange(date(9999, 12, 1), date.max)
    assert len(busy("DTSTART:00010101 DTEND:99991231", days=whole)) == 30
    assert busy("DTSTART:00010101 DTEND:00010103", days=DateRange(date.min, date(1, 1, 31))) == ["01-01", "01-02"]
    assert busy("DTSTART:99991201 RRULE:FREQ=WEEKLY;COUNT=3", days=whole) == ["12-01", "12-08", "12-15"]


def test_the_zone_that_the_file_defines() -> None:
    """Three hours ahead of UTC: midnight there is 21:00 UTC."""
    zones = (
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\n"
        "TZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    data = calendar("DTSTART;TZID=Ours:20260402T000000 DTEND;TZID=Ours:20260403T000000", zones=zones)
    assert ical.loads_busy(data, YEAR) == (date(2026, 4, 2),)
    assert ical.loads_busy(data, YEAR, zone="Africa/Nairobi") == (date(2026, 4, 2),)
    assert ical.loads_busy(data, YEAR, zone="Europe/Warsaw") == ()


EVENTS = st.tuples(st.integers(0, 700), st.integers(1, 9)).map(
    lambda pair: (date(2025, 6, 1) + timedelta(pair[0]), pair[1])
)


@given(st.lists(EVENTS, max_size=8), st.integers(0, 500), st.integers(0, 200))
def test_all_days_of_all_events_in_the_range(events: list[tuple[date, int]], ahead: int, length: int) -> None:
    """Each day once, in order, whatever the order of events, and by LF or CRLF."""
    first = date(2025, 6, 1) + timedelta(ahead)
    days = DateRange(first, first + timedelta(length))
    lines = [f"DTSTART:{day:%Y%m%d} DTEND:{day + timedelta(n):%Y%m%d}" for day, n in events]
    taken = {day + timedelta(n) for day, count in events for n in range(count)}
    expected = tuple(sorted(day for day in taken if days.earliest <= day <= days.latest))
    assert ical.loads_busy(calendar(*lines), days) == expected
    assert ical.loads_busy(calendar(*reversed(lines)).replace("\n", "\r\n").encode(), days) == expected


# Hostile files: each is read or refused within its steps.


def repeated(rule: str, count: int = 1, start: str = "20200101") -> str:
    """Return a calendar of events that all repeat."""
    return calendar(*[f"UID:{number} SUMMARY:x DTSTART:{start} RRULE:{rule}" for number in range(count)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (repeated("FREQ=DAILY"), 365),
        (repeated("FREQ=DAILY", start="00010101"), 365),
        (repeated("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1000), 0),
        (repeated("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1000), 0),
        (repeated("FREQ=DAILY;INTERVAL=7;BYDAY=MO", 100), 0),  # 1 January 2020 was a Wednesday
        (repeated("FREQ=DAILY;COUNT=999999", start="19000101"), 365),
        (repeated("FREQ=YEARLY", 5000), 1),
        (repeated("FREQ=WEEKLY;UNTIL=20251231", 10_000), 0),
        (calendar("DTSTART:20260101 RRULE:FREQ=DAILY EXDATE:" + ",".join(["20260105"] * 50_000)), 364),
        (calendar("DTSTART:20260101 RDATE:" + ",".join(["20260105"] * 50_000)), 2),
        (repeated("FREQ=SECONDLY"), None),
        (repeated("FREQ=DAILY;INTERVAL=0"), None),
        (repeated("FREQ=DAILY;COUNT=999999", start="00010101") , 365),
        (repeated("FREQ=DAILY;COUNT=999999", 5, start="00010101"), None),
        (repeated("FREQ=DAILY", 20_000), None),
        (repeated("FREQ=YEARLY;BYMONTHDAY=" + ",".join(["1"] * 5000)), None),
        (calendar("DTSTART:20260101 " + "EXDATE:20260105 " * 20_000), None),
        (calendar("DTSTART:20260101 EXDATE:" + "," * 900_000), None),
        (calendar(*["DTSTART:19000101 DTEND:21000101"] * 5000), None),
        (calendar(*["UID:1 DTSTART:20260101 RRULE:FREQ=DAILY;COUNT=1",
                    "UID:1 DTSTART:20260101 RECURRENCE-ID:20260101"] * 5000), None),
        (calendar("DTSTART:20260101 DURATION:P99999999W"), None),
    ],
    ids=range(21),
)  # fmt: skip
def test_hostile_files(data: str, expected: int | None) -> None:
    """The right number of days, or a clear error."""
    if expected is None:
        with pytest.raises(ts.InvalidValueError):
            ical.loads_busy(data, YEAR)
    else:
        assert len(ical.loads_busy(data, YEAR)) == expected


def test_limits_can_be_raised_and_lowered() -> None:
    """By hand: a daily rule over a year looks at the 31 days of 14 months, or fewer, and takes 365."""
    data = repeated("FREQ=DAILY")
    with pytest.raises(ts.InvalidValueError, match=re.escape("more than 300 steps")):
        ical.loads_busy(data, YEAR, limits=ical.Limits(steps=300))
    assert len(ical.loads_busy(data, YEAR, limits=ical.Limits(steps=14 * 32 + 2 * 366))) == 365
    many = repeated("FREQ=DAILY", 2000)
    with pytest.raises(ts.InvalidValueError, match=re.escape("more than 1,000,000 steps")):
        ical.loads_busy(many, YEAR)
    assert len(ical.loads_busy(many, YEAR, limits=ical.Limits(steps=2000 * (14 * 32 + 2 * 366)))) == 365


WORST = """
import resource, sys
from datetime import date, datetime, UTC
import trialsched as ts
from trialsched.formats import ical

def calendar(*events):
    body = "".join(f"BEGIN:VEVENT\\r\\n{event}\\r\\nEND:VEVENT\\r\\n" for event in events)
    return f"BEGIN:VCALENDAR\\r\\n{body}END:VCALENDAR\\r\\n"

uid = "1c33f76a-d8ca-5a08-9061-7bcc66b063d5"
plan = ts.schedule(ts.load_protocol("alstem"), ts.Subject("P01-007", baseline=date(2026, 3, 2)))
year = ts.DateRange(date(2026, 1, 1), date(2026, 12, 31))
part = "BEGIN:STANDARD\\r\\nDTSTART:16010101T0000\\r\\nTZOFFSETFROM:+0100\\r\\nTZOFFSETTO:+0200\\r\\n"
part = part.replace("T0000", "T000000") + "RRULE:FREQ=YEARLY;COUNT=99999\\r\\nEND:STANDARD\\r\\n"
zone = "BEGIN:VTIMEZONE\\r\\nTZID:%s\\r\\n" + part * 9 + "END:VTIMEZONE\\r\\n"
files = {
    "events": calendar(*(f"UID:{n}\\r\\nDTSTART:20260403" for n in range(49_999)), f"UID:{uid}\\r\\nDTSTART:20260403"),
    "million": calendar(*["UID:1"] * 900_000)[:19_000_000],
    "zones": calendar(*(f"UID:{n}\\r\\nDTSTART;TZID=Z{n}:20260403T090000" for n in range(2_000)),
                      f"UID:{uid}\\r\\nDTSTART;TZID=Z1:20260403T090000").replace(
                      "BEGIN:VEVENT", "".join(zone % f"Z{n}" for n in range(2_000)) + "BEGIN:VEVENT", 1),
    "repeating": calendar(*(f"UID:{n}\\r\\nDTSTART:20200106\\r\\nRRULE:FREQ=WEEKLY" for n in range(20_000))),
    "line": calendar("X-A:" + "x" * 10_000_000),
    "lines": calendar("A:\\r\\n" * 3_000_000 + "A:"),
    "emoji": calendar(f"UID:{uid}\\r\\n" + ("X-A:" + "\\U0001f600" * 100 + "\\r\\n") * 9_000 + "DTSTART:20260403"),
}
data = files[sys.argv[1]]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stamp = datetime(2026, 1, 1, tzinfo=UTC)
for verb in (lambda: ical.loads(data, plan), lambda: ical.loads_busy(data, year), lambda: ical.split(data),
             lambda: ical.merge([data]), lambda: ical.update(plan, stamp=stamp, previous=data)):
    try:
        verb()
    except ts.InvalidValueError as error:
        assert len(str(error)) < 1000
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("name", ["events", "million", "zones", "repeating", "line", "lines", "emoji"])
def test_the_worst_files_cost_bounded_time_and_memory(name: str, tmp_path: Path) -> None:
    """Every verb on one file: less than a minute of CPU together, about a tenth of which was measured, and 400 MB."""
    script = tmp_path / "worst.py"
    script.write_text(WORST, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), name],
        capture_output=True,
        encoding="utf-8",
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )
    assert int(done.stdout) < 400 * 1024


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("DTSTART;TZID=Europe/Warsaw:20260329T000000 DURATION:PT23H", ["03-29"]),
        ("DTSTART;TZID=Europe/Warsaw:20261025T000000 DURATION:PT24H", []),
        ("DTSTART;TZID=Europe/Warsaw:20261025T000000 DURATION:P1D", ["10-25"]),
    ],
)
def test_hours_are_time_elapsed_and_days_are_by_the_calendar(event: str, expected: list[str]) -> None:
    """RFC 5545, section 3.3.6: 29 March has 23 hours in Warsaw, 25 October 25."""
    assert busy(event) == expected

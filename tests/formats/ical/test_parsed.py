"""What an event says: its UID, start, end, zone and marks, whoever wrote it last."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

import trialsched as ts
from trialsched.formats.ical.lines import Cut, Limits, Properties, cut, properties
from trialsched.formats.ical.parsed import (
    Said,
    Zones,
    as_days,
    comparable,
    exported_length,
    exported_start,
    is_marked,
    length,
    local,
    said,
    uid_of,
)

WARSAW, NEW_YORK = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/New_York")
NOTHING = Cut((), ())


def event(*lines: str) -> Properties:
    """Return the properties of an event of these lines."""
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    return properties(cut(text).blocks[0])


def at(day: int, hour: int = 0, minute: int = 0, zone: ZoneInfo | None = None) -> datetime:
    """Return a time in April 2026."""
    return datetime(2026, 4, day, hour, minute, tzinfo=zone)


UID = "1c33f76a-d8ca-5a08-9061-7bcc66b063d5"
FOREIGN = "1c33f76a-d8ca-4a08-9061-7bcc66b063d5"  # a random one, version 4


@pytest.mark.parametrize(
    ("line", "uid"),
    [
        (f"UID:{UID}", UID),
        (f"UID: {UID.upper()} ", UID),
        (f"UID:{UID}@google.com", UID),
        (f"UID;X-A=b:{UID}@GOOGLE.COM", UID),
        (f"UID:{FOREIGN}@google.com", f"{FOREIGN}@google.com"),
        (f"UID:{UID}@a@b", f"{UID}@a@b"),
        # [MS-OXCICAL]: 'vCal-Uid' is 7643616C2D556964
        (f"UID:040000008200E00074C5B7101A82E008{'00' * 20}7643616C2D55696401000000{UID.encode().hex()}00", UID),
        ("UID:040000008200E00074C5B7101A82E0087643616C2D55696401000000FFFE00",
         "\ufffd\ufffd"),
        ("UID:040000008200E00074C5B7101A82E00800", "040000008200e00074c5b7101a82e00800"),
        ("SUMMARY:no UID", ""),
    ],
)  # fmt: skip
def test_uids(line: str, uid: str) -> None:
    """In lower case, without what Google adds and what Exchange makes of it."""
    assert uid_of(event(line)) == uid


def test_marks() -> None:
    """Any of our own properties tells that an event is ours."""
    for line in ("X-TRIALSCHED-DATE:20260402", "x-trialsched-subject:1", "X-TRIALSCHED-HASH:1"):
        assert is_marked(event("UID:1", line))
    assert not is_marked(event("UID:1", "X-TRIAL:1"))


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (["DTSTART;VALUE=DATE:20260402", "DTEND;VALUE=DATE:20260404"], date(2026, 4, 2), date(2026, 4, 4)),
        # RFC 5545, section 3.6.1: a date alone is one day, a time alone no time at all
        (["DTSTART:20260402"], date(2026, 4, 2), date(2026, 4, 3)),
        (["DTSTART:20260402T093000"], at(2, 9, 30), at(2, 9, 30)),
        (["DTSTART:20260402", "DTEND:20260402"], date(2026, 4, 2), date(2026, 4, 3)),
        (["DTSTART:20260402", "DURATION:P1W"], date(2026, 4, 2), date(2026, 4, 9)),
        (["DTSTART:20260402", "DURATION:P2D"], date(2026, 4, 2), date(2026, 4, 4)),
        (["DTSTART:20260402", "DURATION:PT1D"], date(2026, 4, 2), date(2026, 4, 3)),
        (["DTSTART;TZID=Europe/Warsaw:20260328T093000", "DURATION:PT2D"],  # the clocks go forward in between
         datetime(2026, 3, 28, 9, 30, tzinfo=WARSAW), datetime(2026, 3, 30, 9, 30, tzinfo=WARSAW)),
        (["DTSTART:20260402T093000Z", "DURATION:P1DT2H3M4S"], datetime(2026, 4, 2, 9, 30, tzinfo=UTC),
         datetime(2026, 4, 3, 11, 33, 4, tzinfo=UTC)),
        (["DTSTART:20260402T093000", "DURATION:+PT90M"], at(2, 9, 30), at(2, 11)),
        (["DTSTART;TZID=Europe/Warsaw:20260402T093000", "DTEND;TZID=Eastern Standard Time:20260402T050000"],
         at(2, 9, 30, WARSAW), at(2, 5, 0, NEW_YORK)),
    ],
)  # fmt: skip
def test_starts_and_ends(lines: list[str], start: date, end: date) -> None:
    """Dates and times as they stand, the end exclusive."""
    found = said(event(*lines), Zones(NOTHING))
    assert found == Said(start, end)
    zones = [[str(getattr(moment, "tzinfo", None)) for moment in pair] for pair in (found, (start, end))]
    assert zones[0] == zones[1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["UID:1"], "has no start"),
        (["DTSTART:"], "DTSTART: read '', expected a date"),
        (["DTSTART:2026040"], "expected a date"),
        (["DTSTART:20260402T0930"], "expected a date"),
        (["DTSTART:20260402T093000z"], "expected a date"),
        (["DTSTART:00000402"], "expected a date"),
        (["DTSTART:\u0662\u0660260402"], "expected a date"),
        (["DTSTART:20260402T240000"], "expected a date"),
        (["DTSTART:20260402", "DTEND:x"], "DTEND: read 'x'"),
        (["DTSTART;TZID=Mars:20260402T093000"], "'Mars' is neither known nor defined"),
        (["DTSTART;TZID=Europe:20260402T093000"], "'Europe' is neither known nor defined"),
        (["DTSTART;TZID=../../etc/passwd:20260402T093000"], "neither known nor defined"),
        (["DTSTART:20260402", "DURATION:P"], "DURATION: read 'P'"),
        (["DTSTART:20260402", "DURATION:PT"], "DURATION: read 'PT'"),
        (["DTSTART:20260402", "DURATION:P1Y"], "DURATION: read 'P1Y'"),
        (["DTSTART:20260402", "DURATION:P" + "9" * 5000 + "D"], "DURATION: read 'P999"),
        (["DTSTART:20260402", "DURATION:P99999999W"], "after the year 9999"),
        (["DTSTART:20260402", "DURATION:P9999999999999W"], "after the year 9999"),
        (["DTSTART:99991231"], "after the year 9999"),
        (["DTSTART:99991230T230000Z", "DURATION:PT2H"], "the last day of the calendar"),
        (["DTSTART:99991231T000000Z"], "the last day of the calendar"),
        (["DTSTART:00010101T000000"], "the first or the last day"),
        (["DTSTART:20260402", "DTEND:20260402T100000"], "one of DTSTART and DTEND is a date"),
        (["DTSTART:20260402T090000", "DTEND:20260402T100000Z"], "has no time zone"),
    ],
)
def test_what_says_no_time(lines: list[str], message: str) -> None:
    """The message says what was read."""
    with pytest.raises(ts.InvalidValueError, match=message.replace("(", r"\(")):
        said(event(*lines), Zones(NOTHING))


def test_the_first_and_last_times_compare() -> None:
    """What is read can be told in any zone."""
    for text in ("00010102T000000", "99991230T235959"):
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            start = said(event(f"DTSTART;TZID={zone}:{text}"), Zones(NOTHING)).start
            assert isinstance(start, datetime)
            assert comparable(start) == start
            assert local(start, "Europe/Warsaw")


def test_equal_moments_compare_equal() -> None:
    """Times in zones as moments in UTC, dates and floating times as they are."""
    assert (
        comparable(at(2, 9, 30, WARSAW))
        == comparable(at(2, 3, 30, NEW_YORK))
        == datetime(2026, 4, 2, 7, 30, tzinfo=UTC)
    )
    assert comparable(at(2)) != comparable(date(2026, 4, 2))
    assert Said(date(2026, 4, 2), date(2026, 4, 3)).instants == (date(2026, 4, 2), date(2026, 4, 3))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("X-A:1", None),
        ("X-TRIALSCHED-DATE:20260402", date(2026, 4, 2)),
        ("X-TRIALSCHED-DATE: 20260402T093000 Europe/Warsaw ", at(2, 9, 30, WARSAW)),
        ("X-TRIALSCHED-DATE;VALUE=TEXT:20260402", date(2026, 4, 2)),
    ],
)
def test_the_start_that_was_exported(line: str, expected: date | None) -> None:
    """A date, or a local time and its zone."""
    assert exported_start(event(line)) == expected


@pytest.mark.parametrize(
    "value",
    ["", "2026-04-02", "20260431", "20260402T093000", "20260402T093000Z", "20260402T093015 Europe/Warsaw",
     "20260402T093000 Mars", "20260402T250000 Europe/Warsaw", "00010101T000000 Europe/Warsaw"],
)  # fmt: skip
def test_what_was_never_exported(value: str) -> None:
    """Nothing unreadable becomes a date."""
    with pytest.raises(ts.InvalidValueError, match="X-TRIALSCHED-DATE: read"):
        exported_start(event(f"X-TRIALSCHED-DATE:{value}"))


DAY_MARK = "X-TRIALSCHED-DATE:20260402"
TIME_MARK = "X-TRIALSCHED-DATE:20260402T093000 Europe/Warsaw"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        ([DAY_MARK], timedelta(1)),
        ([DAY_MARK, "RELATED-TO:x"], None),
        ([DAY_MARK, "RELATED-TO:x", "X-TRIALSCHED-END:20260417"], timedelta(15)),
        ([TIME_MARK], None),
        ([TIME_MARK, "X-TRIALSCHED-END:20260402T103000 Europe/Warsaw"], timedelta(hours=1)),
        ([TIME_MARK, "X-TRIALSCHED-END:20260402T103000 Europe/London"], timedelta(hours=2)),
        ([TIME_MARK, "X-TRIALSCHED-END:20260403"], None),
        (["X-TRIALSCHED-END:20260403"], None),
    ],
)
def test_the_length_that_was_exported(lines: list[str], expected: timedelta | None) -> None:
    """From start to end; of a visit on a day it is that day, of a window without a mark it is not known."""
    assert exported_length(event(*lines)) == expected


def test_an_end_that_was_never_exported() -> None:
    """It is refused by its name."""
    with pytest.raises(ts.InvalidValueError, match="X-TRIALSCHED-END: read 'soon'"):
        exported_length(event(DAY_MARK, "X-TRIALSCHED-END:soon"))


def test_a_length_is_time_elapsed() -> None:
    """In Warsaw 29 March 2026 has 23 hours; floating times count by the clock; a day and a time have none."""
    night = datetime(2026, 3, 29, tzinfo=WARSAW)
    assert length(night, datetime(2026, 3, 30, tzinfo=WARSAW)) == timedelta(hours=23)
    assert length(at(2, 9), at(3, 9)) == length(date(2026, 4, 2), date(2026, 4, 3)) == timedelta(1)
    assert length(date(2026, 4, 2), at(2, 9)) is None
    assert length(at(2, 9), date(2026, 4, 2)) is None


def test_local_times() -> None:
    """As the clocks of a zone show it; a floating time, or without a zone, as it stands."""
    assert local(at(2, 3, 30, NEW_YORK), "Europe/Warsaw") == at(2, 9, 30)
    assert local(at(2, 3, 30, NEW_YORK), None) == local(at(2, 3, 30), "Europe/Warsaw") == at(2, 3, 30)
    gap = datetime(2026, 3, 29, 2, 30, tzinfo=WARSAW)
    assert local(gap, "Europe/Warsaw") == datetime(2026, 3, 29, 3, 30)  # noqa: DTZ001 - local


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        (date(2026, 4, 2), date(2026, 4, 3), None, date(2026, 4, 2)),
        (at(2), at(3), None, date(2026, 4, 2)),
        (at(2), at(2), None, at(2)),
        (at(2), at(3, 0, 1), None, at(2)),
        (at(2, 0, 0, WARSAW), at(4, 0, 0, WARSAW), None, date(2026, 4, 2)),
        (at(2, 0, 0, NEW_YORK), at(3, 0, 0, NEW_YORK), "Europe/Warsaw", date(2026, 4, 2)),
        (at(2, 18, 0, NEW_YORK), at(3, 18, 0, NEW_YORK), "Europe/Warsaw", date(2026, 4, 3)),
        # 28 March is 24 hours in Warsaw, the 29th 23
        (datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC), "Europe/Warsaw",
         date(2026, 3, 29)),
    ],
)  # fmt: skip
def test_whole_days(start: date, end: date, zone: str | None, expected: date) -> None:
    """From midnight to midnight, at the clinic or where the event tells its times, is a date."""
    assert as_days(Said(start, end), zone) == expected
    assert type(as_days(Said(start, end), zone)) is type(expected)


def test_zones_of_a_file() -> None:
    """What the file defines, read once; without a definition, or with one that says nothing, what the name means."""
    own = [
        "BEGIN:VTIMEZONE", "TZID:Ours", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0300",
        "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE",
    ]  # fmt: skip
    text = "\r\n".join(["BEGIN:VCALENDAR", *own, "END:VCALENDAR", ""])
    known = Zones(cut(text))
    assert str(known.get("Europe/Warsaw")) == str(known.get("Central European Standard Time")) == "Europe/Warsaw"
    assert known.get("Nowhere") is None
    zone = known.get("Ours")
    assert known.get("Ours") is zone
    assert at(2).replace(tzinfo=zone).utcoffset() == timedelta(hours=3)
    for name in ("Europe/Warsaw", "Central European Standard Time", "EST", "/mine/Nowhere"):
        mine = Zones(cut(text.replace("TZID:Ours", f"TZID:{name}"))).get(name)
        assert at(2).replace(tzinfo=mine).utcoffset() == timedelta(hours=3)
    # RFC 5545, section 3.8.3.1: what begins with a solidus is unique in the world
    for name in ("/Europe/Warsaw", "/freeassociation.sourceforge.net/Europe/Warsaw"):
        known = Zones(cut(text.replace("TZID:Ours", f"TZID:{name}")))
        assert str(known.get(name)) == "Europe/Warsaw"
    empty = "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Europe/Warsaw\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    assert str(Zones(cut(empty)).get("Europe/Warsaw")) == "Europe/Warsaw"
    broken = Zones(cut(text.replace("+0300", "3")))
    with pytest.raises(ts.InvalidValueError, match="the file's time zone 'Ours': STANDARD: read '3', expected offsets"):
        broken.get("Ours")
    few = Zones(cut(text), Limits(steps=0)).get("Ours")
    with pytest.raises(ts.InvalidValueError, match="0 steps"):
        datetime.combine(date(2026, 4, 2), time(), few).utcoffset()


RAMADAN = {2025: ("0223T030000", "0406T020000"), 2026: ("0215T030000", "0322T020000")}  # of the tz database


def casablanca(*years: int, winter: str = "+0000", rule: str = "") -> Zones:
    """Return the zones of a file that lists the changes of Casablanca in some years."""
    ends, begins = ([f"{year}{RAMADAN[year][index]}" for year in years] for index in (0, 1))
    lines = ["BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "TZID:Africa/Casablanca"]
    for onsets, before, after in ((ends, "+0100", winter), (begins, winter, "+0100")):
        lines += ["BEGIN:STANDARD", f"DTSTART:{onsets[0]}", *(f"RDATE:{onset}" for onset in onsets)]
        lines += [
            f"TZOFFSETFROM:{before}",
            f"TZOFFSETTO:{after}",
            *([rule] if rule and onsets is ends else []),
            "END:STANDARD",
        ]
    return Zones(cut("\r\n".join([*lines, "END:VTIMEZONE", "END:VCALENDAR", ""])))


def test_a_zone_that_lists_the_changes_of_some_years() -> None:
    """Of other years its name says more; one that says otherwise, goes on by a rule or lists one year counts as it is.

    On 2028-02-10 the clocks of Casablanca are set back for Ramadan; on the definition's word they are not.
    """

    def hours(zones: Zones) -> float:
        offset = datetime(2028, 2, 10, 9, 30, tzinfo=zones.get("Africa/Casablanca")).utcoffset()
        assert offset is not None
        return offset / timedelta(hours=1)

    assert hours(casablanca(2025, 2026)) == 0
    assert hours(casablanca(2026)) == 1
    assert hours(casablanca(2025, 2026, winter="-0100")) == 1
    assert hours(casablanca(2025, 2026, rule="RRULE:FREQ=YEARLY;UNTIL=20260101T000000Z")) == 1

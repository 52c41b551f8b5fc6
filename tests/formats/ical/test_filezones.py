"""Time zones that a file defines itself, against zoneinfo and by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats.ical import zones
from trialsched.formats.ical.filezones import FileZone
from trialsched.formats.ical.lines import cut
from trialsched.formats.ical.rules import Steps


def defined(*lines: str, steps: int = 10**6) -> FileZone:
    """Return the zone of a VTIMEZONE of these lines."""
    text = "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", *lines, "END:VTIMEZONE", "END:VCALENDAR", ""])
    return FileZone(cut(text).blocks[0], Steps(steps))


def part(kind: str, start: str, before: str, after: str, *more: str) -> list[str]:
    """Return the lines of a STANDARD or DAYLIGHT."""
    lines = [f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *more, f"END:{kind}"]
    return list(filter(None, lines))


# As Exchange writes Warsaw, since 1601, under a name of its own.
EXCHANGE = defined(
    "TZID:(UTC+01:00) Sarajevo\\, Skopje\\, Warsaw\\, Zagreb",
    *part("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"),
    *part("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"),
)


def offset(zone: FileZone, *when: int, fold: int = 0) -> float:
    """Return the offset of a local time in hours."""
    found = datetime(*when, fold=fold, tzinfo=zone).utcoffset()  # type: ignore[misc, arg-type]
    assert found is not None
    return found / timedelta(hours=1)


def test_warsaw_as_exchange_defines_it() -> None:
    """In 2026 the clocks change on 29 March at 2:00 and on 25 October at 3:00."""
    assert EXCHANGE.tzname(None) == "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb"
    assert offset(EXCHANGE, 2026, 3, 29, 1, 59) == 1
    assert offset(EXCHANGE, 2026, 3, 29, 3, 0) == 2
    assert offset(EXCHANGE, 2026, 10, 25, 1, 59) == 2
    assert offset(EXCHANGE, 2026, 10, 25, 3, 0) == 1
    # RFC 5545, section 3.3.5: 2:30 in the gap has the offset before it, 2:30 that comes twice is the first
    assert offset(EXCHANGE, 2026, 3, 29, 2, 30) == 1
    assert offset(EXCHANGE, 2026, 10, 25, 2, 30) == 2
    assert offset(EXCHANGE, 2026, 10, 25, 2, 30, fold=1) == 1


ZONES = ("Europe/Warsaw", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/Dublin", "America/St_Johns",
         "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Gaza")  # fmt: skip
FIRST, LAST = datetime(2025, 1, 2), datetime(2027, 12, 30)  # noqa: DTZ001 - local
SPAN = [moment.replace(tzinfo=UTC) for moment in (FIRST, LAST)]
READ = {name: defined(*zones.vtimezone(name, SPAN).split("\r\n")[1:-2]) for name in ZONES}
CHANGES = st.sampled_from((datetime(2026, 3, 29, 2), datetime(2026, 10, 25, 2), datetime(2026, 4, 5, 2)))  # noqa: DTZ001
NEAR = st.builds(lambda at, minutes: at + timedelta(minutes=minutes), CHANGES, st.integers(-300, 300))


@given(st.sampled_from(ZONES), st.datetimes(FIRST, LAST) | NEAR, st.sampled_from((0, 1)))
def test_what_we_write_is_read_as_zoneinfo_has_it(name: str, moment: datetime, fold: int) -> None:
    """Of a local time the offset, of a moment in UTC the local time and which of two it is."""
    mine, theirs = READ[name], ZoneInfo(name)
    local = moment.replace(fold=fold)
    assert local.replace(tzinfo=mine).utcoffset() == local.replace(tzinfo=theirs).utcoffset()
    found, expected = (moment.replace(tzinfo=UTC).astimezone(zone) for zone in (mine, theirs))
    assert (found.replace(tzinfo=None), found.fold) == (expected.replace(tzinfo=None), expected.fold)


@pytest.mark.parametrize("begin", ["00010101", "16010101", "19700101"])
@pytest.mark.parametrize(
    ("clocks", "hours"),
    [
        (("030000", "020000"), ("", "")),
        # DDay.iCal says the time of the change in the rule; here DTSTART is another one
        (("000000", "000000"), (";BYHOUR=3;BYMINUTE=0", ";BYHOUR=2;BYMINUTE=0;BYSECOND=0")),
        (("030500", "020500"), (";BYMINUTE=0", ";BYMINUTE=0")),
    ],
)
def test_warsaw_as_other_programs_define_it(begin: str, clocks: tuple[str, str], hours: tuple[str, str]) -> None:
    """From the first day that there is (eM Client), or with the hour in the rule: the changes of 2026, by zoneinfo."""
    zone = defined(
        "TZID:X",
        *part("STANDARD", f"{begin}T{clocks[0]}", "+0200", "+0100",
              f"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10{hours[0]}"),
        *part("DAYLIGHT", f"{begin}T{clocks[1]}", "+0100", "+0200",
              f"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3{hours[1]}"),
    )  # fmt: skip
    warsaw = ZoneInfo("Europe/Warsaw")
    for month, day in ((3, 29), (10, 25)):
        for minutes in range(0, 300, 29):
            local = datetime(2026, month, day, minutes // 60, minutes % 60)  # noqa: DTZ001 - local
            assert local.replace(tzinfo=zone).utcoffset() == local.replace(tzinfo=warsaw).utcoffset()


@pytest.mark.parametrize("begin", ["00010101T000000", "00010101T235959", "00010102T000000"])
def test_a_fixed_zone_from_the_first_day_that_there_is(begin: str) -> None:
    """A rule of nothing but years keeps its day; no offset leaves the calendar."""
    for offsets in (("-1200", "+1400"), ("+1400", "-1200")):
        zone = defined("TZID:X", *part("STANDARD", begin, *offsets, "RRULE:FREQ=YEARLY"))
        hours = 14 if offsets[1] == "+1400" else -12
        assert offset(zone, 2026, 1, 1, 0, 0) == offset(zone, 2026, 7, 1) == hours


def test_before_the_first_onset_and_after_the_last() -> None:
    """The offset before the first change, and the one after the last when UNTIL has passed."""
    zone = defined(
        "TZID:X",
        *part(
            "STANDARD", "20001029T030000", "+0200", "+0130", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20101231"
        ),
        *part("DAYLIGHT", "20010325T020000", "+0130", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20101231"),
    )
    assert offset(zone, 1990, 7, 1) == 2
    assert offset(zone, 2010, 7, 1) == 2
    assert offset(zone, 2010, 12, 1) == 1.5
    assert offset(zone, 2026, 7, 1) == 1.5
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone).hour == 1
    assert datetime(1990, 7, 1, tzinfo=UTC).astimezone(zone).hour == 2


def test_onsets_that_are_listed() -> None:
    """RDATE: further onsets, one after the other or on a line of their own."""
    zone = defined(
        "TZID:X",
        *part("STANDARD", "20250101T000000", "+0000", "+0000", "RDATE:20251001T000000,20261001T000000"),
        *part("DAYLIGHT", "20250401T000000", "+0000", "+003015", "RDATE:20260401T000000"),
    )
    assert [offset(zone, 2026, month, 2) for month in (3, 4, 9, 10)] == [0, 0.5 + 15 / 3600, 0.5 + 15 / 3600, 0]


def test_one_offset_for_ever() -> None:
    """A fixed zone, west of Greenwich."""
    zone = defined("TZID:X", *part("STANDARD", "19700101", "-0930", "-0930"))
    assert offset(zone, 1, 1, 2) == offset(zone, 9999, 12, 30) == -9.5
    assert zone.utcoffset(None) == timedelta(0)
    assert datetime(2026, 4, 2, tzinfo=zone).dst() is None


RULE = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        part("MORNING", "19700101T000000", "+0100", "+0200"),
        part("STANDARD", "", "+0100", "+0200"),
        part("STANDARD", "whenever", "+0100", "+0200"),
        part("STANDARD", "20261301T000000", "+0100", "+0200"),
        part("STANDARD", "00000101T000000", "+0100", "+0200"),
        part("STANDARD", "19700101T000000", "", "+0200"),
        part("STANDARD", "19700101T000000", "+0100", "0200"),
        part("STANDARD", "19700101T000000", "+0100", "+2400"),
        part("STANDARD", "19700101T000000", "+0100", "+0260"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", "RDATE:never"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=SECONDLY"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=DAILY"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=2"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", RULE, f"{RULE};COUNT=1"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", f"{RULE};BYHOUR=2,3"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", f"{RULE};BYHOUR=24"),
        part("STANDARD", "19700101T000000", "+0100", "+0200", f"{RULE};BYMINUTE=60"),
    ],
)
def test_what_is_no_zone(lines: list[str]) -> None:
    """Without a change, a start or an offset; with a rule that no zone has."""
    with pytest.raises(ts.InvalidValueError):
        defined("TZID:X", *lines)


def test_the_steps_of_a_zone() -> None:
    """Rules since 1601 cost what rules of the year do; a definition of thousands of parts is refused."""
    rule = part("STANDARD", "16010101T000000", "+0100", "+0200", RULE)
    zone = defined("TZID:X", *rule, steps=1000)
    assert offset(zone, 2026, 7, 1) == 2
    with pytest.raises(ts.InvalidValueError, match="1,000 steps"):
        offset(defined("TZID:X", *rule * 1000, steps=1000), 2026, 7, 1)
    with pytest.raises(ts.InvalidValueError, match="1,000 steps"):
        defined("TZID:X", *part("STANDARD", "16010101T000000", "+0100", "+0200", "RDATE:" + "," * 2000), steps=1000)


def test_listed_changes_are_found_without_walking_all_of_them() -> None:
    """A change every second day of three years, by hand: before it the old offset, from it on the new one."""
    days = [datetime(2024, 1, 1, 12) + timedelta(days=2 * number) for number in range(500)]  # noqa: DTZ001 - local
    listed = ",".join(f"{day:%Y%m%dT%H%M%S}" for day in days)
    zone = defined(
        "TZID:X",
        *part("STANDARD", "20230101T000000", "+0100", "+0000"),
        *part("DAYLIGHT", "20240101T120000", "+0000", "+0100", f"RDATE:{listed}"),
    )
    assert offset(zone, 2024, 1, 1, 11, 59) == 0
    assert offset(zone, 2024, 1, 1, 13, 0) == 1
    assert offset(zone, 2026, 6, 1) == 1
    assert datetime(2024, 1, 1, 11, 30, tzinfo=UTC).astimezone(zone).hour == 11
    assert datetime(2024, 1, 1, 12, 30, tzinfo=UTC).astimezone(zone).hour == 13


def test_a_zone_of_too_many_changes_is_refused() -> None:
    """What reads an event walks over the changes around it: their number is bounded."""
    listed = ",".join(["20240101T120000"] * 2001)
    with pytest.raises(ts.InvalidValueError, match="more than 2,000 changes of the clocks"):
        defined("TZID:X", *part("STANDARD", "20230101T000000", "+0100", "+0000", f"RDATE:{listed}"))

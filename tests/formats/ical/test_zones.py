"""Zones: booked times, VTIMEZONEs as two readers understand them, and the names that calendar files give to zones."""

import struct
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import tzical

from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError
from trialsched.formats.ical import zones
from trialsched.formats.ical.zones import appointment, appointment_end, vtimezone, zone_of

YEARS = (2024, 2030)
ZONES = (
    "Europe/Warsaw",
    "America/New_York",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Europe/Dublin",
    "America/St_Johns",
    "Asia/Gaza",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Asia/Jerusalem",
    "America/Nuuk",
    "America/Havana",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Santiago",
    "UTC",
)
# Years in which the law or the zone itself changed, before there were rules, far away, and the ends of the calendar.
SPANS = [(zone, *YEARS) for zone in ZONES] + [
    ("Asia/Almaty", 2024, 2024),
    ("America/New_York", 2006, 2007),
    ("America/New_York", 1880, 1884),
    ("Europe/Warsaw", 1939, 1946),
    ("Europe/Warsaw", 1970, 1971),
    ("Europe/Warsaw", 2097, 2099),
    ("Pacific/Apia", 2011, 2012),
    ("Africa/Sao_Tome", 2019, 2019),  # changed on 1 January
    ("Africa/Casablanca", 2080, 2090),
    ("Asia/Tokyo", 2, 2),
    ("Africa/Cairo", 9999, 9999),
]

# The law of the European Union: from 1:00 UTC on the last Sunday of March to 1:00 UTC on the last Sunday of October. In
# 1970 these were 29 March and 25 October. Offset before the change: TZOFFSETFROM, and DTSTART is read with it.
WARSAW = """\
BEGIN:VTIMEZONE
TZID:Europe/Warsaw
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
"""
KOLKATA = """\
BEGIN:VTIMEZONE
TZID:Asia/Kolkata
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:IST
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
END:STANDARD
END:VTIMEZONE
"""


def in_years(first: int, last: int) -> list[datetime]:
    """Return moments, the earliest and the latest in these years."""
    return [datetime(first, 7, 1, tzinfo=UTC), datetime(last, 7, 1, tzinfo=UTC)]


def content_lines(text: str) -> list[str]:
    """Return the unfolded lines (RFC 5545, section 3.1)."""
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def values(text: str, name: str, kind: str = "") -> list[str]:
    """Return the values of a property, of one kind of part when it is given."""
    found, at = [], ""
    for line in content_lines(text):
        key, _, value = line.partition(":")
        at = value if key == "BEGIN" else at
        if key == name and kind in ("", at):
            found.append(value)
    return found


# A reader of its own, for the forms that are written: the days of a year are tried one by one.

CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def matches(day: date, rule: dict[str, str]) -> bool:
    """Return whether a yearly rule has this day."""
    code = rule["BYDAY"]
    nth = 1 + (day.day - 1) // 7
    from_end = -1 if (day + timedelta(7)).month != day.month else 0
    return (
        day.month == int(rule["BYMONTH"])
        and CODES[day.weekday()] == code[-2:]
        and code[:-2] in ("", str(nth), str(from_end))
        and str(day.day) in rule.get("BYMONTHDAY", str(day.day)).split(",")
    )


def own_reader(text: str, first: int, last: int) -> Callable[[datetime], timedelta | None]:
    """Return a function from local time to offset: that of the part with the latest onset (section 3.6.5)."""
    onsets: list[tuple[datetime, timedelta]] = []
    part: dict[str, list[str]] = {}
    for line in content_lines(text):
        name, _, value = line.partition(":")
        if name == "BEGIN":
            part = {}
        part.setdefault(name, []).append(value)
        if name != "END" or value == "VTIMEZONE":
            continue
        start = datetime.strptime(part["DTSTART"][0].zfill(15), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local
        days = [datetime.strptime(value, "%Y%m%dT%H%M%S") for value in part.get("RDATE", [])]  # noqa: DTZ007
        if "RRULE" in part:
            rule = dict(item.split("=") for item in part["RRULE"][0].split(";"))
            assert rule.pop("FREQ") == "YEARLY"
            assert rule.keys() <= {"BYDAY", "BYMONTH", "BYMONTHDAY"}
            assert matches(start.date(), rule), "the first onset is one"
            begin = date(max(start.year, first - 1), 1, 1)
            dates = (begin + timedelta(n) for n in range((date(last, 12, 31) - begin).days + 1))
            days += [datetime.combine(day, start.time()) for day in dates if matches(day, rule)]
        sign, digits = part["TZOFFSETTO"][0][0], part["TZOFFSETTO"][0][1:].ljust(6, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
        onsets += [(day, offset if sign == "+" else -offset) for day in (start, *days)]
    return lambda local: max(((at, to) for at, to in onsets if at <= local), default=(None, None))[1]


def dateutil_reader(text: str, first: int, last: int) -> Callable[[datetime], timedelta | None]:
    """Return the same as dateutil reads it."""
    assert first <= last
    tz = tzical(StringIO(text)).get()
    assert isinstance(tz, tzinfo)
    return tz.utcoffset


def clear_local_times(tz: ZoneInfo, first: int, last: int) -> Iterator[tuple[datetime, timedelta]]:
    """Return local times that exist once, and their offsets, by zoneinfo: around each change and at each new year."""
    days = {date(year, month, 1) for year in range(first, last + 1) for month in (1, 7)}
    at = datetime(first, 1, 3, tzinfo=UTC)
    while at.date() < date(last, 12, 29):
        later = at + timedelta(1)
        if at.astimezone(tz).utcoffset() != later.astimezone(tz).utcoffset():
            days |= {at.date() + timedelta(n) for n in (-1, 0, 1, 2)}
        at = later
    for day in sorted(days):
        for minutes in range(0, 24 * 60, 30):
            local = datetime.combine(day, time(minutes // 60, minutes % 60))
            offset = tz.utcoffset(local)
            if offset is not None and offset == tz.utcoffset(local.replace(fold=1)):
                yield local, offset


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget what was read of the zones, before and after a test that changes where they are read from."""
    path = zoneinfo.TZPATH
    zones._vtimezone.cache_clear()
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(path)
    zones._vtimezone.cache_clear()
    ZoneInfo.clear_cache()


def tzif(footer: str | None) -> bytes:
    """Return a data file of one offset and no change (RFC 9636), with a footer, or of version 1 without one."""
    version = b"1" if footer is None else b"2"
    block = b"TZif" + (b"\0" if footer is None else version) + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block += struct.pack(">lbb", 3600, 0, 0) + b"AAA\0"
    return block if footer is None else block + block + f"\n{footer}\n".encode()


def install(folder: Path, name: str, footer: str | None) -> None:
    """Make a zone that zoneinfo knows."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tzif(footer))
    zoneinfo.reset_tzpath([str(folder)])


# VTIMEZONE.


@pytest.mark.parametrize("golden", [WARSAW, KOLKATA])
def test_the_lines_of_a_zone(golden: str) -> None:
    """The whole text of a zone with and of one without summer time, as the law has it."""
    zone = golden.splitlines()[1].removeprefix("TZID:")
    assert vtimezone(zone, in_years(2026, 2028)) == golden.replace("\n", "\r\n")


@pytest.mark.parametrize("reader", [own_reader, dateutil_reader])
@pytest.mark.parametrize(("zone", "first", "last"), SPANS)
def test_readers_find_the_offsets_of_zoneinfo(
    zone: str, first: int, last: int, reader: Callable[[str, int, int], Callable[[datetime], timedelta | None]]
) -> None:
    """Before, on and after the day of each change, every half hour that exists once is the same instant."""
    offset_of = reader(vtimezone(zone, in_years(first, last)), first, last)
    times = list(clear_local_times(ZoneInfo(zone), first, last))
    assert len(times) >= 48
    assert [(local, offset_of(local)) for local, _ in times] == times


@pytest.mark.parametrize("zone", ZONES)
def test_there_is_one_standard_and_at_most_one_daylight(zone: str) -> None:
    """Exchange and Ruby's parser read no more; each has an onset before the first year, which Ruby's parser needs."""
    text = vtimezone(zone, in_years(*YEARS))
    kinds = [kind for kind in values(text, "BEGIN") if kind != "VTIMEZONE"]
    changes = len(set(values(text, "TZOFFSETTO"))) > 1
    assert kinds == (["STANDARD", "DAYLIGHT"] if changes else ["STANDARD"])
    assert all(start < "2024" for start in values(text, "DTSTART"))


@pytest.mark.parametrize("zone", ZONES)
def test_the_first_onset_is_one_of_the_onsets(zone: str) -> None:
    """DTSTART fits its RRULE (RFC 5545, section 3.8.5.3), or stands among the RDATEs, each on a line of its own."""
    text = vtimezone(zone, in_years(*YEARS))
    for kind in ("STANDARD", "DAYLIGHT"):
        for start in values(text, "DTSTART", kind):
            rules, dates = values(text, "RRULE", kind), values(text, "RDATE", kind)
            assert len(rules) <= 1
            assert not rules or not dates
            begin = datetime.strptime(start, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - local
            assert all(next(iter(rrulestr(rule, dtstart=begin))) == begin for rule in rules)
            assert dates[:1] in ([], [start])
            assert all(len(date) == 15 for date in dates)


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Africa/Casablanca"])
def test_summer_is_daylight_where_the_law_saves_in_winter(zone: str) -> None:
    """Irish law calls the winter the exception, Morocco's Ramadan is one; for programs the later clock is DAYLIGHT."""
    text = vtimezone(zone, in_years(2024, 2025))
    assert values(text, "TZOFFSETFROM", "DAYLIGHT") == values(text, "TZOFFSETTO", "STANDARD") == ["+0000"]
    assert values(text, "TZOFFSETTO", "DAYLIGHT") == values(text, "TZOFFSETFROM", "STANDARD") == ["+0100"]


def test_a_thursday_at_26_hours_is_a_friday() -> None:
    """Israel: 02:00 on the Friday before the last Sunday of March, which is from the 23rd to the 29th."""
    text = vtimezone("Asia/Jerusalem", in_years(2026, 2027))
    assert values(text, "RRULE", "DAYLIGHT") == ["FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29;BYMONTH=3"]
    assert values(text, "DTSTART", "DAYLIGHT") == ["19700327T020000"]


def test_offsets_may_have_seconds() -> None:
    """Local mean time of New York, 4 h 56 min 2 s west, until 18 November 1883 (tz database)."""
    text = vtimezone("America/New_York", in_years(1883, 1883))
    assert values(text, "TZOFFSETTO") == ["-045602", "-0500"]
    assert values(text, "TZNAME") == ["LMT", "EST"]
    assert values(text, "DTSTART")[1] == "18831118T120358"  # 17:00 UTC


def test_a_zone_that_changes_has_its_state_before() -> None:
    """Kazakhstan went from +06 to +05 on 1 March 2024 at midnight: what held before stands in a part of its own."""
    text = vtimezone("Asia/Almaty", in_years(2024, 2024))
    assert values(text, "TZOFFSETFROM") == ["+0600", "+0600"]
    assert values(text, "TZOFFSETTO", "STANDARD") == ["+0600", "+0500"]
    assert values(text, "DTSTART")[1] == "20240301T000000"
    assert values(text, "DTSTART")[0].endswith("T000000")


def test_names_of_the_times() -> None:
    """TZNAME is the name in the footer, without the quotes that POSIX puts around one with a sign."""
    assert values(vtimezone("Australia/Lord_Howe", in_years(*YEARS)), "TZNAME") == ["+1030", "+11"]
    assert values(vtimezone("Europe/Dublin", in_years(*YEARS)), "TZNAME") == ["GMT", "IST"]


@pytest.mark.parametrize(("first", "last"), [(2, 2), (2024, 2026), (9998, 9998)])
def test_the_years_that_are_compared_have_every_moment(first: int, last: int) -> None:
    """The first and the last minute of the years are among them, in whatever zone the moment is given."""
    day = timedelta(hours=23, minutes=59)
    start, stop = zones._span(first, last)
    assert start <= datetime(first, 1, 1, tzinfo=timezone(day)) - timedelta(1)
    assert stop >= datetime(last, 12, 31, 23, 59, tzinfo=timezone(-day)) + timedelta(0, 60)


def test_the_ends_of_the_calendar() -> None:
    """In the years 1 and 9999, local mean time of Tokyo (9 h 18 min 59 s, tz database) and its time of today."""
    assert values(vtimezone("Asia/Tokyo", in_years(1, 1)), "TZOFFSETTO") == ["+091859"]
    assert values(vtimezone("Asia/Tokyo", in_years(9999, 9999)), "TZOFFSETTO") == ["+0900"]


# The expected rules are read from the footers by POSIX and a calendar: nth weekday, or which days of the month.
FOOTERS = {
    "<-0130>1:30<-0030>0:30,M3.5.0/-1,M10.5.0/0": ("BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30", "BYDAY=-1SU"),
    "AAA-2BBB,M3.4.4/26,M10.5.0": ("BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29", "BYDAY=-1SU"),
    "AAA-2BBB,M3.4.4/-1,M10.1.0/24": ("BYDAY=WE;BYMONTHDAY=21,22,23,24,25,26,27", "BYDAY=MO;BYMONTHDAY=2,3,4,5,6,7,8"),
    "AAA+3BBB,M2.4.6/23:59:59,M11.1.0": ("BYDAY=4SA", "BYDAY=1SU"),
    "AAA3BBB,M2.5.0/3,M11.4.6/0": ("BYDAY=-1SU", "BYDAY=4SA"),
    "AAA3BBB,M2.4.0/-1,M11.2.6/24":
        ("BYDAY=SA;BYMONTHDAY=21,22,23,24,25,26,27", "BYDAY=SU;BYMONTHDAY=9,10,11,12,13,14,15"),
    "AAA3BBB,M3.2.0/-167,M11.1.0/167": ("BYDAY=1SU", "BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13"),
    "AAA3BBB,M4.1.1/167:30,M11.4.0/-24:30":
        ("BYDAY=SU;BYMONTHDAY=7,8,9,10,11,12,13", "BYDAY=FR;BYMONTHDAY=20,21,22,23,24,25,26"),
    "AAA-1BBB0,M10.5.0,M3.5.0/1": ("BYDAY=-1SU", "BYDAY=-1SU"),
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0": ("BYDAY=1SU", "BYDAY=1SU"),
    "<+0545>-5:45": (),
    "AAA0": (),
}  # fmt: skip
# Days counted from new year, days of two months, and a last week of February that is moved: no rule of one month.
WITHOUT_A_RULE = (
    "AAA3BBB,J60/0,J300/0",
    "AAA3BBB,59/1,300",
    "AAA-2BBB,M4.5.5/0,M10.5.4/24",
    "AAA-2BBB,M3.1.0/-1,M10.5.4/1",
    "AAA-2BBB,M2.5.0/24,M10.5.4/1",
    "AAA-2BBB,M2.5.0/-1,M10.5.4/1",
    "AAA-2BBB,M2.4.0/24,M10.5.4/1",
    "AAA3BBB4,0/0,J365/23",
    "",
    None,
)


@pytest.mark.parametrize("footer", FOOTERS)
@pytest.mark.usefixtures("fresh")
def test_a_footer_becomes_yearly_rules(footer: str, tmp_path: Path) -> None:
    """Hours outside of the day, signs, quoted names, a negative saving: the right rules, right for both readers."""
    name = f"Test/Rule{list(FOOTERS).index(footer)}"
    install(tmp_path, name, footer)
    text = vtimezone(name, in_years(*YEARS))
    rules = values(text, "RRULE", "DAYLIGHT") + values(text, "RRULE", "STANDARD")
    if footer.startswith("AAA-1BBB0"):  # the saving is the winter's
        rules.reverse()
    assert tuple(rule.removeprefix("FREQ=YEARLY;").rpartition(";BYMONTH=")[0] for rule in rules) == FOOTERS[footer]
    times = list(clear_local_times(ZoneInfo(name), *YEARS))
    for reader in (own_reader, dateutil_reader):
        offset_of = reader(text, *YEARS)
        assert [(local, offset_of(local)) for local, _ in times] == times


@pytest.mark.parametrize("footer", WITHOUT_A_RULE)
@pytest.mark.usefixtures("fresh")
def test_a_footer_that_no_rule_says(footer: str | None, tmp_path: Path) -> None:
    """The onsets themselves are written."""
    name = f"Test/Other{WITHOUT_A_RULE.index(footer)}"
    install(tmp_path, name, footer)
    text = vtimezone(name, in_years(*YEARS))
    assert values(text, "RRULE") == []
    times = list(clear_local_times(ZoneInfo(name), *YEARS))
    for reader in (own_reader, dateutil_reader):
        offset_of = reader(text, *YEARS)
        assert [(local, offset_of(local)) for local, _ in times] == times


# Each differs from the law of Warsaw in one thing.
WRONG = (
    "CET-1",
    "CET-2CEST,M3.5.0,M10.5.0/3",
    "CET-1CEST-3,M3.5.0,M10.5.0/3",
    "CET-1CEST,M3.5.0/3,M10.5.0/3",
    "CET-1CEST,M3.5.0,M10.5.0/4",
    "CET-1CEST,M3.5.0,M10.5.0/3:00:01",
    "CET-1CEST,M3.5.0,M10.4.0/3",
    "CET-1CEST,M3.4.0,M10.5.0/3",
    "CET-1CEST,M3.5.1,M10.5.0/3",
    "CEST-2CET,M10.5.0/3",
)


@pytest.mark.parametrize("footer", WRONG)
@pytest.mark.usefixtures("fresh")
def test_rules_that_zoneinfo_does_not_hold_are_not_written(footer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that is wrong by a day, an hour or a second in the years concerned gives way to the onsets themselves."""
    monkeypatch.setattr(zones, "_footer", lambda _: footer)
    text = vtimezone("Europe/Warsaw", in_years(*YEARS))
    assert values(text, "RRULE") == []
    # The last Sundays of March and October of 2023 to 2031, by a calendar
    march = (26, 31, 30, 29, 28, 26, 25, 31, 30)
    october = (29, 27, 26, 25, 31, 29, 28, 27, 26)
    expected = [f"{2023 + n}03{day}T020000" for n, day in enumerate(march)]
    assert values(text, "RDATE", "DAYLIGHT") == expected
    assert values(text, "RDATE", "STANDARD") == [f"{2023 + n}10{day}T030000" for n, day in enumerate(october)]
    assert values(text, "TZNAME") == ["CET", "CEST"]


@pytest.mark.usefixtures("fresh")
def test_a_wrong_state_at_the_start_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone without changes is compared too."""
    monkeypatch.setattr(zones, "_footer", lambda _: "IST-5")
    assert values(vtimezone("Asia/Kolkata", in_years(2026, 2026)), "TZOFFSETTO") == ["+0530"]


@pytest.mark.usefixtures("fresh")
def test_onsets_that_are_wrong_are_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fallback is compared like the rules, and nothing is written when it fails."""
    wrong = zones._yearly("CET-1CEST,M3.5.0,M10.5.0/4")
    monkeypatch.setattr(zones, "_footer", lambda _: "")
    monkeypatch.setattr(zones, "_explicit", lambda *_: wrong)
    with pytest.raises(InvalidValueError, match="no VTIMEZONE says what the clocks of Europe/Warsaw do in the years"):
        vtimezone("Europe/Warsaw", in_years(2026, 2027))


@pytest.mark.usefixtures("fresh")
def test_the_data_are_those_that_zoneinfo_reads(tmp_path: Path) -> None:
    """The first folder of TZPATH that has the zone comes first, the tzdata package last."""
    zoneinfo.reset_tzpath([])
    assert vtimezone("Europe/Warsaw", in_years(2026, 2026)) == WARSAW.replace("\n", "\r\n")
    zones._vtimezone.cache_clear()
    ZoneInfo.clear_cache()
    install(tmp_path / "a", "Europe/Berlin", "AAA-1")
    install(tmp_path / "b", "Europe/Warsaw", "BBB-2")
    install(tmp_path / "c", "Europe/Warsaw", "CCC-3")
    zoneinfo.reset_tzpath([str(tmp_path / name) for name in "abc"])
    assert values(vtimezone("Europe/Warsaw", in_years(2026, 2026)), "TZNAME") == ["BBB"]


@pytest.mark.usefixtures("fresh")
def test_a_zone_of_a_system_without_the_tzdata_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file is not found again, the onsets are asked of zoneinfo itself."""

    def missing(package: str) -> None:
        raise ModuleNotFoundError(package)

    install(tmp_path, "Test/Gone", "AAA-1BBB,M3.5.0,M10.5.0/3")
    assert ZoneInfo("Test/Gone").key
    (tmp_path / "Test/Gone").unlink()
    assert zones._footer("Test/Gone") == ""
    monkeypatch.setattr("importlib.resources.files", missing)
    assert values(vtimezone("Test/Gone", in_years(2026, 2026)), "RDATE", "DAYLIGHT")[1] == "20260329T020000"


@pytest.mark.usefixtures("fresh")
def test_a_long_line_is_folded(tmp_path: Path) -> None:
    """A line has at most 75 octets, and unfolded it is whole (RFC 5545, section 3.1)."""
    name = "Test/" + "Long_name" * 20
    install(tmp_path, name, "AAA-1")
    text = vtimezone(name, in_years(2026, 2026))
    assert max(len(line) for line in text.split("\r\n")) == 75
    assert f"TZID:{name}" in content_lines(text)


@pytest.mark.parametrize("zone", ZONES)
def test_icalendar_writes_the_same_lines(zone: str) -> None:
    """Read by icalendar and written again, the text is the same."""
    text = vtimezone(zone, in_years(*YEARS))
    assert icalendar.Timezone.from_ical(text).to_ical() == text.encode()


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "Asia/Gaza"])
def test_the_years_alone_decide(zone: str) -> None:
    """Other moments of the same years, in any order, in any zone, give the same text."""
    text = vtimezone(zone, in_years(2025, 2027))
    east = timezone(timedelta(hours=12))
    moments = [datetime(2027, 12, 31, 23, 59, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)]
    assert vtimezone(zone, iter([*moments, datetime(2025, 1, 1, tzinfo=east)])) == text


def test_rules_are_the_same_for_all_years() -> None:
    """A later visit changes nothing in a zone with rules: the file stays as it is."""
    assert vtimezone("Europe/Warsaw", in_years(2024, 2024)) == vtimezone("Europe/Warsaw", in_years(2026, 2031))


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "Europe", "../zone", "/etc/zone", "a" * 300, "a\0", "\ud800",
                                  "localtime", "posix/Europe/Warsaw", "right/Europe/Warsaw"])  # fmt: skip
def test_an_unknown_zone_is_named(zone: str) -> None:
    """No name is guessed, no folder read, and nothing taken that is not the same on every machine."""
    with pytest.raises(InvalidValueError, match="no time zone of the tz database, as 'Europe/Warsaw'; read") as caught:
        vtimezone(zone, in_years(2026, 2026))
    assert caught.value.where == "zone"
    with pytest.raises(InvalidValueError, match="no time zone of the tz database"):
        appointment(date(2026, 3, 2), time(9), zone, where="V1")
    assert zone_of(zone) is None


def test_moments_are_needed_and_have_a_zone() -> None:
    """A VTIMEZONE of nothing could not be compared with anything."""
    with pytest.raises(InvalidValueError, match="made for moments, and there are none"):
        vtimezone("Europe/Warsaw", [])
    with pytest.raises(InvalidTypeError, match="with a time zone is meant"):
        vtimezone("Europe/Warsaw", [datetime(2026, 1, 1)])  # noqa: DTZ001 - what is refused
    wrong: Any = None
    with pytest.raises(InvalidTypeError, match="name of a time zone is meant; read None"):
        vtimezone(wrong, in_years(2026, 2026))


# Booked times.


@pytest.mark.parametrize("zone", ZONES)
def test_a_booked_time_is_the_instant_of_zoneinfo(zone: str) -> None:
    """Pendulum, which may have rules of its own, gives the instants of zoneinfo, in the zone that was asked for."""
    for local, offset in clear_local_times(ZoneInfo(zone), *YEARS):
        found = appointment(local.date(), local.time(), zone, where="V1")
        assert found.replace(tzinfo=None) == local
        assert found.utcoffset() == offset
        assert (found - datetime(1970, 1, 1, tzinfo=UTC)) == local - offset - datetime(1970, 1, 1)  # noqa: DTZ001
    assert str(found.tzinfo) == zone


def test_a_booked_time_is_written_with_its_zone() -> None:
    """The TZID of the event is found by icalendar."""
    event = icalendar.Event()
    event.add("DTSTART", appointment(date(2026, 7, 1), time(9, 30), "Europe/Warsaw", where="V1"))
    assert b"DTSTART;TZID=Europe/Warsaw:20260701T093000\r\n" in event.to_ical()


# By hand from the laws. For a gap: read with the offset after the change, and with the one before it.
REFUSED = [
    ("Europe/Warsaw", "2026-03-29", "02:30", "does not exist", "01:30 (UTC+01:00) or 03:30 (UTC+02:00)"),
    ("Europe/Warsaw", "2026-03-29", "02:00", "does not exist", "01:00 (UTC+01:00) or 03:00 (UTC+02:00)"),
    ("Europe/Warsaw", "2026-10-25", "02:30", "exists twice", "02:30 (UTC+02:00) or 02:30 (UTC+01:00)"),
    ("Europe/Warsaw", "2026-10-25", "02:59:59", "exists twice", "02:59:59 (UTC+02:00) or 02:59:59 (UTC+01:00)"),
    ("America/New_York", "2026-03-08", "02:15", "does not exist", "01:15 (UTC-05:00) or 03:15 (UTC-04:00)"),
    ("America/New_York", "2026-11-01", "01:15", "exists twice", "01:15 (UTC-04:00) or 01:15 (UTC-05:00)"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "does not exist", "01:45 (UTC+10:30) or 02:45 (UTC+11:00)"),
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "exists twice", "01:45 (UTC+11:00) or 01:45 (UTC+10:30)"),
    ("Asia/Beirut", "2026-03-29", "00:00", "does not exist",
     "23:00 on 2026-03-28 (UTC+02:00) or 01:00 (UTC+03:00)"),
    ("America/Santiago", "2026-09-06", "00:30", "does not exist",
     "23:30 on 2026-09-05 (UTC-04:00) or 01:30 (UTC-03:00)"),
    ("America/Santiago", "2026-04-04", "23:30", "exists twice", "23:30 (UTC-03:00) or 23:30 (UTC-04:00)"),
    ("Pacific/Apia", "2011-12-30", "09:00", "does not exist",
     "09:00 on 2011-12-29 (UTC-10:00) or 09:00 on 2011-12-31 (UTC+14:00)"),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "day", "clock", "what", "readings"), REFUSED)
def test_a_time_that_the_clocks_skip_or_repeat_is_refused(
    zone: str, day: str, clock: str, what: str, readings: str
) -> None:
    """Both readings are named with their offsets, and the booking they are of."""
    with pytest.raises(InvalidValueError) as caught:
        appointment(date.fromisoformat(day), time.fromisoformat(clock), zone, where="DOSE1")
    assert caught.value.where == "DOSE1"
    assert caught.value.message == (
        f"{clock} on {day} {what} in {zone}, because the clocks change; {readings} may be meant:"
        " book a time outside of the change"
    )


@pytest.mark.parametrize(
    ("zone", "day", "clock", "offset"),
    [
        ("Europe/Warsaw", "2026-03-29", "01:59:59", "+01:00"),
        ("Europe/Warsaw", "2026-03-29", "03:00", "+02:00"),
        ("Europe/Warsaw", "2026-10-25", "01:59:59", "+02:00"),
        ("Europe/Warsaw", "2026-10-25", "03:00", "+01:00"),
        ("Australia/Lord_Howe", "2026-04-05", "01:29", "+11:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:30", "+11:00"),
        ("Asia/Beirut", "2026-03-29", "01:00", "+03:00"),
    ],
)
def test_the_last_times_before_a_change_and_the_first_after_it(zone: str, day: str, clock: str, offset: str) -> None:
    """What is skipped or repeated ends to the second."""
    found = appointment(date.fromisoformat(day), time.fromisoformat(clock), zone, where="V1")
    assert found.isoformat() == f"{day}T{time.fromisoformat(clock)}{offset}"


def test_a_fold_is_not_taken_from_the_clock() -> None:
    """A time of day that carries a fold is refused like one that does not: it is no answer of a person."""
    with pytest.raises(InvalidValueError, match="exists twice"):
        appointment(date(2026, 10, 25), time(2, 30, fold=1), "Europe/Warsaw", where="V1")
    assert appointment(date(2026, 10, 26), time(2, 30, fold=1), "Europe/Warsaw", where="V1").fold == 0


def test_types_of_a_booked_time() -> None:
    """A date, a time of day without a zone, a text."""
    wrong: Any
    for wrong in (datetime(2026, 3, 2, tzinfo=UTC), "2026-03-02"):
        with pytest.raises(InvalidTypeError, match="V1: a date is meant"):
            appointment(wrong, time(9), "UTC", where="V1")
    for wrong in (time(9, tzinfo=UTC), "09:00"):
        with pytest.raises(InvalidTypeError, match="V1: a time of day without a zone is meant"):
            appointment(date(2026, 3, 2), wrong, "UTC", where="V1")
    wrong = UTC
    with pytest.raises(InvalidTypeError, match="V1: the name of a time zone is meant"):
        appointment(date(2026, 3, 2), time(9), wrong, where="V1")


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (("2026-07-01", "09:30"), 45, "2026-07-01T10:15:00+02:00"),
        (("2026-03-29", "01:30"), 60, "2026-03-29T03:30:00+02:00"),
        (("2026-03-29", "01:30"), 30, "2026-03-29T03:00:00+02:00"),
        (("2026-10-25", "01:30"), 30 + 60 + 60, "2026-10-25T03:00:00+01:00"),
        (("2026-10-25", "01:30"), 29, "2026-10-25T01:59:00+02:00"),
    ],
)
def test_an_appointment_ends_after_the_time_elapsed(start: tuple[str, str], minutes: int, end: str) -> None:
    """An hour is an hour, also across a change."""
    begin = appointment(date.fromisoformat(start[0]), time.fromisoformat(start[1]), "Europe/Warsaw", where="V1")
    found = appointment_end(begin, timedelta(minutes=minutes), where="V1")
    assert found.isoformat() == end
    assert str(found.tzinfo) == "Europe/Warsaw"


@pytest.mark.parametrize("minutes", [30, 60, 90, 149])
def test_an_end_that_exists_twice_is_refused(minutes: int) -> None:
    """DTEND with TZID has no offset, so whichever of the two is meant cannot be written."""
    begin = appointment(date(2026, 10, 25), time(1, 30), "Europe/Warsaw", where="V1")
    clock = f"02:{(minutes + 30) % 60:02}"
    with pytest.raises(InvalidValueError) as caught:
        appointment_end(begin, timedelta(minutes=minutes), where="V1")
    assert str(caught.value) == (
        f"V1: the end, {clock} on 2026-10-25, exists twice in Europe/Warsaw, because the clocks change; a calendar"
        f" cannot say which of {clock} (UTC+02:00) or {clock} (UTC+01:00) is meant: book another time or another"
        " duration"
    )


def test_durations_that_cannot_be() -> None:
    """Longer than nothing, a timedelta, from a start with a zone, and within the years 1 to 9999."""
    begin = appointment(date(9999, 12, 31), time(23, 30), "Europe/Warsaw", where="V1")
    with pytest.raises(DateOutOfRangeError, match="leave the years 1 to 9999"):
        appointment_end(begin, timedelta(hours=2), where="V1")
    for nothing in (timedelta(0), -timedelta(minutes=1)):
        with pytest.raises(InvalidValueError, match="V1: a duration is longer than nothing"):
            appointment_end(begin, nothing, where="V1")
    wrong: Any = 45
    with pytest.raises(InvalidTypeError, match="V1: a duration is meant, as timedelta"):
        appointment_end(begin, wrong, where="V1")
    for wrong in (datetime(2026, 1, 1), date(2026, 1, 1)):  # noqa: DTZ001 - what is refused
        with pytest.raises(InvalidTypeError, match="V1: a start with a time zone is meant"):
            appointment_end(wrong, timedelta(minutes=45), where="V1")


# The zone of a name.


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Warsaw", "Europe/Warsaw"),
        (" Europe/Warsaw ", "Europe/Warsaw"),
        ("UTC", "UTC"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Central European Standard Time", "Europe/Warsaw"),
        ("Eastern Standard Time", "America/New_York"),
        ("India Standard Time", "Asia/Calcutta"),
        ("/mozilla.org/20050126_1/Europe/Warsaw", "Europe/Warsaw"),
        ("/freeassociation.sourceforge.net/Europe/Warsaw", "Europe/Warsaw"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Indiana/Knox", "America/Indiana/Knox"),
        ("/softwarestudio.org/Olson_20011030_5/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/Europe/Warsaw", "Europe/Warsaw"),
    ],
)
def test_names_that_programs_give(tzid: str, zone: str) -> None:
    """Names of the tz database, of Windows (Unicode CLDR), and global ones that end with one of the tz database."""
    found = zone_of(tzid)
    assert found is not None
    assert found.key == zone


@pytest.mark.parametrize(
    "tzid",
    ["Customized Time Zone", "(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb", "Warsaw", "x/Europe/Warsaw", "/", "//",
     "/mozilla.org/20050126_1/", "/x/right/localtime", "/" * 1000, "/x" * 100_000, "Europe/Warsaw" + " x" * 200,
     "/a/b/c/d/e/f/g/h/i/Nowhere", "\n", "."],
)  # fmt: skip
def test_names_that_nobody_knows(tzid: str) -> None:
    """None, for the reader to use the VTIMEZONE of the file, and at little cost whatever the name is."""
    assert zone_of(tzid) is None


def test_a_booking_has_both_ends_at_once_and_errors_name_it() -> None:
    """Start and end together are those found one by one; what is refused names the booking, each time."""
    day, clock, hour = date(2026, 3, 29), time(1, 30), timedelta(hours=1)
    start, end = zones.booked_span(day, clock, "Europe/Warsaw", hour, where="V1")
    assert (start.isoformat(), end.isoformat()) == ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00")
    for where in ("V1", "V2"):
        with pytest.raises(InvalidValueError, match="does not exist") as caught:
            zones.booked_span(day, time(2, 30), "Europe/Warsaw", hour, where=where)
        assert caught.value.where == where

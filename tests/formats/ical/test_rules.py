"""Repetition rules as days: by hand, against dateutil, and within their steps."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

import trialsched as ts
from trialsched.formats.ical.rules import Rule, Steps, read_rule

EVER = Steps(10**9)


def days(rule: str, start: date, last: date, first: date = date.min) -> list[str]:
    """Return the days of a rule as 2026-04-02."""
    return [str(day) for day in read_rule(rule).days(start, first, last, EVER)]


NEW_YEAR, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        # by hand, from calendars of 2026: 1 January is a Thursday
        ("FREQ=YEARLY", date(2020, 5, 3), "2026-05-03"),
        ("FREQ=YEARLY", date(2024, 2, 29), ""),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", date(2019, 5, 27), "2026-05-25"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=1MO,3MO", date(2019, 5, 27), "2026-05-04 2026-05-18"),
        ("FREQ=YEARLY;BYDAY=20MO", date(1997, 5, 19), "2026-05-18"),
        ("FREQ=YEARLY;BYDAY=-1MO", date(1997, 5, 19), "2026-12-28"),
        ("FREQ=YEARLY;BYYEARDAY=1,100,-1", NEW_YEAR, "2026-01-01 2026-04-10 2026-12-31"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", date(1997, 5, 12), "2026-05-11"),
        ("FREQ=YEARLY;BYWEEKNO=-1", date(2020, 12, 31), "2026-12-31"),
        ("FREQ=YEARLY;INTERVAL=3;BYMONTH=8", date(2020, 8, 15), "2026-08-15"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=8", date(2020, 8, 15), ""),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", date(1996, 11, 5), "2026-11-03"),
        ("FREQ=MONTHLY;BYMONTHDAY=31", date(2025, 7, 31),
         "2026-01-31 2026-03-31 2026-05-31 2026-07-31 2026-08-31 2026-10-31 2026-12-31"),
        ("FREQ=MONTHLY;INTERVAL=6;BYMONTHDAY=-1", date(2025, 8, 31), "2026-02-28 2026-08-31"),
        ("FREQ=MONTHLY;INTERVAL=4;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", NEW_YEAR, "2026-01-30 2026-05-29 2026-09-30"),
        ("FREQ=MONTHLY;INTERVAL=5;BYDAY=FR;BYMONTHDAY=13", date(2026, 2, 13), "2026-02-13"),
        ("FREQ=WEEKLY;INTERVAL=20", NEW_YEAR, "2026-01-01 2026-05-21 2026-10-08"),
        ("FREQ=DAILY;INTERVAL=150", NEW_YEAR, "2026-01-01 2026-05-31 2026-10-28"),
        ("FREQ=DAILY;BYMONTH=6;BYMONTHDAY=1,-1", NEW_YEAR, "2026-06-01 2026-06-30"),
        ("FREQ=DAILY;COUNT=3", date(2025, 12, 31), "2026-01-01 2026-01-02"),
        # RFC 5545, section 3.3.10: what WKST is for; from Tuesday 6 January
        ("FREQ=WEEKLY;BYDAY=TU,SU;INTERVAL=30;WKST=MO", date(2026, 1, 6),
         "2026-01-06 2026-01-11 2026-08-04 2026-08-09"),
        ("FREQ=WEEKLY;BYDAY=TU,SU;INTERVAL=30;WKST=SU", date(2026, 1, 6), "2026-01-06 2026-08-02 2026-08-04"),
        # both kinds of weekdays in one list are either, not both together
        ("FREQ=MONTHLY;INTERVAL=12;BYDAY=TU,2WE", date(2026, 1, 6),
         "2026-01-06 2026-01-13 2026-01-14 2026-01-20 2026-01-27"),
        ("freq=yearly;bymonth=5;byday=+1mo;", NEW_YEAR, "2026-05-04"),
    ],
)  # fmt: skip
def test_rules_by_hand(rule: str, start: date, expected: str) -> None:
    """The days of 2026."""
    assert days(rule, start, LAST, NEW_YEAR) == expected.split()


def test_examples_of_the_rfc() -> None:
    """RFC 5545, section 3.8.5.3: weekdays by position, every 18 months, and Friday the 13th."""
    assert days("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", date(1997, 9, 4), date(1999, 1, 1)) == [
        "1997-09-04", "1997-10-07", "1997-11-06",
    ]  # fmt: skip
    assert days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", date(1997, 9, 29), date(1998, 3, 30)) == [
        "1997-09-29", "1997-10-30", "1997-11-27", "1997-12-30", "1998-01-29", "1998-02-26", "1998-03-30",
    ]  # fmt: skip
    assert days("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", date(1997, 9, 10), LAST) == [
        "1997-09-10", "1997-09-11", "1997-09-12", "1997-09-13", "1997-09-14", "1997-09-15",
        "1999-03-10", "1999-03-11", "1999-03-12", "1999-03-13",
    ]  # fmt: skip
    assert days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", date(1997, 9, 2), date(2000, 12, 31)) == [
        "1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13", "2000-10-13",
    ]  # fmt: skip


WEEKDAYS = st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))
PLACES = st.sampled_from(("1", "2", "-1", "-2", "4", "+3"))


def joined(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    """Draw a list of numbers as a rule has it."""
    return st.lists(numbers, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Draw rules that dateutil understands as the RFC does, and that match now and then.

    dateutil takes plain and numbered weekdays of one list together, and begins a BYSETPOS in the middle of a week.
    """
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 4))}")
    numbered = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
    if draw(st.booleans()):
        each = st.tuples(PLACES, WEEKDAYS).map("".join) if numbered else WEEKDAYS
        parts.append("BYDAY=" + ",".join(draw(st.lists(each, min_size=1, max_size=3))))
    elif frequency != "WEEKLY" and draw(st.booleans()):
        parts.append("BYMONTHDAY=" + draw(joined(st.integers(1, 28) | st.integers(-28, -1))))
    elif frequency == "YEARLY" and draw(st.booleans()):
        parts.append("BYYEARDAY=" + draw(joined(st.integers(1, 365) | st.integers(-365, -1))))
    if len(parts) > 2 and frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append("BYSETPOS=" + draw(st.sampled_from(("1", "-1", "2", "1,-1"))))
    if draw(st.booleans()):
        parts.append("WKST=" + draw(WEEKDAYS))
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    return ";".join(draw(st.permutations(parts)))


@given(rules(), st.dates(date(2019, 1, 1), date(2021, 12, 31)), st.integers(-100, 900), st.integers(0, 500))
def test_the_days_are_those_of_dateutil(rule: str, start: date, ahead: int, length: int) -> None:
    """Whatever the rule, the start and the range."""
    first = start + timedelta(ahead)
    last = first + timedelta(length)
    begin = datetime.combine(start, time())
    if "COUNT" not in rule:
        rule += f";UNTIL={date(2026, 1, 1):%Y%m%d}"
    expected = [str(moment.date()) for moment in rrulestr(rule, dtstart=begin) if first <= moment.date() <= last]
    assume("FREQ=DAILY" not in rule or "INTERVAL" not in rule or expected)
    assert days(rule, start, last, first) == expected


WARSAW = ZoneInfo("Europe/Warsaw")


@pytest.mark.parametrize(
    ("until", "clock", "zone", "last"),
    [
        ("20260402", time(), None, date(2026, 4, 2)),
        ("20260402", time(23, 59), WARSAW, date(2026, 4, 2)),
        # RFC 5545, section 3.3.10: UNTIL bounds the rule "in an inclusive manner"
        ("20260402T093000", time(9, 30), None, date(2026, 4, 2)),
        ("20260402T093000", time(9, 31), None, date(2026, 4, 1)),
        # 07:30 UTC is 9:30 in Warsaw, 22:00 is the midnight after
        ("20260402T073000Z", time(9, 30), WARSAW, date(2026, 4, 2)),
        ("20260402T072959Z", time(9, 30), WARSAW, date(2026, 4, 1)),
        ("20260402T220000Z", time(), WARSAW, date(2026, 4, 3)),
        ("20260402T220000Z", time(), None, date(2026, 4, 2)),
        ("99991231T235959Z", time(), WARSAW, date(9999, 12, 31)),
        ("00010101T000000", time(1), None, date(1, 1, 1)),
    ],
)
def test_until_is_included(until: str, clock: time, zone: ZoneInfo | None, last: date) -> None:
    """As a day, as a local time, and in UTC."""
    assert read_rule(f"FREQ=DAILY;UNTIL={until}").last_day(clock, zone) == last
    assert Rule("DAILY").last_day(clock, zone) == date.max


def test_what_is_read() -> None:
    """The parts in any order and case."""
    assert read_rule("until=20260402T073000Z;wkst=SU;FREQ=MONTHLY;BYDAY=MO,-1FR;INTERVAL=2;bymonth=4") == Rule(
        "MONTHLY",
        2,
        until=datetime(2026, 4, 2, 7, 30, tzinfo=UTC),
        week_start=6,
        weekdays=frozenset({(0, 0), (-1, 4)}),
        months=frozenset({4}),
    )


@pytest.mark.parametrize(
    "rule",
    [
        "", "DAILY", "FREQ=", "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY", "FREQ=EVERY", "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;INTERVAL=1000000", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=two",
        "FREQ=DAILY;COUNT=2;UNTIL=20260402", "FREQ=DAILY;UNTIL=2026-04-02", "FREQ=DAILY;UNTIL=20260231",
        "FREQ=DAILY;UNTIL=20260402T256000", "FREQ=DAILY;BYHOUR=9,10", "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=60", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYHOUR=-1", "FREQ=DAILY;BYHOUR=",
        "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=-1MO", "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=100MO", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=MONTHLY;BYWEEKNO=1",
        "FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYMONTH=-1", "FREQ=YEARLY;BYYEARDAY=367", "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "FREQ=YEARLY;BYWEEKNO=1;WKST=SU", "FREQ=YEARLY;BYSETPOS=1",
        "FREQ=YEARLY;WKST=XX", "FREQ=YEARLY;RSCALE=CHINESE", "FREQ=YEARLY;X-A=1",
        "FREQ=YEARLY;BYMONTHDAY=" + ",".join(["1"] * 1000),
    ],
)  # fmt: skip
def test_what_is_no_rule_about_days(rule: str) -> None:
    """Refused with the rule, and what is expected."""
    with pytest.raises(ts.InvalidValueError, match=r"RRULE: read .*, expected FREQ one of DAILY"):
        read_rule(rule)


@given(st.text("FREQ=DAILYWKMOUNTHBS;,+-0123456789Z", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No other error comes out."""
    for rule in (text, f"FREQ=YEARLY;{text}", f"FREQ=DAILY;UNTIL={text}", f"FREQ=MONTHLY;BYDAY={text}"):
        try:
            found = read_rule(rule)
        except ts.InvalidValueError:
            continue
        list(found.days(NEW_YEAR, NEW_YEAR, date(2027, 1, 1), EVER))


@pytest.mark.parametrize(
    ("rule", "start", "most"),
    [
        # by hand: a day of a month that is looked at is a step, and each month is one
        ("FREQ=DAILY", date(1, 1, 1), 31 + 365 + 12),
        ("FREQ=WEEKLY;BYDAY=MO", date(1601, 1, 1), 31 + 365 + 31 + 14),
        ("FREQ=YEARLY", date(1601, 5, 3), 12 + 31),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(1601, 5, 3), 12 + 28),
        ("FREQ=YEARLY;INTERVAL=1000;BYMONTHDAY=1", date(1601, 5, 3), 12),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", date(1601, 5, 3), 12 + 28),
        ("FREQ=YEARLY;COUNT=100000", date(1926, 5, 3), 101 * (12 + 31)),
    ],
)
def test_the_steps_of_a_rule(rule: str, start: date, most: int) -> None:
    """A rule that never matches, or began in 1601, costs what one costs that begins with the range."""
    steps = Steps(most)
    list(read_rule(rule).days(start, NEW_YEAR, LAST, steps))
    assert steps.left >= 0


def test_more_steps_than_there_are() -> None:
    """A count from year 1 looks at each day from there."""
    with pytest.raises(ts.InvalidValueError, match=re.escape("more than 1,000 steps")):
        list(read_rule("FREQ=DAILY;COUNT=999999").days(date(1, 1, 1), NEW_YEAR, LAST, Steps(1000)))


def test_the_ends_of_the_calendar() -> None:
    """The first and the last day are days like any other."""
    assert days("FREQ=WEEKLY;BYDAY=MO,FR", date(9999, 12, 20), date.max, date(9999, 12, 25)) == [
        "9999-12-27",
        "9999-12-31",
    ]
    assert days("FREQ=WEEKLY;WKST=SU;BYDAY=MO", date.min, date(1, 1, 9)) == ["0001-01-01", "0001-01-08"]
    assert days("FREQ=YEARLY;BYDAY=FR;BYSETPOS=-1", date(9998, 1, 1), date.max) == ["9998-12-25", "9999-12-31"]
    assert days("FREQ=DAILY", date(2026, 5, 1), date(2026, 4, 1)) == []

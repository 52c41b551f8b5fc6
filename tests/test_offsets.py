"""Calendar arithmetic, example by example; the laws are in `properties/`."""

import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pendulum
import pytest

import trialsched as ts
from trialsched.offsets import month_length, parse_date, plain_date, shift

FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)


@pytest.mark.parametrize(
    ("day", "offset", "expected"),
    [
        # worked by hand on a calendar; the first is the example of design 4, rule 1
        ((2024, 1, 31), "3 months", (2024, 4, 30)),
        ((2024, 1, 31), "1 month", (2024, 2, 29)),
        ((2023, 1, 31), "1 month", (2023, 2, 28)),
        ((2024, 2, 29), "12 months", (2025, 2, 28)),
        ((2024, 2, 29), "48 months", (2028, 2, 29)),
        ((2100, 1, 31), "1 month", (2100, 2, 28)),
        ((2000, 1, 31), "1 month", (2000, 2, 29)),
        ((2024, 3, 31), "-1 month", (2024, 2, 29)),
        ((2024, 12, 31), "2 months", (2025, 2, 28)),
        ((2024, 1, 31), "1 month 1 day", (2024, 3, 1)),
        ((2024, 2, 28), "1 day", (2024, 2, 29)),
        ((2024, 1, 15), "-13 months", (2022, 12, 15)),
        ((2024, 12, 15), "1 month", (2025, 1, 15)),
        ((2024, 1, 31), "2 weeks", (2024, 2, 14)),
    ],
)
def test_months_are_clamped_and_come_before_days(
    day: tuple[int, int, int], offset: str, expected: tuple[int, int, int]
) -> None:
    """Months keep the day of the month or take the last of a shorter one; then the days are counted."""
    assert ts.Offset.parse(offset).after(date(*day)) == date(*expected)


def test_three_months_are_not_one_month_three_times() -> None:
    """Counted at once 31 January gives 30 April; counted thrice it would give 29 April (design 4, rule 1)."""
    one, three = ts.Offset(1), ts.Offset(3)
    day = date(2024, 1, 31)
    assert three.after(day) == date(2024, 4, 30)
    assert one.after(one.after(one.after(day))) == date(2024, 4, 29)


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("90 days", 0, 90),
        ("1 day", 0, 1),
        ("3 months", 3, 0),
        ("2 weeks", 0, 14),
        ("1 year", 12, 0),
        ("3 months 2 days", 3, 2),
        ("1 y 2 mo 3 w 4 d", 14, 25),
        ("7d", 0, 7),
        ("  7   Days ", 0, 7),
        ("-3 months -2 days", -3, -2),
        ("\u22123 d", 0, -3),
        ("\u20133 d", 0, -3),
        ("+3 d", 0, 3),
        ("- 3 d", 0, -3),
        ("0 days", 0, 0),
        ("007 days", 0, 7),
        ("P30D", 0, 30),
        ("P3M2D", 3, 2),
        ("-P3M", -3, 0),
        ("\u2212P1Y", -12, 0),
        ("P1Y2M3W4D", 14, 25),
        ("P0D", 0, 0),
    ],
)
def test_every_text_form_of_an_offset_is_read(text: str, months: int, days: int) -> None:
    """Words, short units and ISO 8601 are read, with hyphen, U+2212 or en dash as minus (design 4)."""
    assert ts.Offset.parse(text) == ts.Offset(months, days)
    assert ts.Offset.of(text) == ts.Offset(months, days)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "days", "7", "7 m", "7 minutes", "1.5 days", "1,5 days", "7 days later", "days 7",
        "2 days 3 months", "1 day 1 day", "1 week 1 weeks", "3 months -2 days", "-3 months 2 days", "-1 y +1 d",
        "P", "PT1H", "P1DT1H", "P1.5D", "p30d", "P1D1M", "+P1D", "P-1D", "--3 d", "٣ days", "3 dayss", "1e2 days",
        "99999999 days", "120000 months",
    ],
)  # fmt: skip
def test_unreadable_and_ambiguous_offsets_are_refused(text: str) -> None:
    """A bare number, `m`, fractions, times, mixed signs, wrong order and foreign digits are errors."""
    with pytest.raises(ts.InvalidValueError):
        ts.Offset.parse(text)


def test_a_lone_m_is_explained() -> None:
    """The message says why `m` is not a unit."""
    with pytest.raises(ts.InvalidValueError, match="minutes or months"):
        ts.Offset.parse("7 m")


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        (ts.Offset(), "0 days"),
        (ts.Offset(1), "1 month"),
        (ts.Offset(12, 14), "12 months 14 days"),
        (ts.Offset(0, 1), "1 day"),
        (ts.Offset(0, -1), "-1 day"),
        (ts.Offset(-3, -2), "-3 months -2 days"),
    ],
)
def test_offsets_print_canonically(offset: ts.Offset, text: str) -> None:
    """Months, then days, singular for one, zero as days."""
    assert str(offset) == text


@pytest.mark.parametrize(("months", "days"), [(1, -1), (-1, 1), (-12, 30)])
def test_months_and_days_of_opposite_sign_are_refused(months: int, days: int) -> None:
    """`1 month less 1 day` has no single meaning (design 4, rule 2)."""
    with pytest.raises(ts.InvalidValueError, match="opposite sign"):
        ts.Offset(months, days)


@pytest.mark.parametrize("value", [1.0, "1", True, None])
def test_an_offset_is_made_of_whole_numbers(value: Any) -> None:  # noqa: ANN401
    """Floats, texts and truth values are no numbers of days."""
    with pytest.raises(ts.InvalidTypeError):
        ts.Offset(0, value)


def test_offsets_beyond_the_calendar_are_refused() -> None:
    """No two days of the years 1 to 9999 are further apart than the longest offset."""
    longest = (LAST_DAY - FIRST_DAY).days
    assert ts.Offset(0, longest).after(FIRST_DAY) == LAST_DAY
    with pytest.raises(ts.InvalidValueError):
        ts.Offset(0, longest + 1)
    with pytest.raises(ts.InvalidValueError):
        ts.Offset(-9999 * 12 - 1)


def test_offsets_turn_around_and_know_whether_they_move_anything() -> None:
    """`-offset` is the way back, the empty offset is false."""
    assert -ts.Offset(3, 2) == ts.Offset(-3, -2)
    assert not ts.Offset()
    assert ts.Offset(0, -1)
    assert ts.Offset(1)


@pytest.mark.parametrize(
    ("day", "offset"),
    [(LAST_DAY, ts.Offset(0, 1)), (LAST_DAY, ts.Offset(1)), (FIRST_DAY, ts.Offset(0, -1)), (FIRST_DAY, ts.Offset(-1))],
)
def test_dates_that_leave_the_calendar_raise(day: date, offset: ts.Offset) -> None:
    """Before year 1 and after year 9999 there is no date (design 4, rule 8)."""
    with pytest.raises(ts.DateOutOfRangeError):
        offset.after(day)


def test_the_ends_of_the_calendar_are_reached() -> None:
    """The first and the last day themselves are dates."""
    assert shift(date(9999, 11, 30), 1, 1) == LAST_DAY
    assert shift(date(1, 2, 28), -1, -27) == FIRST_DAY


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("±7 days", "7 days", "7 days"),
        ("± 7 d", "7 days", "7 days"),
        ("+/- 7 d", "7 days", "7 days"),
        ("+/-7 days", "7 days", "7 days"),
        ("+ / \u2212 2 w", "14 days", "14 days"),
        ("+/\u20137 d", "7 days", "7 days"),
        ("-3/+5 days", "3 days", "5 days"),
        ("+5/-3 days", "3 days", "5 days"),
        ("\u22123/+5 days", "3 days", "5 days"),
        ("\u20133 / +5 d", "3 days", "5 days"),
        ("-3 days/+1 month", "3 days", "1 month"),
        ("-1 week/+3 days", "7 days", "3 days"),
        ("-0/+5 days", "0 days", "5 days"),
        ("±1 month", "1 month", "1 month"),
        ("±0 days", "0 days", "0 days"),
        ("±1 month 3 days", "1 month 3 days", "1 month 3 days"),
        ("-P3D/+P5D", "3 days", "5 days"),
    ],
)
def test_every_text_form_of_a_window_is_read(text: str, before: str, after: str) -> None:
    """Even and lopsided windows, any of the three minus signs (design 4)."""
    assert ts.Window.parse(text) == ts.Window(before, after)
    assert ts.Window.of(text) == ts.Window(before, after)


@pytest.mark.parametrize(
    "text",
    ["", "7 days", "±", "±7", "+-7 days", "-3/5 days", "3/+5 days", "-3/+5", "±-7 days", "+5 days", "-3 days",
     "/", "-/+", "-3/+5/+6 days", "±7 m", "--3/+5 days", "-3/++5 days", "±7 days ±7 days", "-3 -2/+5 days"],
)  # fmt: skip
def test_unreadable_windows_are_refused(text: str) -> None:
    """A window has two signed sides with units, or one for both."""
    with pytest.raises(ts.InvalidValueError):
        ts.Window.parse(text)


@pytest.mark.parametrize("text", ["+2/+5 days", "-5/-2 days"])
def test_a_window_beside_its_target_is_refused_with_advice(text: str) -> None:
    """A window that would not contain its target moves the offset instead (design 4, rule 3)."""
    with pytest.raises(ts.InvalidValueError, match="move the offset"):
        ts.Window.parse(text)


def test_the_sides_of_a_window_are_magnitudes() -> None:
    """A negative side has no meaning; the error says which."""
    with pytest.raises(ts.InvalidValueError) as caught:
        ts.Window("3 days", "-5 days")
    assert caught.value.where == "after"


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (ts.Window("7 days", "7 days"), "±7 days"),
        (ts.Window("3 days", "5 days"), "-3/+5 days"),
        (ts.Window("1 month", "1 month"), "±1 month"),
        (ts.Window("1 month", "3 days"), "-1 month/+3 days"),
        (ts.Window("0 days", "1 day"), "-0/+1 day"),
    ],
)
def test_windows_print_canonically(window: ts.Window, text: str) -> None:
    """Even windows with ±, lopsided ones with both sides."""
    assert str(window) == text


def test_a_window_counts_from_its_target_with_months_clamped() -> None:
    """31 March 2026 ±1 month is 28 February to 30 April (design 4, rule 3)."""
    around = ts.Window.parse("±1 month").around(date(2026, 3, 31))
    assert around == ts.DateRange(date(2026, 2, 28), date(2026, 4, 30))


def test_a_window_counts_both_sides_from_the_target_and_not_from_the_reference() -> None:
    """Each side of a mixed window takes its months first."""
    around = ts.Window("1 month 1 day", "0 days").around(date(2024, 3, 31))
    assert around == ts.DateRange(date(2024, 2, 28), date(2024, 3, 31))


def test_a_range_has_both_its_ends() -> None:
    """A range is closed: the first and last day are in it and counted."""
    days = ts.DateRange(date(2026, 3, 25), date(2026, 4, 8))
    assert date(2026, 3, 25) in days
    assert date(2026, 4, 8) in days
    assert date(2026, 3, 24) not in days
    assert date(2026, 4, 9) not in days
    assert len(days) == 15
    assert list(days)[:2] == [date(2026, 3, 25), date(2026, 3, 26)]
    assert list(days)[-1] == date(2026, 4, 8)


def test_a_range_of_one_day() -> None:
    """The shortest range has one day."""
    day = date(2026, 3, 25)
    assert len(ts.DateRange(day, day)) == 1
    assert list(ts.DateRange(day, day)) == [day]


def test_a_range_is_never_empty() -> None:
    """An end before the start is an error, not an empty range (design 4, rule 7)."""
    with pytest.raises(ts.InvalidValueError, match="never empty"):
        ts.DateRange(date(2026, 3, 2), date(2026, 3, 1))


def range_of(first: int, last: int) -> ts.DateRange:
    """Return a range of days of March 2026."""
    return ts.DateRange(date(2026, 3, first), date(2026, 3, last))


@pytest.mark.parametrize(
    ("one", "other", "both", "overlap", "gap"),
    [
        (range_of(1, 7), range_of(5, 9), range_of(5, 7), 3, 0),
        (range_of(1, 7), range_of(7, 9), range_of(7, 7), 1, 0),
        (range_of(1, 7), range_of(8, 9), None, 0, 0),
        (range_of(1, 7), range_of(9, 9), None, 0, 1),
        (range_of(1, 7), range_of(20, 25), None, 0, 12),
        (range_of(1, 9), range_of(3, 4), range_of(3, 4), 2, 0),
    ],
)
def test_ranges_overlap_touch_or_lie_apart(
    one: ts.DateRange, other: ts.DateRange, both: ts.DateRange | None, overlap: int, gap: int
) -> None:
    """What two ranges share, and how many days lie between them, counted on a calendar."""
    for first, second in ((one, other), (other, one)):
        assert first & second == both
        assert first.overlap(second) == overlap
        assert first.gap(second) == gap


def test_none_absorbs() -> None:
    """The intersection with nothing is nothing, from either side."""
    assert range_of(1, 2) & None is None
    assert None & range_of(1, 2) is None
    with pytest.raises(TypeError):
        range_of(1, 2) & 3  # type: ignore[operator]


def test_a_range_reads_what_it_prints() -> None:
    """The printed form is read; anything else is refused."""
    assert str(range_of(1, 7)) == "2026-03-01..2026-03-07"
    assert ts.DateRange.parse("2026-03-01..2026-03-07") == range_of(1, 7)
    for text in ("2026-03-01", "2026-03-01..", "2026-3-1..2026-03-07", "2026-03-01...2026-03-07"):
        with pytest.raises(ts.InvalidValueError):
            ts.DateRange.parse(text)


@pytest.mark.parametrize("value", [datetime(2026, 3, 2, tzinfo=UTC), pendulum.datetime(2026, 3, 2)])
def test_a_datetime_is_refused_wherever_a_date_is_meant(value: Any) -> None:  # noqa: ANN401
    """A datetime has a zone question in it, so it is never taken as a date (design 4, rule 8)."""
    calls = (
        lambda: plain_date(value, "here"),
        lambda: ts.Offset(0, 1).after(value),
        lambda: ts.Offset(0, 1).before(value),
        lambda: ts.Window.parse("±1 day").around(value),
        lambda: ts.DateRange(value, value),
        lambda: value in range_of(1, 2),
        lambda: ts.study_day(value, date(2026, 3, 2)),
        lambda: ts.study_day(date(2026, 3, 2), value),
        lambda: ts.date_of_study_day(1, value),
    )
    for call in calls:
        with pytest.raises(ts.InvalidTypeError, match="datetime"):
            call()


def test_a_date_of_another_package_becomes_a_plain_date() -> None:
    """Outputs are plain `datetime.date`, whatever subclass came in (design 4, rule 8)."""
    found = ts.Offset().after(pendulum.date(2026, 3, 2))
    assert found == date(2026, 3, 2)
    assert type(found) is date


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "20260302", "02.03.2026", "2026-W10-1", "2026-03-02T00:00",
                                  "", "٢٠٢٦-03-02", "2026-03-02Z", "0000-01-01"])  # fmt: skip
def test_only_one_form_of_a_date_is_read(text: str) -> None:
    """A date is YYYY-MM-DD and a day of the calendar."""
    with pytest.raises(ts.InvalidValueError) as caught:
        parse_date(text, "here")
    assert caught.value.where == "here"


@pytest.mark.parametrize(
    ("day", "number"),
    # CDISC SDTM IG, study day: on or after the reference date minus + 1, before it minus alone
    [((2026, 3, 2), 1), ((2026, 3, 3), 2), ((2026, 3, 1), -1), ((2025, 12, 2), -90), ((2026, 4, 1), 31)],
)
def test_there_is_no_study_day_zero(day: tuple[int, int, int], number: int) -> None:
    """Day zero is study day 1, the day before is -1."""
    zero = date(2026, 3, 2)
    assert ts.study_day(date(*day), zero) == number
    assert ts.date_of_study_day(number, zero) == date(*day)


@pytest.mark.parametrize("number", [0])
def test_study_day_zero_is_refused(number: int) -> None:
    """There is no day to give back for 0."""
    with pytest.raises(ts.InvalidValueError, match="no study day 0"):
        ts.date_of_study_day(number, date(2026, 3, 2))


@pytest.mark.parametrize("number", [1.0, "1", True])
def test_a_study_day_is_a_whole_number(number: Any) -> None:  # noqa: ANN401
    """Floats, texts and truth values are no study days."""
    with pytest.raises(ts.InvalidTypeError):
        ts.date_of_study_day(number, date(2026, 3, 2))


def test_a_partly_known_date_knows_its_days() -> None:
    """A month or year stands for each of its days, leap days included."""
    assert ts.PartialDate(2024, 2).days == ts.DateRange(date(2024, 2, 1), date(2024, 2, 29))
    assert ts.PartialDate(2023).days == ts.DateRange(date(2023, 1, 1), date(2023, 12, 31))
    assert ts.PartialDate.parse("2026-03") == ts.PartialDate(2026, 3)
    assert ts.PartialDate.parse("2026") == ts.PartialDate(2026)
    assert str(ts.PartialDate(7, 3)) == "0007-03"
    assert str(ts.PartialDate(7)) == "0007"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-03", "2026-3", "2026-03-01", "0000", "March 2026", ""])
def test_unreadable_partial_dates_are_refused(text: str) -> None:
    """A partly known date is YYYY-MM or YYYY."""
    with pytest.raises(ts.InvalidValueError):
        ts.PartialDate.parse(text)


def test_a_partial_date_holds_whole_numbers() -> None:
    """Its fields are checked when it is made."""
    with pytest.raises(ts.InvalidTypeError):
        ts.PartialDate(2026, "3")  # type: ignore[arg-type]
    with pytest.raises(ts.InvalidValueError):
        ts.PartialDate(2026, 13)
    with pytest.raises(ts.InvalidValueError):
        ts.PartialDate(10000)


def test_month_lengths_are_gregorian() -> None:
    """Leap years are every fourth, not every hundredth, yet every four hundredth."""
    assert [month_length(2023, m) for m in range(1, 13)] == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert [month_length(y, 2) for y in (1900, 2000, 2024, 2100, 2400)] == [28, 29, 29, 28, 29]


@pytest.mark.parametrize(
    "value", [ts.Offset(3, 2), ts.Window("1 day", "2 days"), range_of(1, 2), ts.PartialDate(2026, 3)]
)
def test_values_are_frozen_hashable_and_picklable(value: Any) -> None:  # noqa: ANN401
    """The values of arithmetic can be keys and travel between processes."""
    twin = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes
    assert twin == value
    assert hash(twin) == hash(value)
    name = next(iter(type(value).__slots__))
    with pytest.raises(AttributeError):
        setattr(value, name, None)


def test_other_things_are_no_ranges() -> None:
    """The library's own error, whichever method is asked."""
    days = ts.DateRange.parse("2026-03-01..2026-03-07")
    for call in (days.gap, days.overlap):
        with pytest.raises(ts.InvalidTypeError):
            call("2026-03-01")  # type: ignore[arg-type]


@pytest.mark.parametrize("read", [ts.Offset.parse, ts.Window.parse, ts.DateRange.parse, ts.PartialDate.parse])
def test_a_text_that_is_too_long_is_refused_unread(read: Callable[[str], object]) -> None:
    """An honest one is short; the message shows its beginning."""
    with pytest.raises(ts.InvalidValueError) as caught:
        read("1" + " " * 100_000 + "q")
    assert len(str(caught.value)) < 300

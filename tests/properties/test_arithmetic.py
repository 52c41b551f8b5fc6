"""The laws of calendar arithmetic; each docstring quotes the rule it holds."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched import strategies
from trialsched.offsets import month_length, shift

DAYS = strategies.baselines()
RANGES = strategies.date_ranges()


@given(DAYS, strategies.windows())
def test_a_window_contains_its_target(target: date, window: ts.Window) -> None:
    """A window always contains its target; both ends are days of the window."""
    days = window.around(target)
    assert target in days
    assert days.earliest in days
    assert days.latest in days
    assert days.earliest - timedelta(1) not in days
    assert days.latest + timedelta(1) not in days


@given(DAYS, st.integers(-600, 600))
def test_the_clamp_never_leaves_the_month(day: date, months: int) -> None:
    """Months are calendar months, clamped to the last day of a shorter month."""
    moved = shift(day, months, 0)
    assert moved.year * 12 + moved.month == day.year * 12 + day.month + months
    assert moved.day == min(day.day, month_length(moved.year, moved.month))


@given(DAYS, st.integers(-5000, 5000))
def test_days_are_exact(day: date, days: int) -> None:
    """Days and weeks are exact days."""
    assert (ts.Offset(0, days).after(day) - day).days == days


@given(DAYS, strategies.offsets())
def test_months_are_applied_before_days(day: date, offset: ts.Offset) -> None:
    """An offset is (months, days), months applied first."""
    assert offset.after(day) == ts.Offset(0, offset.days).after(ts.Offset(offset.months).after(day))


@given(DAYS, DAYS, strategies.offsets())
def test_offsets_keep_the_order_of_days(one: date, other: date, offset: ts.Offset) -> None:
    """Targets are monotone in the baseline: an offset never swaps two days."""
    first, second = sorted((one, other))
    assert offset.after(first) <= offset.after(second)


@given(DAYS, strategies.offsets())
def test_before_is_after_turned_around(day: date, offset: ts.Offset) -> None:
    """Counting back is counting by the opposite offset."""
    assert offset.before(day) == (-offset).after(day)


@given(RANGES)
def test_and_is_idempotent(days: ts.DateRange) -> None:
    """`&` is idempotent."""
    assert days & days == days


@given(RANGES, RANGES)
def test_and_is_commutative(one: ts.DateRange, other: ts.DateRange) -> None:
    """`&` is commutative."""
    assert one & other == other & one


@given(st.lists(strategies.date_ranges(max_value=date(2001, 12, 31)) | st.none(), min_size=3, max_size=3))
def test_and_is_associative_and_none_absorbs(ranges: list[ts.DateRange | None]) -> None:
    """`&` is associative; None absorbs."""
    one, two, three = ranges

    def both(a: ts.DateRange | None, b: ts.DateRange | None) -> ts.DateRange | None:
        return a & b if a is not None else None

    assert both(both(one, two), three) == both(one, both(two, three))


@given(RANGES, RANGES)
def test_and_is_what_both_have(one: ts.DateRange, other: ts.DateRange) -> None:
    """`a & b` is the days of both; overlap counts them, gap counts the days between."""
    shared = set(one) & set(other)
    assert set((one & other) or ()) == shared
    assert one.overlap(other) == len(shared)
    between = (max(one.earliest, other.earliest) - min(one.latest, other.latest)).days - 1
    assert one.gap(other) == max(0, between)


@given(RANGES)
def test_a_range_counts_its_days(days: ts.DateRange) -> None:
    """A range is closed and never empty; its length counts both ends."""
    assert len(days) == len(list(days)) == (days.latest - days.earliest).days + 1 >= 1
    assert all(day in days for day in days)


@given(DAYS, DAYS)
def test_study_day_is_never_zero_and_invertible(day: date, zero: date) -> None:
    """CDISC: day zero is study day 1, the day before is -1, there is no day 0."""
    number = ts.study_day(day, zero)
    assert number != 0
    assert (number > 0) == (day >= zero)
    assert ts.date_of_study_day(number, zero) == day


@given(strategies.offsets())
def test_printing_and_reading_an_offset_are_inverse(offset: ts.Offset) -> None:
    """Printing is canonical and reads back to the same value, as words and as ISO 8601."""
    assert ts.Offset.parse(str(offset)) == offset
    sign = "-" if offset.months < 0 or offset.days < 0 else ""
    assert ts.Offset.parse(f"{sign}P{abs(offset.months)}M{abs(offset.days)}D") == offset


@given(strategies.windows())
def test_printing_and_reading_a_window_are_inverse(window: ts.Window) -> None:
    """Printing is canonical and reads back to the same value, with any of the three minus signs."""
    text = str(window)
    for minus in "-\u2212\u2013":
        assert ts.Window.parse(text.replace("-", minus)) == window


@given(RANGES)
def test_printing_and_reading_a_range_are_inverse(days: ts.DateRange) -> None:
    """A range reads back what it prints."""
    assert ts.DateRange.parse(str(days)) == days


@given(st.builds(ts.PartialDate, st.integers(1, 9999), st.none() | st.integers(1, 12)))
def test_printing_and_reading_a_partial_date_are_inverse(partial: ts.PartialDate) -> None:
    """A partly known date reads back what it prints, and every day it could be begins with that text."""
    assert ts.PartialDate.parse(str(partial)) == partial
    assert all(day.isoformat().startswith(str(partial)) for day in partial.days)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Reading never does anything but return a value or raise the library's own error."""
    for read in (ts.Offset.parse, ts.Window.parse, ts.DateRange.parse, ts.PartialDate.parse):
        try:
            value = read(text)
        except ts.TrialschedError:
            continue
        assert read(str(value)) == value

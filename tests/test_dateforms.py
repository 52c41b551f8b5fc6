"""Days in the form that is declared for a file: nothing is guessed."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialsched as ts
from trialsched._dateforms import clock_of, day_of, known_day_of, moment_of, written
from trialsched.formats.records import DATE_FORMS, check_date_form


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        ("dd.mm.yyyy", ["04.03.2026", "4.3.2026", "4. 3. 2026", "04. 03.2026", "4.\u00a03.\u00a02026", "2026-03-04"]),
        ("dd/mm/yyyy", ["04/03/2026", "4/3/2026", "2026-03-04"]),
        ("mm/dd/yyyy", ["03/04/2026", "3/4/2026", "2026-03-04"]),
        ("dd-mm-yyyy", ["04-03-2026", "4-3-2026", "2026-03-04"]),
        ("yyyy/mm/dd", ["2026/03/04", "2026/3/4", "2026-03-04"]),
        ("yyyy.mm.dd", ["2026.03.04", "2026.3.4", "2026. 3. 4", "2026-03-04"]),
        ("yyyy-mm-dd", ["2026-03-04"]),
    ],
)
def test_a_declared_form_is_read_and_iso_beside_it(form: str, texts: list[str]) -> None:
    """4 March 2026, with one or two digits, a blank after a dot; ISO 8601 can never be misread."""
    assert form in DATE_FORMS
    for text in texts:
        assert day_of(text, form) == known_day_of(text, form) == date(2026, 3, 4), text
        assert moment_of(text, form) == (date(2026, 3, 4), None)


def test_the_order_is_that_of_the_form() -> None:
    """03/04/2026 is 3 April here and 4 March there."""
    assert day_of("03/04/2026", "dd/mm/yyyy") == date(2026, 4, 3)
    assert day_of("03/04/2026", "mm/dd/yyyy") == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("dd.mm.yyyy", "03.2026"),
        ("dd.mm.yyyy", "3. 2026"),
        ("dd/mm/yyyy", "03/2026"),
        ("mm/dd/yyyy", "3/2026"),
        ("dd-mm-yyyy", "03-2026"),
        ("yyyy/mm/dd", "2026/03"),
        ("yyyy.mm.dd", "2026.3"),
        ("yyyy-mm-dd", "2026-03"),
        ("dd.mm.yyyy", "2026-03"),
    ],
)
def test_a_month_and_year_is_what_is_known(form: str, text: str) -> None:
    """In the form, or as YYYY-MM; a year alone is a year in every form; booked days are whole."""
    assert known_day_of(text, form) == ts.PartialDate(2026, 3)
    assert known_day_of("2026", form) == ts.PartialDate(2026)
    with pytest.raises(ts.InvalidValueError):
        day_of(text, form)
    with pytest.raises(ts.InvalidValueError):
        moment_of("2026", form)


@pytest.mark.parametrize("reader", [day_of, known_day_of, moment_of])
@pytest.mark.parametrize(
    ("form", "text", "message"),
    [
        ("dd.mm.yyyy", "31.02.2026", "no day of the calendar as dd.mm.yyyy"),
        ("mm/dd/yyyy", "30/03/2026", "no day of the calendar as mm/dd/yyyy"),
        ("dd.mm.yyyy", "04.03.0000", "no day of the calendar"),
        ("dd.mm.yyyy", "2026-02-30", "no day of the calendar"),
        ("dd.mm.yyyy", "4.3.26", "the century is never guessed; write the year in four digits"),
        ("mm/dd/yyyy", "03/04/26", "the century is never guessed"),
        ("dd-mm-yyyy", "04-03-26", "the century is never guessed"),
        ("dd.mm.yyyy", "04/03/2026", "expected a date as 'dd.mm.yyyy' or 'YYYY-MM-DD'"),
        ("dd/mm/yyyy", "04.03.2026", "expected a date as 'dd/mm/yyyy' or 'YYYY-MM-DD'"),
        ("dd/mm/yyyy", "04/ 03/2026", "expected a date"),
        ("dd.mm.yyyy", "4.3.02026", "expected a date"),
        ("dd.mm.yyyy", "004.03.2026", "expected a date"),
        ("dd.mm.yyyy", "2026-3-4", "expected a date"),
        ("dd.mm.yyyy", "soon", "expected a date as 'dd.mm.yyyy' or 'YYYY-MM-DD'"),
        ("dd.mm.yyyy", "\u0664.\u0663.2026", "expected a date"),
        ("yyyy-mm-dd", "2026-3-4", "expected a date as 'YYYY-MM-DD'"),
        ("yyyy-mm-dd", "03/04/2026", "never guessed; write YYYY-MM-DD, or declare the form"),
        ("yyyy-mm-dd", "4. 3. 2026", r"\(--dates dd.mm.yyyy, or date_format in trial.toml\)"),
        ("yyyy-mm-dd", "2026/03/04", "never guessed"),
        ("yyyy-mm-dd", "04-03-2026", "never guessed"),
        ("yyyy-mm-dd", "4.3.26", "never guessed"),
    ],
)
def test_what_is_no_day_says_why(reader: Callable[[str, str], object], form: str, text: str, message: str) -> None:
    """Impossible days, two-digit years, another form than the declared one, and any form when none is declared."""
    with pytest.raises(ts.InvalidValueError, match=message):
        reader(text, form)


@pytest.mark.parametrize("text", ["13.2026", "00.2026", "0.2026"])
def test_a_month_that_there_is_not_is_told(text: str) -> None:
    """A month is from 1 to 12, also when no day is known."""
    with pytest.raises(ts.InvalidValueError, match=r"as dd.mm.yyyy the month would be (13|00?)"):
        known_day_of(text, "dd.mm.yyyy")
    assert known_day_of("12.2026", "dd.mm.yyyy") == ts.PartialDate(2026, 12)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("yyyy-mm-dd", "2026-03-30T09:15"),
        ("yyyy-mm-dd", "2026-03-30 09:15"),
        ("yyyy-mm-dd", "2026-03-30  09:15:00"),
        ("yyyy-mm-dd", "2026-03-30T09:15:00.000"),
        ("dd.mm.yyyy", "30.03.2026 09:15"),
        ("dd.mm.yyyy", "30. 3. 2026 9:15"),
        ("dd.mm.yyyy", "30.03.2026T09:15:00"),
        ("mm/dd/yyyy", "3/30/2026 9:15"),
        ("mm/dd/yyyy", "2026-03-30 9:15"),
    ],
)
def test_booked_holds_a_time_in_any_form(form: str, text: str) -> None:
    """With T or a blank; seconds of zero, which spreadsheets append, are passed over."""
    assert moment_of(text, form) == (date(2026, 3, 30), time(9, 15))


@pytest.mark.parametrize("text", ["2026-03-30 00:00:00", "2026-03-30T00:00:00", "2026-03-30 00:00:00.000"])
def test_midnight_with_seconds_is_a_day_without_time(text: str) -> None:
    """Spreadsheets write a day so; 00:00 without seconds is a time that a person wrote."""
    assert moment_of(text, "yyyy-mm-dd") == (date(2026, 3, 30), None)
    assert moment_of("2026-03-30T00:00", "yyyy-mm-dd") == (date(2026, 3, 30), time(0, 0))
    assert day_of(text, "yyyy-mm-dd") == known_day_of(text, "yyyy-mm-dd") == date(2026, 3, 30)
    assert day_of("3/30/2026 0:00", "mm/dd/yyyy") == day_of("2026-03-30 00:00", "yyyy-mm-dd") == date(2026, 3, 30)


@pytest.mark.parametrize("reader", [day_of, known_day_of])
@pytest.mark.parametrize("text", ["2026-03-30T09:15", "2026-03-30 00:01:00", "2026-03-30 12:00"])
def test_a_day_has_no_time(reader: Callable[[str, str], object], text: str) -> None:
    """A time that nothing would keep is refused, not dropped."""
    with pytest.raises(ts.InvalidValueError, match="a day is meant here, without a time"):
        reader(text, "yyyy-mm-dd")


@pytest.mark.parametrize(
    ("text", "form"),
    [("9:15", "yyyy-mm-dd"), ("24:00", "dd.mm.yyyy"), ("09:60", "dd.mm.yyyy"), ("09:15:30", "dd.mm.yyyy"),
     ("9:15 AM", "mm/dd/yyyy"), ("09.15", "dd.mm.yyyy"), ("09:15Z", "dd.mm.yyyy"), ("", "dd.mm.yyyy")],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str, form: str) -> None:
    """Whole minutes of a day of 24 hours; one digit for the hour only where a form is declared."""
    with pytest.raises(ts.InvalidValueError, match="expected a time as 'HH:MM', 00:00 to 23:59"):
        clock_of(text, form)
    with pytest.raises(ts.InvalidValueError):
        moment_of(f"2026-03-30 {text}", form)


def test_times_of_the_day() -> None:
    """Two digits everywhere, one where a form is declared, seconds of zero passed over."""
    assert clock_of("09:15", "yyyy-mm-dd") == clock_of("09:15:00", "yyyy-mm-dd") == time(9, 15)
    assert clock_of("9:15", "dd.mm.yyyy") == time(9, 15)
    assert (clock_of("00:00:00", "yyyy-mm-dd"), clock_of("23:59", "yyyy-mm-dd")) == (time(0, 0), time(23, 59))


@pytest.mark.parametrize(
    ("form", "whole", "partly"),
    [
        ("yyyy-mm-dd", "0987-03-04", "2026-03"),
        ("dd.mm.yyyy", "04.03.0987", "03.2026"),
        ("dd/mm/yyyy", "04/03/0987", "03/2026"),
        ("mm/dd/yyyy", "03/04/0987", "03/2026"),
        ("dd-mm-yyyy", "04-03-0987", "03-2026"),
        ("yyyy/mm/dd", "0987/03/04", "2026/03"),
        ("yyyy.mm.dd", "0987.03.04", "2026.03"),
    ],
)
def test_how_a_day_is_written(form: str, whole: str, partly: str) -> None:
    """Two digits for day and month, four for the year; a partly known day without what is not known."""
    assert written(date(987, 3, 4), form) == whole
    assert written(ts.PartialDate(2026, 3), form) == partly
    assert written(ts.PartialDate(2026), form) == "2026"


@given(st.sampled_from(DATE_FORMS), st.dates() | st.builds(ts.PartialDate, st.integers(1, 9999), st.integers(1, 12)))
def test_every_day_comes_back_in_every_form(form: str, day: date | ts.PartialDate) -> None:
    """Reading gives what was written, whole or partly known."""
    assert known_day_of(written(day, form), form) == day


@given(st.sampled_from(DATE_FORMS), st.text("0123456789.-/ T:\u00a0\u0663Q", max_size=24))
def test_any_text_is_a_day_or_refused(form: str, text: str) -> None:
    """Nothing but the library's own error comes out."""
    for reader in (day_of, known_day_of, moment_of):
        with suppress(ts.InvalidValueError):
            assert reader(text, form)


def test_a_form_is_declared_in_any_case() -> None:
    """The names of the parts are words, not code."""
    assert check_date_form(" DD.MM.YYYY ") == "dd.mm.yyyy"
    assert [check_date_form(form) for form in DATE_FORMS] == list(DATE_FORMS)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("dd.mm.yy", ts.InvalidValueError, "date_format: read 'dd.mm.yy', expected 'dd.mm.yyyy', the nearest one"),
        ("", ts.InvalidValueError, "date_format: read '', expected one of yyyy-mm-dd, dd.mm.yyyy, dd/mm/yyyy"),
        ("%d", ts.InvalidValueError, "expected one of yyyy-mm-dd"),
        (None, ts.InvalidTypeError, "a form of dates is meant"),
        (7, ts.InvalidTypeError, "a form of dates is meant"),
    ],
)
def test_what_is_no_form_is_refused(text: Any, error: type[ts.TrialschedError], message: str) -> None:  # noqa: ANN401
    """The nearest one is named, else all there are."""
    with pytest.raises(error, match=message):
        check_date_form(text, "date_format")

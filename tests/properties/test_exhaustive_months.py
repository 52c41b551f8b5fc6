"""The month clamp against python-dateutil and pendulum, for every date of two decades."""

from collections.abc import Callable
from datetime import date, timedelta

import pendulum
import pytest
from dateutil.relativedelta import relativedelta

import trialsched as ts

FIRST, LAST = date(2019, 12, 25), date(2041, 1, 4)
MONTHS = range(-12, 61)
DAYS = [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]


def by_dateutil(months: int) -> Callable[[date], date]:
    """Return what python-dateutil makes of some months after a day."""
    delta = relativedelta(months=months)
    return lambda day: day + delta


def by_pendulum(months: int) -> Callable[[date], date]:
    """Return what pendulum makes of some months after a day."""
    return lambda day: pendulum.Date(day.year, day.month, day.day).add(months=months)


@pytest.mark.parametrize("oracle", [by_dateutil, by_pendulum])
def test_every_date_and_every_number_of_months(oracle: Callable[[int], Callable[[date], date]]) -> None:
    """Every date of 2019-12-25 to 2041-01-04 moved by -12 to 60 months: no difference."""
    assert len(DAYS) * len(MONTHS) == 7_682 * 73
    differences = []
    for months in MONTHS:
        ours, theirs = ts.Offset(months).after, oracle(months)
        differences += [(day, months) for day in DAYS if ours(day) != theirs(day)]
    assert differences == []

"""Distances as other packages write them."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pendulum
import pytest
from dateutil.relativedelta import MO
from dateutil.relativedelta import relativedelta as typed_relativedelta

import trialsched as ts

relativedelta: Any = typed_relativedelta  # takes fractions of days, which its types deny


@pytest.mark.parametrize(
    ("value", "months", "days"),
    [
        (timedelta(days=30), 0, 30),
        (timedelta(weeks=-2), 0, -14),
        (timedelta(hours=48), 0, 2),
        (relativedelta(months=+3, days=+2), 3, 2),
        (relativedelta(years=1, weeks=2), 12, 14),
        (relativedelta(days=2.0), 0, 2),
        (relativedelta(), 0, 0),
        (pendulum.duration(years=1, months=2, weeks=1, days=3), 14, 10),
        (pendulum.duration(months=1), 1, 0),
        (pendulum.duration(days=40), 0, 40),
        (pendulum.duration(days=-10), 0, -10),
        (pendulum.duration(months=-2, days=-1), -2, -1),
    ],
)
def test_whole_distances_of_other_packages_are_taken(value: Any, months: int, days: int) -> None:  # noqa: ANN401
    """A timedelta of whole days, a relativedelta and a pendulum.Duration keep their months and days."""
    assert ts.Offset.of(value) == ts.Offset(months, days)


def test_a_duration_is_never_read_by_its_days_property() -> None:
    """`pendulum.duration(months=1).days` says 30, which is not what it means (design, 4)."""
    month = pendulum.duration(months=1)
    assert month.days == 30
    assert ts.Offset.of(month) == ts.Offset(1, 0)


@pytest.mark.parametrize(
    "value",
    [
        timedelta(hours=1),
        timedelta(days=1, microseconds=1),
        relativedelta(hours=1),
        relativedelta(leapdays=1, days=1),
        relativedelta(day=1),
        relativedelta(year=2026),
        relativedelta(weekday=MO),
        relativedelta(hour=0),
        relativedelta(days=1.5),
        relativedelta(days=float("nan")),
        relativedelta(months=1, days=-1),
        pendulum.duration(hours=1),
        pendulum.duration(days=1, seconds=1),
        pendulum.duration(microseconds=1),
        relativedelta(days=Fraction(3, 2)),
        relativedelta(days=Decimal("1.5")),
        relativedelta(days=float("inf")),
        relativedelta(days=Decimal("NaN")),
    ],
)
def test_parts_of_days_absolute_fields_and_mixed_signs_are_refused(value: Any) -> None:  # noqa: ANN401
    """What is no distance in whole months and days is refused as a value."""
    with pytest.raises(ts.InvalidValueError):
        ts.Offset.of(value)


@pytest.mark.parametrize(
    "value",
    [pendulum.interval(pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 3, 1)), 30, 30.0, None, b"30 days", True],
)
def test_what_is_no_distance_is_refused_as_a_type(value: Any) -> None:  # noqa: ANN401
    """An Interval is tied to two dates, a bare number has no unit."""
    with pytest.raises(ts.InvalidTypeError):
        ts.Offset.of(value)


def test_a_namesake_of_another_package_is_not_taken_for_the_real_one() -> None:
    """A class is recognised by its package and its name together."""

    class Duration(timedelta):
        years = 3

    assert ts.Offset.of(Duration(days=2)) == ts.Offset(0, 2)

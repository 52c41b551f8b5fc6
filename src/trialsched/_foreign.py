"""Distances as other packages write them, recognised without importing the package."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trialsched.errors import InvalidTypeError, InvalidValueError


def _is_foreign(value: object, package: str, name: str) -> bool:
    """Recognise a class of another package without importing it."""
    return any(c.__name__ == name and c.__module__.partition(".")[0] == package for c in type(value).__mro__)


def _whole(value: Any, what: str) -> int:  # noqa: ANN401 - any number that a relativedelta took
    try:
        number = int(value)
    except (ValueError, OverflowError):  # not a number, or infinite
        number = None
    if number is None or number != value:
        message = f"read {value!r} {what} in a relativedelta, expected a whole number"
        raise InvalidValueError(message)
    return number


def _refuse_parts(value: Any, names: tuple[str, ...], kind: str) -> None:  # noqa: ANN401 - a foreign object
    for name in names:
        if getattr(value, name, None):
            message = f"{value!r}: an offset has no {kind}; found {name}"
            raise InvalidValueError(message)


def months_and_days(value: Any, forms: str) -> tuple[int, int]:  # noqa: ANN401 - recognised by its class's name
    """Return (months, days) of a timedelta, relativedelta or pendulum.Duration; `forms` says what text may be."""
    # Months are looked for first: a pendulum.Duration is a timedelta whose .days counts a month as 30 days.
    if _is_foreign(value, "pendulum", "Interval"):
        message = f"{value!r} is tied to two dates, not an offset; write it in months and days"
        raise InvalidTypeError(message)
    if _is_foreign(value, "pendulum", "Duration"):
        _refuse_parts(value, ("hours", "minutes", "remaining_seconds", "microseconds"), "time of day")
        return value.years * 12 + value.months, value.weeks * 7 + value.remaining_days
    if _is_foreign(value, "dateutil", "relativedelta"):
        times = ("hours", "minutes", "seconds", "microseconds", "hour", "minute", "second", "microsecond")
        for name in ("year", "month", "day", "weekday", *times[4:]):
            if getattr(value, name) is not None:
                message = f"{value!r}: an offset has no absolute {name}"
                raise InvalidValueError(message)
        _refuse_parts(value, (*times[:4], "leapdays"), "time of day or leap days")
        months = _whole(value.years, "years") * 12 + _whole(value.months, "months")
        return months, _whole(value.days, "days")
    if isinstance(value, timedelta):
        if value.seconds or value.microseconds:
            message = f"{value!r} is not a whole number of days"
            raise InvalidValueError(message)
        return 0, value.days
    message = f"read {value!r}, expected {forms}, a timedelta, a relativedelta or a pendulum.Duration"
    raise InvalidTypeError(message)

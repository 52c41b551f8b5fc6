"""Days as files write them: ISO 8601, or in the form that is declared for the whole file. Nothing is guessed."""

from __future__ import annotations

import re
from datetime import date, time
from functools import lru_cache
from typing import Final

from trialsched._text import nearest_or, shown
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import PartialDate, parse_date

DATE_FORMS: Final = (
    "yyyy-mm-dd",
    "dd.mm.yyyy",
    "dd/mm/yyyy",
    "mm/dd/yyyy",
    "dd-mm-yyyy",
    "yyyy/mm/dd",
    "yyyy.mm.dd",
)
ISO: Final = DATE_FORMS[0]
ISO_ONLY: Final = ""  # the same where no form can be declared
_CACHED: Final = 4096  # a file has few days and many rows

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTLY = re.compile(r"[0-9]{4}(-[0-9]{2})?")
_OTHER_ORDER = re.compile(r"[0-9]+\s*[./]\s*[0-9]+|[0-9]{1,2}-[0-9]{1,2}-[0-9]+")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([./-]) ?[0-9]{1,2}\1 ?[0-9]{1,2}")
_WITH_TIME = re.compile(r"(.*?[^ ])(?:T| +)([0-9]+:.*)")
_TIME = re.compile(r"(2[0-3]|[01][0-9]|[0-9]):([0-5][0-9])(:00(?:\.0+)?)?")
_PIECES = {"yyyy": "(?P<yyyy>[0-9]{4})", "mm": "(?P<mm>[0-9]{1,2})", "dd": "(?P<dd>[0-9]{1,2})"}
_BLANK = "[ \u00a0]?"  # after a dot: 4. 3. 2026
_UNDECLARED = (ISO, ISO_ONLY)
_ADVICE = ", or declare the form (--dates dd.mm.yyyy, or date_format in trial.toml)"


def check_date_form(text: str, where: str = "") -> str:
    """Return the form of dates that a text declares, in lower case: one of `DATE_FORMS`.

    Raises `InvalidValueError` or `InvalidTypeError`.

    >>> check_date_form("DD.MM.YYYY")
    'dd.mm.yyyy'
    """
    if not isinstance(text, str):
        raise InvalidTypeError(f"a form of dates is meant, as 'dd.mm.yyyy'; read {shown(text)}", where=where)
    form = text.strip().lower()
    if form not in DATE_FORMS:
        expected = nearest_or(form, DATE_FORMS, f"one of {', '.join(DATE_FORMS)}")
        raise InvalidValueError(f"read {shown(text)!r}, expected {expected}", where=where)
    return form


def _parts(form: str) -> tuple[str, list[str]]:
    """Return the separator of a form and the names of its parts."""
    separator = form.strip("dmy")[0]
    return separator, form.split(separator)


@lru_cache(maxsize=len(DATE_FORMS))
def _patterns(form: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a whole day looks like in a form, and what a month and year do."""
    separator, names = _parts(form)
    between = re.escape(separator) + (_BLANK if separator == "." else "")
    whole, partly = (between.join(_PIECES[name] for name in names if name != out) for out in ("", "dd"))
    return re.compile(whole), re.compile(partly)


@lru_cache(maxsize=_CACHED)
def day_of(text: str, form: str) -> date:
    """Read a whole day: ISO 8601, or the form; as midnight too, which is how spreadsheets may write a day."""
    day, clock = _split(text)
    if clock is not None and clock != time(0, 0):
        raise InvalidValueError(f"read {text[:40]!r}: a day is meant here, without a time")
    return _day(day, form)


@lru_cache(maxsize=_CACHED)
def known_day_of(text: str, form: str) -> date | PartialDate:
    """Read a day as far as it is known: whole, or `YYYY-MM`, `YYYY`, or the month and year of the form."""
    if _PARTLY.fullmatch(text):
        return PartialDate.parse(text)
    match = None if form in _UNDECLARED else _patterns(form)[1].fullmatch(text)
    return PartialDate(int(match["yyyy"]), _month(match["mm"], text, form)) if match else day_of(text, form)


def _month(digits: str, text: str, form: str) -> int:
    if not 1 <= int(digits) <= 12:  # noqa: PLR2004 - months of a year
        raise InvalidValueError(f"read {text[:40]!r}: as {form} the month would be {digits}")
    return int(digits)


@lru_cache(maxsize=_CACHED)
def moment_of(text: str, form: str) -> tuple[date, time | None]:
    """Read a whole day with or without its time; midnight with seconds, as spreadsheets write a day, is no time."""
    day, clock = _split(text, one_digit=form not in _UNDECLARED)
    return _day(day, form), clock


def _split(text: str, *, one_digit: bool = True) -> tuple[str, time | None]:
    match = _WITH_TIME.fullmatch(text)
    if match is None:
        return text, None
    clock = _clock(match[2], one_digit=one_digit)
    return match[1], None if clock == time(0, 0) and match[2].count(":") > 1 else clock


def clock_of(text: str, form: str) -> time:
    """Read a time of the day in whole minutes; one digit for the hour where a form of dates is declared."""
    return _clock(text, one_digit=form not in _UNDECLARED)


def _clock(text: str, *, one_digit: bool) -> time:
    match = _TIME.fullmatch(text)
    if match is None or (len(match[1]) == 1 and not one_digit):
        raise InvalidValueError(f"read {text[:40]!r}, expected a time as 'HH:MM', 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def _day(text: str, form: str) -> date:
    if _DAY.fullmatch(text):
        return parse_date(text)
    if form in _UNDECLARED:
        if _OTHER_ORDER.match(text):
            message = f"read {text[:40]!r}: which is the day and which the month is never guessed; write YYYY-MM-DD"
            raise InvalidValueError(message + (_ADVICE if form == ISO else ""))
        raise InvalidValueError(f"read {text[:40]!r}, expected a date as 'YYYY-MM-DD'")
    match = _patterns(form)[0].fullmatch(text)
    if match is None:
        if _SHORT_YEAR.fullmatch(text):
            raise InvalidValueError(f"read {text[:40]!r}: the century is never guessed; write the year in four digits")
        raise InvalidValueError(f"read {text[:40]!r}, expected a date as '{form}' or 'YYYY-MM-DD'")
    try:
        return date(int(match["yyyy"]), int(match["mm"]), int(match["dd"]))
    except ValueError as error:
        raise InvalidValueError(f"read {text[:40]!r}, which is no day of the calendar as {form} ({error})") from None


def written(day: date | PartialDate, form: str) -> str:
    """Return a day, or what is known of it, in a form."""
    if form == ISO:
        return str(day)
    separator, names = _parts(form)
    digits = dict(zip(("yyyy", "mm", "dd"), str(day).split("-"), strict=False))
    return separator.join(digits[name] for name in names if name in digits)

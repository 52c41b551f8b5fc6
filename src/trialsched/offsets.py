"""Calendar arithmetic and nothing else: offsets, windows, closed ranges of days, study days.

Months are calendar months: the day of the month is kept, or becomes the last day of a shorter month. Days and
weeks are exact days. Every day is a plain `datetime.date`; there is no clock and no time zone here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, SupportsIndex, TypeAlias

from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dateutil.relativedelta import relativedelta

    OffsetLike: TypeAlias = "Offset | str | timedelta | relativedelta"  # a pendulum.Duration is a timedelta

_LONGEST = 100  # characters of a text
_MAX_MONTHS = 9999 * 12
_MAX_DAYS = 3_652_058  # from 1 January of year 1 to 31 December 9999
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2

_MINUS = "\u2212\u2013-"  # the hyphen last, where a character class takes it as itself
_UNITS = {
    "y": (12, 0), "year": (12, 0), "years": (12, 0),
    "mo": (1, 0), "month": (1, 0), "months": (1, 0),
    "w": (0, 7), "week": (0, 7), "weeks": (0, 7),
    "d": (0, 1), "day": (0, 1), "days": (0, 1),
}  # fmt: skip
_RANK = {"y": 0, "m": 1, "w": 2, "d": 3}
_SIGN = re.compile(rf"([+{_MINUS}]?)\s*(.*)", re.DOTALL)
_PART = re.compile(rf"\s*([+{_MINUS}]?)\s*([0-9]+)\s*([A-Za-z]+)")
_ISO = re.compile(rf"([{_MINUS}]?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?")
_EITHER_WAY = re.compile(r"(?:±|\+\s*/\s*[-\u2212\u2013])(.*)", re.DOTALL)
_OFFSET_FORMS = "an offset such as '30 days', '2 weeks', '3 months', '1 year', '3 months 2 days' or 'P30D'"
_WINDOW_FORMS = "a window such as '±7 days', '-3/+5 days' or '±1 month'"


def plain_date(value: object, where: str = "") -> date:
    """Return a plain `date`; a subclass without a time is converted, a `datetime` is refused.

    >>> plain_date(date(2026, 3, 2))
    datetime.date(2026, 3, 2)
    """
    if type(value) is date:
        return value
    if isinstance(value, datetime):
        message = f"a date is meant, without time or zone; read the datetime {value!r}: take its .date() at the site"
        raise InvalidTypeError(message, where=where)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    raise InvalidTypeError(f"a datetime.date is meant; read {value!r}", where=where)


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month of the proleptic Gregorian calendar."""
    if month == _FEBRUARY and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        return 29
    return _MONTH_LENGTHS[month - 1]


def shift(day: date, months: int, days: int) -> date:
    """Move a day by calendar months, clamped to the last day of a shorter month, then by exact days.

    >>> shift(date(2024, 1, 31), 3, 0)
    datetime.date(2024, 4, 30)
    """
    try:
        if months:
            year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
            number = day.day
            if number > 28:  # noqa: PLR2004 - every month has 28 days
                number = min(number, month_length(year, month + 1))
            day = date(year, month + 1, number)
        return day + timedelta(days) if days else day
    except (ValueError, OverflowError):
        distance = " and ".join(f"{n} {unit}" for n, unit in ((months, "months"), (days, "days")) if n)
        raise DateOutOfRangeError(f"{distance} from {day.isoformat()} leave the years 1 to 9999") from None


@dataclass(frozen=True, slots=True, init=False)
class Offset:
    """A distance in calendar months and exact days; the months are applied first.

    Months and days of opposite sign are refused. Years fold into months, weeks into days.
    Raises `InvalidTypeError` or `InvalidValueError`.

    >>> str(Offset.of("1 year 2 weeks"))
    '12 months 14 days'
    """

    months: int
    days: int

    def __init__(self, months: int = 0, days: int = 0) -> None:
        """Take whole months and whole days."""
        for name, value, most in (("months", months, _MAX_MONTHS), ("days", days, _MAX_DAYS)):
            if type(value) is not int:
                raise InvalidTypeError(f"{name} is a whole number; read {value!r}", where=name)
            if abs(value) > most:
                raise InvalidValueError(f"at most {most} {name} fit between the years 1 and 9999", where=name)
        if (months < 0 < days) or (days < 0 < months):
            message = f"months and days of opposite sign ({months} months, {days} days) have no single meaning"
            raise InvalidValueError(message)
        object.__setattr__(self, "months", months)
        object.__setattr__(self, "days", days)

    @classmethod
    def of(cls, value: OffsetLike) -> Offset:
        """Take an Offset, text, a timedelta of whole days, a relativedelta or a pendulum.Duration.

        >>> Offset.of(timedelta(days=30))
        Offset(months=0, days=30)
        """
        if isinstance(value, Offset):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        from trialsched._foreign import months_and_days

        return cls(*months_and_days(value, _OFFSET_FORMS))

    @classmethod
    def parse(cls, text: str) -> Offset:
        """Read '30 days', '3 months 2 days', '2 w', '1 y', or ISO 8601 '[-]P[nY][nM][nW][nD]'.

        >>> Offset.parse("-P3M2D")
        Offset(months=-3, days=-2)
        """
        text = _text(text, _OFFSET_FORMS)
        stripped = text.strip()
        iso = _ISO.fullmatch(stripped)
        if iso and any(iso.groups()[1:]):
            sign = -1 if iso[1] else 1
            years, months, weeks, days = (_number(digits or "0", text) for digits in iso.groups()[1:])
            return cls(sign * (years * 12 + months), sign * (weeks * 7 + days))
        if not stripped or iso or stripped.lstrip(f"+{_MINUS}").startswith(("P", "p")):
            raise InvalidValueError(f"read {text!r}, expected {_OFFSET_FORMS} (ISO: whole numbers, no times)")
        return _from_words(stripped)

    def after(self, day: date) -> date:
        """Return the day this far after a day. Raises `DateOutOfRangeError`.

        >>> Offset.parse("6 months").after(date(2023, 8, 31))
        datetime.date(2024, 2, 29)
        """
        return shift(plain_date(day), self.months, self.days)

    def before(self, day: date) -> date:
        """Return the day this far before a day, counted back from it. Raises `DateOutOfRangeError`.

        >>> Offset.parse("1 month").before(date(2026, 3, 31))
        datetime.date(2026, 2, 28)
        """
        return shift(plain_date(day), -self.months, -self.days)

    def __neg__(self) -> Offset:
        """Return the same distance the other way."""
        return Offset(-self.months, -self.days)

    def __bool__(self) -> bool:
        """Return whether it moves anything."""
        return bool(self.months or self.days)

    def __str__(self) -> str:
        """Print the canonical form, which `parse` reads back to the same value."""
        parts = ((self.months, "month"), (self.days, "day"))
        return " ".join(f"{n} {unit}{'' if abs(n) == 1 else 's'}" for n, unit in parts if n) or "0 days"


def _text(value: object, forms: str) -> str:
    if not isinstance(value, str):
        raise InvalidTypeError(f"read {value!r}, expected {forms}")
    if len(value) > _LONGEST:  # an honest one is short, and reading a long one takes time
        raise InvalidValueError(f"read '{value[:40]}...', expected {forms}")
    return value


def _number(digits: str, text: str) -> int:
    if len(digits.lstrip("0")) > 7:  # noqa: PLR2004 - no distance between two dates has more digits
        raise InvalidValueError(f"read {text[:40]!r}: the number is past the years 1 to 9999")
    return int(digits)


def _from_words(text: str) -> Offset:
    months = days = 0
    signs: set[int] = set()
    seen = -1
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise InvalidValueError(f"read {text!r}, expected {_OFFSET_FORMS}")
        sign, digits, word = part.groups()
        unit = _UNITS.get(word.lower())
        if unit is None:
            message = f"read {text!r}: the unit {word!r} is none of d, w, mo, y and their words"
            if word.lower() == "m":
                message += "; 'm' alone could be minutes or months"
            raise InvalidValueError(message)
        if _RANK[word[0].lower()] <= seen:
            raise InvalidValueError(f"read {text!r}: each unit once, the largest first")
        seen = _RANK[word[0].lower()]
        direction = -1 if sign and sign in _MINUS else 1
        signs.add(direction)
        number = _number(digits, text) * direction
        months += unit[0] * number
        days += unit[1] * number
        position = part.end()
    if len(signs) > 1:
        message = f"read {text!r}: parts of opposite sign; write the sign before every part ('-3 months -2 days')"
        raise InvalidValueError(message)
    return Offset(months, days)


@dataclass(frozen=True, slots=True, init=False)
class Window:
    """Whole days around a target, as two magnitudes; both ends belong to the window.

    `before` and `after` are offsets of zero or more, each counted from the target. A window always contains
    its target. Raises `InvalidTypeError` or `InvalidValueError`.

    >>> str(Window("3 days", "5 days"))
    '-3/+5 days'
    """

    before: Offset
    after: Offset

    def __init__(self, before: OffsetLike, after: OffsetLike) -> None:
        """Take two offsets of zero or more."""
        for name, value in (("before", before), ("after", after)):
            offset = Offset.of(value)
            if offset.months < 0 or offset.days < 0:
                message = f"a side of a window is a magnitude of zero or more; read {offset}"
                raise InvalidValueError(message, where=name)
            object.__setattr__(self, name, offset)

    @classmethod
    def of(cls, value: Window | str) -> Window:
        """Take a Window or its text."""
        return value if isinstance(value, Window) else cls.parse(value)

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read '±7 days', '+/- 7 d', '-3/+5 days', '±1 month'; a minus may be '-', U+2212 or an en dash.

        >>> Window.parse("±7 days") == Window("7 days", "7 days")
        True
        """
        stripped = _text(text, _WINDOW_FORMS).strip()
        either = _EITHER_WAY.fullmatch(stripped)
        if either:
            offset = _magnitude(either[1], text)
            return cls(offset, offset)
        left, slash, right = stripped.partition("/")
        if not slash:
            message = f"read {text!r}, expected {_WINDOW_FORMS}"
            if stripped[:1] and stripped[0] in f"+{_MINUS}":
                message += "; a window open to one side only is written '-0/+5 days'"
            raise InvalidValueError(message)
        sides = [_side(left), _side(right)]
        units = re.sub(r"^[\s0-9]*", "", sides[1][1]) if len(_PART.findall(sides[1][1])) == 1 else ""
        if units and sides[0][1].isdigit():
            sides[0] = (sides[0][0], f"{sides[0][1]} {units}")
        if sides[0][0] == sides[1][0]:
            message = (
                f"read {text!r}: the window does not contain its target; move the offset instead "
                "(a visit 2 to 5 days after its target is 'on day +2' with the window '-0/+3 days')"
            )
            raise InvalidValueError(message)
        before, after = (offset for _, offset in sorted((sign, _magnitude(body, text)) for sign, body in sides))
        return cls(before, after)

    def around(self, target: date) -> DateRange:
        """Return the closed range of days from `target - before` to `target + after`.

        >>> str(Window.parse("±1 month").around(date(2026, 3, 31)))
        '2026-02-28..2026-04-30'
        """
        return DateRange(self.before.before(target), self.after.after(target))

    def __str__(self) -> str:
        """Print the canonical form, which `parse` reads back to the same value."""
        before, after = self.before, self.after
        if before == after:
            return f"±{after}"
        if not (before.months or after.months):
            return f"-{before.days}/+{after}"
        return f"-{before}/+{after}"


def _side(text: str) -> tuple[int, str]:
    match = _SIGN.fullmatch(text.strip())
    sign, body = match.groups() if match else ("", text)
    if not sign:
        raise InvalidValueError(f"read {text!r}: each side of a window has its sign, expected {_WINDOW_FORMS}")
    return (1 if sign == "+" else -1), body.strip()


def _magnitude(body: str, text: str) -> Offset:
    try:
        offset = Offset.parse(body)
    except InvalidValueError as error:
        raise InvalidValueError(f"read {text!r}, expected {_WINDOW_FORMS} ({error})") from None
    if re.search(rf"[+{_MINUS}]", body):
        raise InvalidValueError(f"read {text!r}: one sign a side, expected {_WINDOW_FORMS}")
    return offset


@dataclass(frozen=True, slots=True, init=False)
class DateRange:
    """The days from `earliest` to `latest`, both included; never empty.

    Raises `InvalidTypeError` or `InvalidValueError`.

    >>> len(DateRange(date(2026, 3, 25), date(2026, 4, 8)))
    15
    """

    earliest: date
    latest: date

    def __init__(self, earliest: date, latest: date) -> None:
        """Take the first and the last day."""
        earliest, latest = plain_date(earliest, "earliest"), plain_date(latest, "latest")
        if latest < earliest:
            message = f"a range of dates is never empty: {latest.isoformat()} is before {earliest.isoformat()}"
            raise InvalidValueError(message)
        object.__setattr__(self, "earliest", earliest)
        object.__setattr__(self, "latest", latest)

    @classmethod
    def parse(cls, text: str) -> DateRange:
        """Read 'YYYY-MM-DD..YYYY-MM-DD', the printed form.

        >>> DateRange.parse("2026-03-25..2026-04-08").latest
        datetime.date(2026, 4, 8)
        """
        form = "two dates 'YYYY-MM-DD..YYYY-MM-DD'"
        first, dots, last = _text(text, form).strip().partition("..")
        if not dots:
            raise InvalidValueError(f"read {text!r}, expected {form}")
        return cls(parse_date(first), parse_date(last))

    def __contains__(self, day: object) -> bool:
        """Return whether a day lies inside, ends included; a `datetime` is refused."""
        return self.earliest <= plain_date(day) <= self.latest

    def __len__(self) -> int:
        """Return the number of days, ends included: at least 1."""
        return self.latest.toordinal() - self.earliest.toordinal() + 1

    def __iter__(self) -> Iterator[date]:
        """Yield every day in order."""
        return map(date.fromordinal, range(self.earliest.toordinal(), self.latest.toordinal() + 1))

    def __and__(self, other: DateRange | None) -> DateRange | None:
        """Return the days of both, or None when there is none; None absorbs.

        >>> print(DateRange.parse("2026-03-01..2026-03-07") & DateRange.parse("2026-03-08..2026-03-09"))
        None
        """
        if other is None:
            return None
        if not isinstance(other, DateRange):
            return NotImplemented
        earliest, latest = max(self.earliest, other.earliest), min(self.latest, other.latest)
        return DateRange(earliest, latest) if earliest <= latest else None

    __rand__ = __and__

    def overlap(self, other: DateRange) -> int:
        """Return how many days belong to both."""
        other = _range(other)
        both = self & other
        return len(both) if both else 0

    def gap(self, other: DateRange) -> int:
        """Return how many days lie between the two; 0 when they touch or overlap."""
        first, second = sorted((self, _range(other)), key=lambda r: r.earliest)
        return max(0, second.earliest.toordinal() - first.latest.toordinal() - 1)

    def __str__(self) -> str:
        """Print 'YYYY-MM-DD..YYYY-MM-DD', which `parse` reads back."""
        return f"{self.earliest.isoformat()}..{self.latest.isoformat()}"


def _range(value: object) -> DateRange:
    if not isinstance(value, DateRange):
        raise InvalidTypeError(f"a DateRange is meant; read {value!r}")
    return value


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")


def parse_date(text: str, where: str = "") -> date:
    """Read one calendar date 'YYYY-MM-DD' (ISO 8601, extended form) and nothing else.

    >>> parse_date("2028-02-29")
    datetime.date(2028, 2, 29)
    """
    stripped = text.strip()
    if _DATE.fullmatch(stripped):
        try:
            return date.fromisoformat(stripped)
        except ValueError as error:
            message = f"read {text!r}, which is no day of the calendar ({error})"
            raise InvalidValueError(message, where=where) from None
    raise InvalidValueError(f"read {text[:40]!r}, expected a date as 'YYYY-MM-DD'", where=where)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which only the year, or the year and month, is known.

    Raises `InvalidTypeError` or `InvalidValueError`.

    >>> str(PartialDate(2026, 3).days)
    '2026-03-01..2026-03-31'
    """

    year: int
    month: int | None = None

    def __post_init__(self) -> None:
        """Hold the year to 1..9999 and the month to 1..12."""
        limits = (("year", self.year, 9999), ("month", 1 if self.month is None else self.month, 12))
        for name, value, most in limits:
            if type(value) is not int:
                raise InvalidTypeError(f"{name} is a whole number; read {value!r}", where=name)
            if not 1 <= value <= most:
                raise InvalidValueError(f"{name} is from 1 to {most}; read {value}", where=name)

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read 'YYYY-MM' or 'YYYY'.

        >>> PartialDate.parse("2026-03")
        PartialDate(year=2026, month=3)
        """
        match = _PARTIAL.fullmatch(_text(text, "a partly known date as 'YYYY-MM' or 'YYYY'").strip())
        if match is None:
            raise InvalidValueError(f"read {text[:40]!r}, expected a partly known date as 'YYYY-MM' or 'YYYY'")
        return cls(int(match[1]), int(match[2]) if match[2] else None)

    @property
    def days(self) -> DateRange:
        """Return every day that it could be."""
        last = self.month or 12
        return DateRange(date(self.year, self.month or 1, 1), date(self.year, last, month_length(self.year, last)))

    def __str__(self) -> str:
        """Print 'YYYY-MM' or 'YYYY', which `parse` reads back."""
        return f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}"


def study_day(day: date, day_zero: date) -> int:
    """Return the study day: day zero is 1, the day before is -1, there is no 0.

    CDISC SDTM Implementation Guide, "Use of the Study Day Variables" (--DY). A label, never used in arithmetic.

    >>> study_day(date(2026, 3, 2), date(2026, 3, 2)), study_day(date(2026, 3, 1), date(2026, 3, 2))
    (1, -1)
    """
    distance = plain_date(day, "day").toordinal() - plain_date(day_zero, "day_zero").toordinal()
    return distance + 1 if distance >= 0 else distance


def date_of_study_day(number: SupportsIndex, day_zero: date) -> date:
    """Return the day that has this study day: the inverse of `study_day`. There is no study day 0.

    >>> date_of_study_day(-1, date(2026, 3, 2))
    datetime.date(2026, 3, 1)
    """
    if type(number) is not int:
        raise InvalidTypeError(f"a study day is a whole number; read {number!r}", where="number")
    if number == 0:
        message = "there is no study day 0: day zero is study day 1, the day before is -1"
        raise InvalidValueError(message, where="number")
    distance = number - 1 if number > 0 else number
    return shift(plain_date(day_zero, "day_zero"), 0, distance)

"""Repetition rules of RFC 5545, section 3.3.10, as days: within a number of steps, whatever the rule says.

A rule may repeat for ever, or never match; here a day costs a step, and the steps are counted. Only rules about days
are read: nothing that repeats by the hour keeps a clinic closed.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from trialsched._text import shown
from trialsched.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LONGEST = 500  # characters of a rule
_WHOLE = re.compile(r"[1-9][0-9]{0,5}")
_NUMBER = re.compile(r"[+-]?[1-9][0-9]{0,2}")
_WEEKDAY = re.compile(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?")
_MOST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
_CLOCK = {"BYHOUR": 23, "BYMINUTE": 59, "BYSECOND": 59}
_TWO_DIGITS = re.compile(r"[0-9]{1,2}")
_EXPECTED = (
    f"expected FREQ one of {', '.join(_FREQUENCIES)}, INTERVAL and COUNT from 1, either COUNT or UNTIL, and the parts"
    " that RFC 5545, section 3.3.10 has for days"
)


class Steps:
    """How many days may still be looked at for the repetitions of one file."""

    def __init__(self, most: int) -> None:
        """Begin with all of them."""
        self.most = self.left = most

    def take(self, count: int = 1) -> None:
        """Count steps. Raises `InvalidValueError` when there are no more."""
        self.left -= count
        if self.left < 0:
            message = f"the repetitions of the file need more than {self.most:,} steps: it is not read"
            raise InvalidValueError(message)


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE. Weekdays are (which one, 0 for each; 0 for Monday); `until` is a day, or a time, in UTC or local."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    week_start: int = 0
    weekdays: frozenset[tuple[int, int]] = frozenset()
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()
    hour: int | None = None
    minute: int | None = None
    second: int | None = None

    def clock(self, start: time) -> time:
        """Return the time of day of the repetitions of what began at a time: BYHOUR, BYMINUTE and BYSECOND say it."""
        return start.replace(
            hour=start.hour if self.hour is None else self.hour,
            minute=start.minute if self.minute is None else self.minute,
            second=start.second if self.second is None else self.second,
        )

    def last_day(self, clock: time, zone: tzinfo | None) -> date:
        """Return the last day that UNTIL allows, for repetitions at a time of day in a zone: it is included."""
        if self.until is None:
            return date.max
        if not isinstance(self.until, datetime):
            return self.until
        until = self.until
        if until.tzinfo is not None and zone is not None:
            try:
                until = until.astimezone(zone)
            except OverflowError:  # on the first or the last day of the calendar
                return until.date()
        day = until.date()
        return day if clock <= until.time() or day == date.min else day - timedelta(1)

    def days(self, start: date, first: date, last: date, steps: Steps) -> Iterator[date]:
        """Yield the days from `first` to `last`, both included, on which the rule has what began on `start`.

        UNTIL is for the caller to heed, by `last_day`. Raises `InvalidValueError` when the steps do not suffice.
        """
        return _Days(self._completed(start), start, steps).between(first, last)

    def _completed(self, start: date) -> Rule:
        """Take from the start what the rule does not say: its weekday, day or month."""
        if self.frequency == "DAILY" or self.weekdays or self.month_days or self.year_days:
            return self
        if self.frequency == "WEEKLY" or self.weeks:
            return replace(self, weekdays=frozenset({(0, start.weekday())}))
        months = self.months or (frozenset({start.month}) if self.frequency == "YEARLY" else frozenset())
        return replace(self, months=months, month_days=frozenset({start.day}))


class _Days:
    """The days of a rule that says all that is needed, counted from a start."""

    def __init__(self, rule: Rule, start: date, steps: Steps) -> None:
        self.rule = rule
        self.start = start
        self.steps = steps
        self.origin = self._period(start)

    def between(self, first: date, last: date) -> Iterator[date]:
        rule = self.rule
        low = self.start if rule.count else max(self.start, first)  # a COUNT counts from the start
        if low > last:
            return
        found: Iterable[date] = self._matching(self._period_start(low), self._period_end(last))
        if rule.positions:
            found = self._placed(found)
        number = 0
        for day in takewhile(lambda day: day <= last, found):
            if day >= self.start:
                number += 1
                if rule.count and number > rule.count:
                    return
                if day >= first:
                    yield day

    def _matching(self, first: date, last: date) -> Iterator[date]:
        """Yield the days of the range that fit, in the periods that INTERVAL does not pass over."""
        rule, tests = self.rule, list(self._tests())
        by_month = rule.frequency in ("MONTHLY", "YEARLY")
        year, month = first.year, first.month
        while (year, month) <= (last.year, last.month):
            self.steps.take()
            begin = date(year, month, 1)
            aligned = not by_month or (self._period(begin) - self.origin) % rule.interval == 0
            if aligned and (not rule.months or month in rule.months):
                length = calendar.monthrange(year, month)[1]
                self.steps.take(length)
                for number in range(1, length + 1):
                    day = date(year, month, number)
                    if first <= day <= last and all(test(day) for test in tests):
                        yield day
            year, month = year + month // 12, month % 12 + 1

    def _tests(self) -> Iterator[Callable[[date], bool]]:
        rule = self.rule
        if rule.frequency in ("DAILY", "WEEKLY") and rule.interval > 1:
            yield lambda day: (self._period(day) - self.origin) % rule.interval == 0
        if rule.weekdays:
            yield self._on_weekday
        if rule.month_days:
            yield lambda day: not rule.month_days.isdisjoint(_from_both_ends(day.day, _month_length(day)))
        if rule.year_days:
            yield lambda day: not rule.year_days.isdisjoint(_from_both_ends(*_of_year(day)))
        if rule.weeks:
            yield lambda day: not rule.weeks.isdisjoint(_from_both_ends(*_week(day)))

    def _on_weekday(self, day: date) -> bool:
        weekday, wanted = day.weekday(), self.rule.weekdays
        if (0, weekday) in wanted:
            return True
        in_month = self.rule.frequency == "MONTHLY" or self.rule.months
        number, length = (day.day, _month_length(day)) if in_month else _of_year(day)
        places = (1 + (number - 1) // 7, -1 - (length - number) // 7)
        return any((place, weekday) in wanted for place in places)

    def _placed(self, found: Iterable[date]) -> Iterator[date]:
        """Yield of each period the days at BYSETPOS."""
        for _, together in groupby(found, self._period):
            days = list(together)
            for index, day in enumerate(days, 1):
                if not self.rule.positions.isdisjoint(_from_both_ends(index, len(days))):
                    yield day

    def _period(self, day: date) -> int:
        """Return the number of the period of the frequency in which a day lies."""
        if self.rule.frequency == "DAILY":
            return day.toordinal()
        if self.rule.frequency == "WEEKLY":
            return (day.toordinal() - 1 - self.rule.week_start) // 7
        return day.year * 12 + day.month if self.rule.frequency == "MONTHLY" else day.year

    def _period_start(self, day: date) -> date:
        if self.rule.frequency == "DAILY":
            return day
        if self.rule.frequency == "WEEKLY":
            return date.fromordinal(max(self._period(day) * 7 + 1 + self.rule.week_start, 1))
        return day.replace(day=1) if self.rule.frequency == "MONTHLY" else day.replace(month=1, day=1)

    def _period_end(self, day: date) -> date:
        if self.rule.frequency == "DAILY":
            return day
        if self.rule.frequency == "WEEKLY":
            return date.fromordinal(min(self._period(day) * 7 + 7 + self.rule.week_start, date.max.toordinal()))
        if self.rule.frequency == "MONTHLY":
            return day.replace(day=_month_length(day))
        return day.replace(month=12, day=31)


def _from_both_ends(number: int, length: int) -> tuple[int, int]:
    """Return a number from 1 as it is, and as it is counted from the end, the last one being -1."""
    return number, number - length - 1


def _month_length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _of_year(day: date) -> tuple[int, int]:
    return day.timetuple().tm_yday, 365 + calendar.isleap(day.year)


def _week(day: date) -> tuple[int, int]:
    """Return (number of the week, how many its year has): the weeks of ISO 8601, of which RFC 5545 speaks."""
    year, week, _ = day.isocalendar()
    return week, date(year, 12, 28).isocalendar().week


def read_rule(text: str) -> Rule:
    """Read an RRULE. Raises `InvalidValueError` for one that is not about days, or has what the RFC does not allow."""
    problem = InvalidValueError(f"RRULE: read {shown(text)!r}, {_EXPECTED}")
    if len(text) > _LONGEST:
        raise problem
    pairs = [part.partition("=")[::2] for part in text.strip().upper().split(";") if part]
    parts = dict(pairs)
    if len(parts) < len(pairs):
        raise problem
    try:
        rule = _rule(parts)
    except ValueError:
        raise problem from None
    if parts or not _allowed(rule):
        raise problem
    return rule


def _rule(parts: dict[str, str]) -> Rule:
    """Take the parts of a rule; what is left over is unknown. Raises `ValueError`."""
    until = parts.pop("UNTIL", None)
    numbers = {name: _numbers(name, parts.pop(name)) for name in _MOST if name in parts}
    nothing: frozenset[int] = frozenset()
    return Rule(
        parts.pop("FREQ", ""),
        _from_one(parts.pop("INTERVAL", "1")),
        _from_one(parts.pop("COUNT")) if "COUNT" in parts else None,
        None if until is None else _until(until),
        _WEEKDAYS.index(parts.pop("WKST", "MO")),
        frozenset(map(_weekday, parts.pop("BYDAY").split(","))) if "BYDAY" in parts else frozenset(),
        numbers.get("BYMONTH", nothing),
        numbers.get("BYMONTHDAY", nothing),
        numbers.get("BYYEARDAY", nothing),
        numbers.get("BYWEEKNO", nothing),
        numbers.get("BYSETPOS", nothing),
        *(_of_clock(parts.pop(name), most) if name in parts else None for name, most in _CLOCK.items()),
    )


def _allowed(rule: Rule) -> bool:
    """Return whether the RFC allows the parts together: its table of what limits and what expands, and the text."""
    yearly = rule.frequency == "YEARLY"
    by_day = rule.weekdays or rule.month_days or rule.year_days or rule.weeks
    numbered = any(number for number, _ in rule.weekdays)
    return (
        rule.frequency in _FREQUENCIES
        and not (rule.count and rule.until)
        and not (rule.frequency == "WEEKLY" and rule.month_days)
        and (yearly or not (rule.year_days or rule.weeks))
        and not (rule.weeks and rule.week_start)
        and not (numbered and (rule.weeks or rule.frequency not in ("MONTHLY", "YEARLY")))
        and bool(not rule.positions or by_day or rule.months)
    )


def _of_clock(text: str, most: int) -> int:
    """Return the one hour, minute or second of a rule: one of several would be a rule within a day."""
    if not _TWO_DIGITS.fullmatch(text) or int(text) > most:
        raise ValueError(text)
    return int(text)


def _from_one(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _numbers(name: str, text: str) -> frozenset[int]:
    found = set()
    for word in text.split(","):
        number = int(word) if _NUMBER.fullmatch(word) else 0
        if not 1 <= abs(number) <= _MOST[name] or (name == "BYMONTH" and number < 1):
            raise ValueError(text)
        found.add(number)
    return frozenset(found)


def _weekday(text: str) -> tuple[int, int]:
    match = _WEEKDAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1] or "0"), _WEEKDAYS.index(match[2])


def _until(text: str) -> date:
    match = _UNTIL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day = date(*map(int, match.groups()[:3]))
    if match[4] is None:
        return day
    moment = datetime.combine(day, time(int(match[4]), int(match[5]), int(match[6])))
    return moment.replace(tzinfo=UTC) if match[7] else moment

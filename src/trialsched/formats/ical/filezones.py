"""Time zones that a file defines itself: a VTIMEZONE of RFC 5545, section 3.6.5, read within a number of steps.

Exchange names zones as it likes ('Customized Time Zone', '(UTC+01:00) Warsaw'); then only the definition says what
is meant.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical import zones
from trialsched.formats.ical.lines import properties, zone_name
from trialsched.formats.ical.rules import read_rule

if TYPE_CHECKING:
    from trialsched.formats.ical.lines import Block, Properties
    from trialsched.formats.ical.rules import Rule, Steps

_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])?")
_ONSET = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2}))?")
_NOTHING = timedelta(0)
_KINDS = ("STANDARD", "DAYLIGHT")
_REMEMBERED = 64  # years whose onsets are kept
_DAYS = 366  # of a year
_BACK = 8  # years: 29 February comes at least that often
_EARLY, _LATE = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - in every zone inside of the calendar
_SECOND_YEAR = 2
_MOST_ONSETS = 2000  # of one part: three hundred years have fewer
_TWO_DAYS = timedelta(2)  # more than any two offsets differ
_EARLIEST = datetime(1, 1, 4)  # noqa: DTZ001 - local
_NEEDED = ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO")


class _Part(NamedTuple):
    """One STANDARD or DAYLIGHT: `onsets` are local times read with the offset `before`; the first one repeats."""

    before: timedelta
    after: timedelta
    onsets: tuple[datetime, ...]
    rule: Rule | None


class _Onset(NamedTuple):
    """A local time, read with the offset `before`, from which the offset is `after`."""

    local: datetime
    before: timedelta
    after: timedelta


def defined_name(block: Block) -> str:
    """Return the name that a VTIMEZONE defines, '' when it says none or two."""
    names = {zone_name(line.value) for line in properties(block).all("TZID")}
    return names.pop() if len(names) == 1 else ""


def says_something(block: Block) -> bool:
    """Return whether a VTIMEZONE says any offset: some programs write the name alone."""
    return any(inner.name in _KINDS for inner in properties(block).inner)


class FileZone(tzinfo):
    """The zone of a VTIMEZONE.

    A local time that does not exist has the offset before the change, one that exists twice is the first (RFC 5545,
    section 3.3.5), unless `fold` says otherwise (PEP 495).
    """

    def __init__(self, block: Block, steps: Steps) -> None:
        """Read a definition. Raises `InvalidValueError` for one that says no offset."""
        self.name = defined_name(block)
        self._steps = steps
        try:
            self._parts = [
                _part(properties(inner), inner.name, steps) for inner in properties(block).inner if inner.name in _KINDS
            ]
        except InvalidValueError as error:
            message = f"the file's time zone {shown(self.name)!r}: {error.message}"
            raise InvalidValueError(message) from None
        if not self._parts:
            message = f"the file's time zone {shown(self.name)!r} has neither STANDARD nor DAYLIGHT"
            raise InvalidValueError(message)
        self._year = lru_cache(maxsize=_REMEMBERED)(self._onsets)

    @property
    def says(self) -> frozenset[object]:
        """What the definition says, without the words around it: of equal ones every offset is the same."""
        return frozenset(self._parts)

    @property
    def listed_years(self) -> tuple[int, int] | None:
        """The first and the last year of the changes that it lists, None when it has rules for the years to come."""
        if any(part.rule is not None for part in self._parts):
            return None
        years = [onset.year for part in self._parts for onset in part.onsets]
        return min(years), max(years)

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Return the offset of a local time."""
        if moment is None:
            return _NOTHING
        local = moment.replace(tzinfo=None, fold=0)
        onsets = self._year(local.year)
        first = _surely_past(onsets, local)
        offset = onsets[first - 1].after if first else onsets[0].before
        for onset in islice(onsets, first, None):
            shift = onset.after - onset.before
            # In a gap the time before the change is meant, and in the hour that comes twice the first.
            at = onset.local + (max(shift, _NOTHING) if not moment.fold else min(shift, _NOTHING))
            if at > local:
                break
            offset = onset.after
        return offset

    def fromutc(self, moment: datetime) -> datetime:
        """Return a moment, in UTC but labelled with this zone, as local time."""
        there = moment.replace(tzinfo=None)
        onsets = self._year(there.year)
        first = _surely_past(onsets, there)
        offset, fold = (onsets[first - 1].after if first else onsets[0].before), 0
        for onset in islice(onsets, first, None):
            since = there - (onset.local - onset.before)
            if since < _NOTHING:
                break
            offset, fold = onset.after, int(since < onset.before - onset.after)
        return (there + offset).replace(tzinfo=self, fold=fold)

    def dst(self, moment: datetime | None) -> None:  # noqa: ARG002 - as datetime asks
        """Return nothing: which offset is a saving is not asked here."""
        return

    def tzname(self, moment: datetime | None) -> str:  # noqa: ARG002 - as datetime asks
        """Return the TZID."""
        return self.name

    def _onsets(self, year: int) -> list[_Onset]:
        """Return the onsets from the last ones before a year to those around its end, in order, never none."""
        last = date(min(year + 1, date.max.year), 1, 2)
        found = []
        for part in self._parts:
            self._steps.take(len(part.onsets))
            onsets = list(part.onsets)
            if part.rule is not None:
                begin, clock = onsets[0].date(), part.rule.clock(onsets[0].time())
                until = part.rule.last_day(clock, timezone(part.before))
                stop = min(last, until)
                days = part.rule.days(begin, date(max(stop.year - _BACK, 1), 1, 1), stop, self._steps)
                onsets += [datetime.combine(day, clock) for day in days]
            found += [_Onset(onset, part.before, part.after) for onset in onsets]
        return sorted(found)


def lists_part_of(known: tzinfo, block: Block, steps: Steps) -> bool:
    """Return whether a definition lists what the clocks of a known zone do in some years, and ends with them.

    It says nothing of other years, to which a person may have moved an event. Of a list within one year nobody
    can tell whether it was to go on.
    """
    try:
        zone = FileZone(block, steps)
        if zone.listed_years is None:
            return False
        first, last = zone.listed_years
        steps.take((last - first + 2) * _DAYS)
        return first < last and zones.agree(zone, known, first, last)
    except InvalidValueError:  # not readable, or too much to be looked at
        return False


def _surely_past(onsets: list[_Onset], moment: datetime) -> int:
    """Return how many onsets lie before a moment, whatever their offsets: by more than two days."""
    return 0 if moment <= _EARLIEST else bisect_left(onsets, moment - _TWO_DAYS, key=lambda onset: onset.local)


def _part(lines: Properties, kind: str, steps: Steps) -> _Part:
    values = {name: line.value.strip() if (line := lines.one(name)) else "" for name in _NEEDED}
    onsets = [_onset(values["DTSTART"], kind)]
    for line in lines.all("RDATE"):
        words = line.value.split(",")
        steps.take(len(words))
        if len(onsets) + len(words) > _MOST_ONSETS:
            message = f"{kind}: more than {_MOST_ONSETS:,} changes of the clocks"
            raise InvalidValueError(message)
        onsets += [_onset(word.strip(), kind) for word in words]
    rule = read_rule(line.value) if (line := lines.one("RRULE")) else None
    if rule is not None and (rule.frequency != "YEARLY" or rule.interval > 1):
        message = f"{kind}: read {shown(line.value if line else '')!r}, expected a rule for every year"
        raise InvalidValueError(message)
    return _Part(_offset(values["TZOFFSETFROM"], kind), _offset(values["TZOFFSETTO"], kind), tuple(onsets), rule)


def _offset(text: str, kind: str) -> timedelta:
    match = _OFFSET.fullmatch(text)
    if match is None:
        message = f"{kind}: read {shown(text)!r}, expected offsets as +0100"
        raise InvalidValueError(message)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return -offset if match[1] == "-" else offset


def _onset(text: str, kind: str) -> datetime:
    match = _ONSET.fullmatch(text)
    try:
        if match is not None:
            onset = datetime(*(int(number or 0) for number in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
            if onset < _EARLY:  # some programs begin with the first day that there is
                onset = onset.replace(year=_SECOND_YEAR)
            if _EARLY <= onset <= _LATE:
                return onset
    except ValueError:
        pass
    message = f"{kind}: read {shown(text)!r}, expected local times as 19701025T030000"
    raise InvalidValueError(message)

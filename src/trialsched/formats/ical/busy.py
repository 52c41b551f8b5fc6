"""The calendar of someone else, such as a clinic's closures, read as busy days."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from trialsched._text import shown
from trialsched.clinic import check_zone
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.ical.joining import read_calendars
from trialsched.formats.ical.lines import LIMITS, Limits, Properties, properties
from trialsched.formats.ical.parsed import (
    LAST_MINUTE,
    Said,
    Zones,
    comparable,
    method_of,
    read_moment,
    said,
    uid_of,
)
from trialsched.formats.ical.rules import read_rule
from trialsched.offsets import DateRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trialsched.formats.ical.lines import Block

_DAY = timedelta(1)
_NEEDED = {"STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "RRULE", "RDATE", "EXDATE", "EXRULE"}

# RFC 5546, section 3.2: messages that are no news of what takes place, or the news that it does not.
_NO_EVENTS = {"CANCEL", "REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"}


class _Event(NamedTuple):
    """One event of the file; `instead` is the repetition that it stands for."""

    uid: str
    title: str
    when: Said
    instead: date | None
    properties: Properties


def loads_busy(
    data: bytes | str,
    days: DateRange,
    *,
    zone: str | None = None,
    transparent: bool = False,
    limits: Limits = LIMITS,
) -> tuple[date, ...]:
    """Return the days of a range, both ends included, that a calendar has as busy, in order.

    A day is busy when an event takes all of it: an all-day event, or a timed one from midnight to midnight in `zone`
    (an IANA name; default the event's own). Cancelled events do not count, and transparent ones, which say
    themselves that they block nothing, only on request: public holidays are often written so. Events that repeat
    daily, weekly, monthly or yearly are followed through the range. Raises `InvalidTypeError`, and
    `InvalidValueError` for what is no calendar, a rule that is not read, a repetition that is changed together with
    all that follow it, or a file past a limit.
    """
    if not isinstance(days, DateRange):
        message = f"a DateRange is meant; read {shown(days)}"
        raise InvalidTypeError(message, where="days")
    if zone is not None:
        check_zone(zone)
    file = read_calendars(data, limits)
    reading = _Busy(days, Zones(file, limits), ZoneInfo(zone) if zone is not None else None)
    told = [method_of(head) not in _NO_EVENTS for head in file.heads]
    events = [reading.event(block) for block in file.blocks if block.name == "VEVENT" and told[block.calendar]]
    moved = defaultdict(list)
    for event in events:
        if event.instead is not None:
            moved[event.uid].append(event.instead)
    found: set[date] = set()
    for event in events:
        try:
            if _blocks(event.properties, transparent=transparent):
                found.update(reading.days_of(event, moved.get(event.uid, [])))
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where=shown(event.title)) from None
    return tuple(sorted(found))


def _blocks(event: Properties, *, transparent: bool) -> bool:
    if event.text("STATUS").strip().upper() in ("CANCELLED", "CANCELED"):
        return False
    free = event.text("TRANSP").strip().upper() == "TRANSPARENT"
    free = free or event.text("X-MICROSOFT-CDO-BUSYSTATUS").strip().upper() == "FREE"
    return transparent or not free


def _instead(event: Properties, zones: Zones) -> date | None:
    line = event.one("RECURRENCE-ID")
    if line is None:
        return None
    if line.parameters.get("RANGE"):
        message = "changed together with all that follow (RANGE=THISANDFUTURE): split it into two events"
        raise InvalidValueError(message)
    return read_moment(line, zones)


class _Busy:
    """Finds the days that events take, within the steps that the file has for all of them together."""

    def __init__(self, days: DateRange, zones: Zones, home: tzinfo | None) -> None:
        self.first = days.earliest
        self.last = days.latest
        self.zones = zones
        self.home = home

    def event(self, block: Block) -> _Event:
        event = properties(block)
        title = "an event"
        try:
            title = event.text("SUMMARY") or uid_of(event) or title
            kept = Properties(tuple(line for line in event.lines if line.name in _NEEDED), ())
            return _Event(uid_of(event), title, said(event, self.zones), _instead(event, self.zones), kept)
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where=shown(title)) from None

    def days_of(self, event: _Event, moved: list[date]) -> Iterator[date]:
        start, end = event.when
        if end < start:  # RFC 5545, section 3.8.2.2: the end is later
            message = "the event ends before it begins"
            raise InvalidValueError(message)
        try:
            for moment in [start] if event.instead is not None else self._starts(event, moved):
                yield from self._whole_days(moment, moment + (end - start))
        except OverflowError:
            message = "a repetition of the event leaves the years 1 to 9999"
            raise InvalidValueError(message) from None

    def _whole_days(self, start: date, end: date) -> Iterator[date]:
        """Yield the days of the range that lie whole between two moments."""
        if isinstance(start, datetime) and isinstance(end, datetime):
            first, last = self._wall(start), self._wall(end)
            day, stop = first.date(), last.date()
            if last.time() >= LAST_MINUTE:  # until 23:59, as people write whole days by hand
                stop += _DAY
            # At a midnight that the clocks pass over, the day begins when they have
            midnight = datetime.combine(day, time(), start.tzinfo and (self.home or start.tzinfo))
            if first.time() != time() and (midnight.tzinfo is None or midnight.astimezone(UTC) < start):
                day += _DAY
        else:
            day, stop = start, end
        low, high = max(day, self.first).toordinal(), min(stop.toordinal() - 1, self.last.toordinal())
        self.zones.steps.take(max(high - low + 1, 1))
        yield from map(date.fromordinal, range(low, high + 1))

    def _wall(self, moment: datetime) -> datetime:
        if self.home is not None and moment.tzinfo is not None:
            moment = moment.astimezone(self.home)
        return moment.replace(tzinfo=None)

    def _starts(self, event: _Event, moved: list[date]) -> Iterator[date]:
        """Yield where an event begins, and each repetition that was neither taken out nor moved."""
        start = event.when.start
        self.zones.steps.take(len(moved))
        starts = {start, *self._listed("RDATE", event), *self._repeated(event)}
        gone = {_same(moment, start, self.home) for moment in (*self._listed("EXDATE", event), *moved)}
        for moment in starts:
            day = moment.date() if isinstance(moment, datetime) else moment
            if day not in gone and comparable(moment) not in gone:
                yield moment

    def _listed(self, name: str, event: _Event) -> Iterator[date]:
        """Yield the dates or times of the lines of a name; of a floating time in the zone of the event's start."""
        start = event.when.start
        for line in event.properties.all(name):
            words = line.value.split(",")
            self.zones.steps.take(len(words))
            for word in words:
                moment = read_moment(line._replace(value=word), self.zones)
                yield _in_zone_of(start, moment)

    def _repeated(self, event: _Event) -> Iterator[date]:
        """Yield the repetitions that may reach into the range: days first, then the local time in the zone."""
        start, end = event.when
        line = event.properties.one("RRULE")
        if event.properties.all("EXRULE"):
            message = "EXRULE: rules for exceptions are not read; RFC 5545 has done away with them"
            raise InvalidValueError(message)
        if line is None:
            return
        rule = read_rule(line.value)
        zone = start.tzinfo if isinstance(start, datetime) else self.home
        clock = rule.clock(start.time()) if isinstance(start, datetime) else time()
        begin = start.date() if isinstance(start, datetime) else start
        # Two days more on each side: what is a day in the zone of the event may be another one in that of the reader.
        first = _shifted(self.first, -(end - start).days - 2)
        last = min(_shifted(self.last, 2), rule.last_day(clock, zone))
        for day in rule.days(begin, first, last, self.zones.steps):
            yield datetime.combine(day, clock, zone) if isinstance(start, datetime) else day


def _same(moment: date, start: date, home: tzinfo | None) -> object:
    """Return what tells a repetition from others; of an all-day event its date, however it is written."""
    if isinstance(start, datetime) or not isinstance(moment, datetime):
        return comparable(_in_zone_of(start, moment))
    if moment.tzinfo is not None and home is not None:
        moment = moment.astimezone(home)
    return moment.date()


def _in_zone_of(start: date, moment: date) -> date:
    if isinstance(start, datetime) and isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=start.tzinfo)
    return moment


def _shifted(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))

"""Time zones: a booked time of day in a zone, its VTIMEZONE, and the zone that a file names.

`zoneinfo` is what decides: pendulum's instants and the rules of a VTIMEZONE are those of `zoneinfo`, or are not used.
"""

from __future__ import annotations

import calendar
import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from dateutil.rrule import rrulestr
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from trialsched._text import shown
from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError, TrialschedError
from trialsched.formats.ical.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pendulum

_DAY, _HOUR, _SECOND = timedelta(1), timedelta(hours=1), timedelta(seconds=1)
_FIRST_YEAR: Final = 1970  # of a yearly rule: before every visit, and every reader knows it
_MAX_NAME: Final = 255  # characters of a zone's name that are looked at
_MAX_PARTS: Final = 3  # of a name of the tz database, as 'America/Indiana/Knox'
# Not in every copy of the data, or different on every machine, or shifted by the leap seconds.
_NO_ZONES: Final = frozenset({"localtime", "posixrules", "posix", "right"})
_LAST_YEAR: Final = date.max.year
_WEEKDAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_WEEK: Final = 7
_FEBRUARY: Final = 2

# Times of day in a zone.


def booked_span(day: date, clock: time, zone: str, duration: timedelta, *, where: str) -> tuple[datetime, datetime]:
    """Return start and end of a booking, as `appointment` and `appointment_end` find them; raises what they raise."""
    try:
        return _booked_span(day, clock, zone, duration)
    except TrialschedError as error:
        raise type(error)(error.message, where=where) from None


@lru_cache(maxsize=4096)
def _booked_span(day: date, clock: time, zone: str, duration: timedelta) -> tuple[datetime, datetime]:
    start = appointment(day, clock, zone, where="")
    return start, appointment_end(start, duration, where="")


def appointment(day: date, clock: time, zone: str, *, where: str) -> datetime:
    """Return a booked local time of day in an IANA zone, with the zone as its `tzinfo`.

    `where` names the booking in errors. Raises `InvalidValueError` for an unknown zone, and for a local time that
    does not exist or exists twice because the clocks change: both readings are named, since only a person can choose.

    >>> appointment(date(2026, 3, 28), time(9, 30), "Europe/Warsaw", where="DOSE1").isoformat()
    '2026-03-28T09:30:00+01:00'
    """
    if isinstance(day, datetime) or not isinstance(day, date):
        message = f"a date is meant; read {shown(day)}"
        raise InvalidTypeError(message, where=where)
    if not isinstance(clock, time) or clock.tzinfo is not None:
        message = f"a time of day without a zone is meant; read {shown(clock)}"
        raise InvalidTypeError(message, where=where)
    tz = _zone(zone, where)
    from pendulum.tz.exceptions import AmbiguousTime, NonExistingTime

    local = datetime.combine(day, clock.replace(fold=0) if clock.fold else clock)
    try:
        return _pendulum_zone(zone).convert(local, raise_on_unknown_times=True)
    except NonExistingTime:  # PEP 495: fold=1 reads a time of the gap with the offset after it, fold=0 with the other
        readings = [_moved(local.replace(tzinfo=tz, fold=fold), timedelta(0), where) for fold in (1, 0)]
        what = "does not exist"
    except AmbiguousTime:
        readings = [local.replace(tzinfo=tz, fold=fold) for fold in (0, 1)]
        what = "exists twice"
    words = " or ".join(_reading(reading, day) for reading in readings)
    message = (
        f"{_clock(local)} on {day} {what} in {zone}, because the clocks change; {words} may be meant:"
        " book a time outside of the change"
    )
    raise InvalidValueError(message, where=where)


@lru_cache(maxsize=64)
def _pendulum_zone(name: str) -> pendulum.Timezone:
    """Return pendulum's zone of a name, kept: one that nothing holds is read from its file again."""
    import pendulum

    return pendulum.timezone(name)


def appointment_end(start: datetime, duration: timedelta, *, where: str) -> datetime:
    """Return when an appointment ends, in the zone of its start: time elapsed, whatever the clocks do meanwhile.

    A DTEND with TZID says no offset: an end whose local time exists twice could not be written, and raises
    `InvalidValueError`, as a duration of nothing or less does. Raises `DateOutOfRangeError` past the years 1 to 9999.
    """
    if not isinstance(start, datetime) or start.tzinfo is None:
        message = f"a start with a time zone is meant; read {shown(start)}"
        raise InvalidTypeError(message, where=where)
    if not isinstance(duration, timedelta):
        message = f"a duration is meant, as timedelta(minutes=45); read {shown(duration)}"
        raise InvalidTypeError(message, where=where)
    if duration <= timedelta(0):
        message = f"a duration is longer than nothing; read {shown(duration)}"
        raise InvalidValueError(message, where=where)
    end = _moved(start, duration, where)
    readings = [end.replace(fold=fold) for fold in (0, 1)]
    if readings[0].utcoffset() != readings[1].utcoffset():
        words = " or ".join(_reading(reading, end.date()) for reading in readings)
        message = (
            f"the end, {_clock(end)} on {end.date()}, exists twice in {end.tzinfo}, because the clocks change; a"
            f" calendar cannot say which of {words} is meant: book another time or another duration"
        )
        raise InvalidValueError(message, where=where)
    return end


def _moved(start: datetime, duration: timedelta, where: str) -> datetime:
    try:
        end = start + duration  # by the clock on the wall
        if start.utcoffset() == end.utcoffset() == end.replace(fold=1).utcoffset():  # and so the time elapsed
            return end
        return (start.astimezone(UTC) + duration).astimezone(start.tzinfo)
    except OverflowError:
        message = f"{start.isoformat()} and {duration} leave the years 1 to 9999"
        raise DateOutOfRangeError(message, where=where) from None


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def _reading(moment: datetime, day: date) -> str:
    date_too = "" if moment.date() == day else f" on {moment.date()}"
    return f"{_clock(moment)}{date_too} (UTC{_offset_text(_offset(moment), ':')})"


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    if offset is None:
        message = f"a datetime with a time zone is meant; read {moment!r}"
        raise InvalidTypeError(message)
    return offset


def _offset_text(offset: timedelta, colon: str = "") -> str:
    # RFC 5545, section 3.3.14: the seconds only when there are any, and never -0000
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    text = f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}{colon}{minutes % 60:02}"
    return f"{text}{colon}{seconds:02}" if seconds else text


# The zone of a name.


def zone_of(tzid: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone that the TZID of a calendar file names, or None when it is unknown.

    Read are names of the tz database, names of Windows ('Central European Standard Time', by the Unicode CLDR), and
    the globally unique names of RFC 5545, section 3.8.3.1, that begin with a solidus and end with a name of the tz
    database, as '/freeassociation.sourceforge.net/Europe/Warsaw'.
    """
    name = tzid.strip()
    if len(name) > _MAX_NAME:
        return None
    if not name.startswith("/"):
        return _known(name) or _known(WINDOWS_TO_OLSON.get(name, ""))
    parts = name.split("/")[-_MAX_PARTS:]
    candidates = (_known("/".join(parts[first:])) for first in range(len(parts)) if parts[first])
    return next((tz for tz in candidates if tz is not None), None)


def _known(name: str) -> zoneinfo.ZoneInfo | None:
    if name.partition("/")[0] in _NO_ZONES:
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, or far too long
        return None


def _zone(name: object, where: str) -> zoneinfo.ZoneInfo:
    if not isinstance(name, str):
        message = f"the name of a time zone is meant; read {shown(name)}"
        raise InvalidTypeError(message, where=where)
    tz = _known(name)
    if tz is None:
        message = f"no time zone of the tz database, as 'Europe/Warsaw'; read {shown(name)!r}"
        raise InvalidValueError(message, where=where)
    return tz


# VTIMEZONE.


class _Span(NamedTuple):
    """Instants in UTC, both included."""

    start: datetime
    stop: datetime


class _Change(NamedTuple):
    """An instant at which the offset changes, and the offsets before and from it on."""

    at: datetime
    before: timedelta
    after: timedelta


class _Part(NamedTuple):
    """One STANDARD or DAYLIGHT: `start` and `more` are local times read with the offset `before`."""

    kind: str
    name: str
    before: timedelta
    after: timedelta
    start: datetime
    rule: str = ""
    more: tuple[datetime, ...] = ()

    def lines(self) -> list[str]:
        """Return the content lines, in the order of icalendar."""
        # A reader that sees RDATEs may pass over DTSTART (libical does), so it is one of them; one value a line, since
        # ical.js reads no second one
        dates = (self.start, *self.more) if self.more else ()
        return [
            f"BEGIN:{self.kind}",
            f"DTSTART:{_basic(self.start)}",
            *(f"RDATE:{_basic(onset)}" for onset in dates),
            *([f"RRULE:{self.rule}"] if self.rule else []),
            f"TZNAME:{self.name}",
            f"TZOFFSETFROM:{_offset_text(self.before)}",
            f"TZOFFSETTO:{_offset_text(self.after)}",
            f"END:{self.kind}",
        ]

    def changes(self, span: _Span) -> Iterator[_Change]:
        """Return the changes that the lines say, up to the end of a span; of a rule's, the last before it too."""
        onsets: Iterable[datetime] = (self.start, *self.more)
        if self.rule:
            # A yearly rule has the same onsets wherever in its years one begins to count
            first = max(self.start.year, span.start.year - 1)
            rule = rrulestr(self.rule, dtstart=self.start.replace(year=first, month=1, day=1))
            onsets = rule.between(datetime(first, 1, 1), span.stop.replace(tzinfo=None) + _DAY, inc=True)  # noqa: DTZ001
        for onset in onsets:
            at = (onset - self.before).replace(tzinfo=UTC)
            if at <= span.stop:
                yield _Change(at, self.before, self.after)


def vtimezone(zone: str, moments: Iterable[datetime]) -> str:
    """Return the VTIMEZONE of an IANA zone as content lines: folded, each ended by CRLF.

    RFC 5545, section 3.6.5. One STANDARD and at most one DAYLIGHT with yearly rules, which is what every program reads;
    where no yearly rule gives the offsets of `zoneinfo` in the years of the moments, the onsets of these years and of
    the years beside them. The years alone decide: moments of the same years give the same text. Raises
    `InvalidValueError` for an unknown zone or no moment at all, `InvalidTypeError` for a moment without a zone.
    """
    _zone(zone, "zone")
    years = set()
    for moment in moments:
        _offset(moment)
        years.add(moment.year)
    if not years:
        message = f"a VTIMEZONE of {zone} is made for moments, and there are none"
        raise InvalidValueError(message, where="moments")
    return _vtimezone(zone, min(years), max(years))


@lru_cache(maxsize=1024)
def _vtimezone(zone: str, first: int, last: int) -> str:
    tz = _zone(zone, "zone")
    parts = _yearly(_footer(zone))
    if not parts or not _agree(parts, tz, first, last):
        parts = _explicit(tz, first, last)
        if not _agree(parts, tz, first, last):
            message = f"no VTIMEZONE says what the clocks of {zone} do in the years {first} to {last}"
            raise InvalidValueError(message, where="zone")
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}", *(line for part in parts for line in part.lines()), "END:VTIMEZONE"]
    return "".join(f"{fold(line)}\r\n" for line in lines)


def _basic(moment: datetime) -> str:
    return f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment:%H%M%S}"


# What zoneinfo says.


def _span(first: int, last: int) -> _Span:
    """Return the years, and two days on either side for the moments of every zone."""
    start = datetime(first, 1, 1, tzinfo=UTC) - 2 * _DAY if first > 1 else datetime(1, 1, 3, tzinfo=UTC)
    stop = datetime(last + 1, 1, 1, tzinfo=UTC) + 2 * _DAY if last < _LAST_YEAR else datetime(9999, 12, 29, tzinfo=UTC)
    return _Span(start, stop)


def agree(one: tzinfo, other: tzinfo, first: int, last: int) -> bool:
    """Return whether two zones give every moment of the years the same local time."""
    if first > last:
        return True
    span = _span(first, last)
    return _at(one, span.start) == _at(other, span.start) and _changes(one, span) == _changes(other, span)


def _changes(tz: tzinfo, span: _Span) -> list[_Change]:
    """Return the changes of the offset after the start of the span, each found to the second."""
    found = []
    at, before = span.start, _at(tz, span.start)
    while at < span.stop:
        low, high = at, min(at + _DAY, span.stop)
        at, after = high, _at(tz, high)
        if after == before:
            continue
        while high - low > _SECOND:
            middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
            low, high = (middle, high) if _at(tz, middle) == before else (low, middle)
        found.append(_Change(high, before, after))
        before = after
    return found


def _at(tz: tzinfo, at: datetime) -> timedelta:
    return _offset(at.astimezone(tz))


def _agree(parts: list[_Part], tz: zoneinfo.ZoneInfo, first: int, last: int) -> bool:
    """Return whether the parts give the offset of zoneinfo at every instant of the years.

    An offset stays until the next change, so it is compared at the start, at each change that either knows, and in
    the second before it.
    """
    span = _span(first, last)
    said = sorted(change for part in parts for change in part.changes(span))
    within = [change for change in said if change.at > span.start]
    initial = [change.after for change in said if change.at <= span.start][-1:]
    return initial == [_at(tz, span.start)] and within == _changes(tz, span)


def _explicit(tz: zoneinfo.ZoneInfo, first: int, last: int) -> list[_Part]:
    """Return the onsets in the years, the year before and the year after, as few parts as can be."""
    span = _span(max(first - 1, 1), min(last + 1, _LAST_YEAR))
    changes = _changes(tz, span)
    onsets: dict[tuple[str, str, timedelta, timedelta], list[datetime]] = {}
    if not changes or changes[0].at > _span(first, last).start:  # nothing tells the offset at the start
        local = span.start.astimezone(tz).replace(hour=0, minute=0, second=0)
        changes.insert(0, _Change(local.astimezone(UTC), _offset(local), _offset(local)))
    for change in changes:
        local = change.at.astimezone(tz)
        earlier = (change.at - _SECOND).astimezone(tz)
        key = (_kind(local, earlier), local.tzname() or "", change.before, change.after)
        onsets.setdefault(key, []).append((change.at + change.before).replace(tzinfo=None))
    parts = [_Part(*key, start, "", tuple(more)) for key, (start, *more) in onsets.items()]
    return sorted(parts, key=lambda part: (part.kind != "STANDARD", part.start))


def _kind(after: datetime, before: datetime) -> str:
    # Where the data has a negative saving in winter (Dublin, Morocco), programs expect the summer to be DAYLIGHT
    saving, earlier = after.dst() or timedelta(0), before.dst() or timedelta(0)
    return "DAYLIGHT" if saving > timedelta(0) or (not saving and earlier < timedelta(0)) else "STANDARD"


# What the data file says of the years to come: RFC 9636, section 3.3, a footer with a TZ string of POSIX.

_NAME = r"(?:<([A-Za-z0-9+-]{3,})>|([A-Za-z]{3,}))"
_HOURS = r"([+-]?\d{1,3}(?::\d\d){0,2})"
_RULE = rf",M(1[0-2]|[1-9])\.([1-5])\.([0-6])(?:/{_HOURS})?"
_TZ = re.compile(rf"{_NAME}{_HOURS}(?:{_NAME}{_HOURS}?{_RULE}{_RULE})?", re.ASCII)


def _footer(zone: str) -> str:
    """Return the last line of the file that `zoneinfo` reads: of the first folder that has one, else of tzdata."""
    data = b""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, zone)
        if path.is_file():
            data = path.read_bytes()
            break
    else:
        try:
            data = resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()
        except (ModuleNotFoundError, OSError):
            return ""
    # A file of version 1 has no footer, and what stands at its end is no TZ string
    return data.removesuffix(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")


def _yearly(footer: str) -> list[_Part]:
    """Return the parts that a TZ string says, or none where it has a form that no yearly rule of a month says."""
    match = _TZ.fullmatch(footer)
    if match is None:
        return []
    quoted, plain, west, *summer = match.groups()
    standard, usual = quoted or plain, -_hours(west)
    if summer[3] is None:
        return [_Part("STANDARD", standard, usual, usual, datetime(_FIRST_YEAR, 1, 1))]  # noqa: DTZ001 - local
    saved, saving = summer[0] or summer[1], usual + _HOUR if summer[2] is None else -_hours(summer[2])
    begin, end = _rule(*summer[3:7]), _rule(*summer[7:11])
    if begin is None or end is None:
        return []
    # Where the saving is negative (Dublin), the rule that begins it is the one that begins the winter
    later, earlier = ("DAYLIGHT", "STANDARD") if saving > usual else ("STANDARD", "DAYLIGHT")
    parts = [_Part(later, saved, usual, saving, *begin), _Part(earlier, standard, saving, usual, *end)]
    return sorted(parts, key=lambda part: part.kind != "STANDARD")


def _hours(text: str) -> timedelta:
    hours, minutes, seconds = (*text.lstrip("+-").split(":"), "0", "0")[:3]
    value = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -value if text.startswith("-") else value


def _rule(month: str, week: str, weekday: str, at: str | None) -> tuple[datetime, str] | None:
    """Return the first onset since 1970 and the RRULE of `Mm.w.d/at`, or None where its days are not of one month.

    POSIX: weekday d (0 is Sunday) of week w of month m, w=5 the last one. RFC 9636: the hour is from -167 to 167, so
    that 26:00 on a fourth Thursday is 02:00 on a Friday that is from the 23rd to the 29th, and no fourth one.
    """
    shift, clock = divmod(_hours(at or "2"), _DAY)
    number, final = int(month), week == "5"
    length = calendar.monthrange(_FIRST_YEAR, number)[1]  # no leap year
    if shift and final and number == _FEBRUARY:
        return None  # counted from an end that moves
    first = (length - _WEEK if final else (int(week) - 1) * _WEEK) + 1 + shift
    last = first + _WEEK - 1
    if first < 1 or last > length:
        return None
    name = _WEEKDAYS[(int(weekday) + shift) % _WEEK]
    if final and not shift:
        days = f"BYDAY=-1{name}"
    elif first % _WEEK == 1:
        days = f"BYDAY={last // _WEEK}{name}"
    else:
        days = f"BYDAY={name};BYMONTHDAY={','.join(map(str, range(first, last + 1)))}"
    rule = f"FREQ=YEARLY;{days};BYMONTH={number}"
    begin = datetime(_FIRST_YEAR, 1, 1) + clock  # noqa: DTZ001 - local
    return next(iter(rrulestr(rule, dtstart=begin))), rule

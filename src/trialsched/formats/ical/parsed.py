"""What an event of a file says, whoever wrote it last: its UID, start, end and texts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical import zones
from trialsched.formats.ical.filezones import FileZone, defined_name, lists_part_of, says_something
from trialsched.formats.ical.lines import LIMITS, Block, Cut, Limits, Line, Properties, kept_line, zone_name
from trialsched.formats.ical.rules import Steps

_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NO_TIME = re.compile(r"T000000Z?$")
_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})(Z?)")
# RFC 5545, section 3.3.6.
_LENGTH = re.compile(
    r"([+-]?)P(?=[0-9T])(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_DAYS_AS_TIME = re.compile(r"(?<=P)T(?=[0-9]+D$)")
LAST_MINUTE = time(23, 59)
_LOOKING = 300_000  # days looked at to know definitions that list some years; then they count as they stand
_UNITS = tuple(timedelta(**{unit: 1}) for unit in ("weeks", "days", "hours", "minutes", "seconds"))
_MOST_DIGITS = 18  # of a duration; more is none
# "Google Calendar" adds its name to a UID; Exchange hides it in a number ([MS-OXCICAL], 2.1.3.1.1.20.26: 'vCal-Uid',
# 01 00 00 00, the UID, 00).
_OURS = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})@[^@]*")
_EXCHANGE = re.compile(r"04000000[0-9a-f]*7643616c2d55696401000000((?:[0-9a-f]{2}){1,200})00")
_EXPORTED = re.compile(r"([0-9]{8})(?:T([0-9]{2})([0-9]{2})00 (\S+))?")
# What our own events carry: by any of it an event is known as written by this library.
_LONGEST_UID = 1000
MARKS = ("X-TRIALSCHED-DATE", "X-TRIALSCHED-SUBJECT", "X-TRIALSCHED-HASH")


class Zones:
    """The time zones of one file: what its VTIMEZONE say; of a name without one, what IANA or Windows mean by it."""

    def __init__(self, cut: Cut, limits: Limits = LIMITS) -> None:
        """Keep the definitions; each is read when an event names it."""
        self.steps = Steps(limits.steps)
        self._looking = Steps(_LOOKING)
        self._cut = cut
        self._blocks: dict[str, list[Block]] | None = None
        self._found: dict[str, tuple[tzinfo, ...]] = {}

    def get(self, tzid: str) -> tzinfo | None:
        """Return the zone of a TZID, or None when nothing says what it is."""
        found = self.meant(tzid)
        return found[0] if found else None

    def meant(self, tzid: str) -> tuple[tzinfo, ...]:
        """Return what a TZID may mean: more than one when the file defines it several times, not in the same words.

        Raises `InvalidValueError` for a definition that cannot be read.
        """
        name = zone_name(tzid)
        if name not in self._found:
            self._found[name] = self._meant(name)
        return self._found[name]

    def _meant(self, name: str) -> tuple[tzinfo, ...]:
        known = zones.zone_of(name)
        # RFC 5545, section 3.8.3.1: a name that begins with a solidus is globally unique; any other is the file's own
        if known is not None and name.startswith("/"):
            return (known,)
        blocks = self._defined(name)
        if known is not None and all(lists_part_of(known, block, self._looking) for block in blocks):
            return (known,)
        return tuple(FileZone(block, self.steps) for block in blocks)

    def _defined(self, name: str) -> list[Block]:
        """Return the definitions of a name that say anything, each once."""
        if self._blocks is None:
            self._blocks = {}
            for block in self._cut.blocks:
                if block.name == "VTIMEZONE" and (says_something(block) or zones.zone_of(defined_name(block)) is None):
                    self._blocks.setdefault(defined_name(block), []).append(block)
        return list({block.raw: block for block in self._blocks.get(name, [])}.values())


class Said(NamedTuple):
    """What one event says: dates as they stand, a time with its zone, the end exclusive."""

    start: date
    end: date

    @property
    def instants(self) -> tuple[object, object]:
        """Start and end so that equal moments are equal: dates, or moments in UTC."""
        return comparable(self.start), comparable(self.end)


def comparable(moment: date) -> object:
    """Return a date as it is, a time in a zone as its moment in UTC."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment


def uid_of(event: Properties) -> str:
    """Return an event's UID as `plain_uid` does, '' without one."""
    line = event.one("UID")
    return plain_uid(line.value) if line else ""


def plain_uid(text: str) -> str:
    """Return a UID in lower case, without what programs add to it: they change its case, too."""
    uid = text.strip().lower()
    hidden = _EXCHANGE.fullmatch(uid) if len(uid) <= _LONGEST_UID else None
    if hidden is not None:
        uid = bytes.fromhex(hidden[1]).decode("utf-8", "replace").lower()
    ours = _OURS.fullmatch(uid)
    return ours[1] if ours else uid


def method_of(head: tuple[str, ...]) -> str:
    """Return the METHOD of a calendar, by its own lines: '' without one. Raises `InvalidValueError` for two."""
    return Properties(tuple(map(kept_line, head)), (), "VCALENDAR").text("METHOD").strip().upper()


def is_marked(event: Properties) -> bool:
    """Return whether an event was written by this library, whatever became of it since."""
    return any(event.all(name) for name in MARKS)


def read_moment(line: Line, known: Zones) -> date:
    """Return the date or time of a DTSTART or DTEND. Raises `InvalidValueError` for what is neither."""
    value = line.value.strip()
    if line.parameters.get("VALUE", "").upper() == "DATE":  # RFC 5545, section 3.3.4: a date has no time
        value = _NO_TIME.sub("", value)
    match = _MOMENT.fullmatch(value)
    whole = _DATE.fullmatch(value)
    try:
        if whole is not None:
            return date(*map(int, whole.groups()))
        moment = None if match is None else datetime(*map(int, match.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001 - its zone follows
    except ValueError:
        moment = None
    if match is None or moment is None:
        message = f"{line.name}: read {shown(value)!r}, expected a date as 20260402 or a time as 20260402T093000"
        raise InvalidValueError(message)
    if line.parameters.get("VALUE", "").upper() == "DATE":
        message = f"{line.name}: read {shown(value)!r}, a time, where VALUE=DATE says that it is a date"
        raise InvalidValueError(message)
    if moment.date() in (date.min, date.max):
        message = f"{line.name}: read {shown(value)!r}, a time on the first or the last day of the calendar"
        raise InvalidValueError(message)
    if match[7]:
        return moment.replace(tzinfo=UTC)
    tzid = line.parameters.get("TZID")
    if tzid is None:
        return moment  # floating: the reader's own wall clock
    moments = [moment.replace(tzinfo=zone) for zone in known.meant(tzid)]
    if not moments:
        message = f"{line.name}: the time zone {shown(tzid)!r} is neither known nor defined in the file"
        raise InvalidValueError(message)
    if len(set(map(comparable, moments))) > 1:
        message = f"{line.name}: the file defines the time zone {shown(tzid)!r} more than once, and differently"
        raise InvalidValueError(message)
    return moments[0]


def start_of(event: Properties, known: Zones) -> date:
    """Return when an event begins. Raises `InvalidValueError`."""
    line = event.one("DTSTART")
    if line is None:
        message = "the event has no start (DTSTART)"
        raise InvalidValueError(message)
    return read_moment(line, known)


def said(event: Properties, known: Zones) -> Said:
    """Return when an event begins and ends. Raises `InvalidValueError`."""
    start = start_of(event, known)
    ending, length = event.one("DTEND"), event.one("DURATION")
    try:
        if ending is not None:
            end = read_moment(ending, known)
        elif length is not None:
            # PT1D, as some programs write one day, is none of RFC 5545 and can mean nothing else
            written = _DAYS_AS_TIME.sub("", length.value.strip())
            end = _after(start, _duration(written), exact="T" in written)
        else:  # RFC 5545, section 3.6.1: without an end, a date is one day, a time no time at all
            end = start if isinstance(start, datetime) else start + timedelta(1)
    except OverflowError:
        message = "the event ends after the year 9999"
        raise InvalidValueError(message) from None
    _check_end(start, end)
    if start == end and not isinstance(start, datetime):  # as some programs write one day
        end = start + timedelta(1) if start < date.max else end
    return Said(start, end)


def _after(start: date, length: timedelta, *, exact: bool) -> date:
    """Return the end: days are by the calendar, hours are time elapsed (RFC 5545, section 3.3.6)."""
    if exact and isinstance(start, datetime) and start.tzinfo is not None:
        return (start.astimezone(UTC) + length).astimezone(start.tzinfo)
    return start + length


def _check_end(start: date, end: date) -> None:
    # RFC 5545, section 3.8.2.2: of the type of DTSTART, local with a zone when that is
    if _kind(start) != _kind(end):
        message = "one of DTSTART and DTEND is a date, or has no time zone, and the other is not"
        raise InvalidValueError(message)
    if isinstance(end, datetime) and end.date() == date.max:
        message = "the event ends on the last day of the calendar"
        raise InvalidValueError(message)


def _kind(moment: date) -> tuple[bool, bool]:
    timed = isinstance(moment, datetime)
    return timed, isinstance(moment, datetime) and moment.tzinfo is not None


def _duration(value: str) -> timedelta:
    match = _LENGTH.fullmatch(value.strip()) if len(value) <= _MOST_DIGITS else None
    if match is None:
        message = f"DURATION: read {shown(value)!r}, expected a duration such as PT1H"
        raise InvalidValueError(message)
    length = sum((unit * int(n or 0) for unit, n in zip(_UNITS, match.groups()[1:], strict=True)), timedelta(0))
    return -length if match[1] == "-" else length


def exported_start(event: Properties, known: Zones | None = None) -> date | None:
    """Return the start that we wrote (X-TRIALSCHED-DATE), or None when the event has lost it.

    `known` are the zones of the file, by which the other times of the event are read. Raises `InvalidValueError` for
    one that says no date.
    """
    return _exported(event, "X-TRIALSCHED-DATE", known)


def exported_length(event: Properties) -> timedelta | None:
    """Return how long the event was that we wrote, or None when it has lost that.

    The end is X-TRIALSCHED-END; without it a visit on a day lasts that day. Raises `InvalidValueError` for an end
    that says no date.
    """
    start, end = exported_start(event), _exported(event, "X-TRIALSCHED-END", None)
    if start is None:
        return None
    if end is not None:
        return length(start, end)
    one_day = not isinstance(start, datetime) and not event.all("RELATED-TO")  # a window has more
    return timedelta(1) if one_day else None


def length(start: date, end: date) -> timedelta | None:
    """Return the time between a start and an end, None when one of them is a day and the other is not."""
    if isinstance(start, datetime) and isinstance(end, datetime):
        if start.tzinfo is not None and end.tzinfo is not None:
            return end.astimezone(UTC) - start.astimezone(UTC)
        return end.replace(tzinfo=None) - start.replace(tzinfo=None)
    if isinstance(start, datetime) or isinstance(end, datetime):
        return None
    return end - start


def _exported(event: Properties, name: str, known: Zones | None) -> date | None:
    line = event.one(name)
    if line is None:
        return None
    match = _EXPORTED.fullmatch(line.text.strip())
    if match is not None:
        try:
            day = date(*map(int, _DATE.fullmatch(match[1]).groups()))  # type: ignore[union-attr]
            if match[2] is None:
                return day
            zone = zones.zone_of(match[4]) if known is None else known.get(match[4])
            if zone is not None and day not in (date.min, date.max):
                return datetime.combine(day, time(int(match[2]), int(match[3])), zone)
        except ValueError:
            pass
    message = f"{name}: read {shown(line.value)!r}, expected the date that was exported"
    raise InvalidValueError(message)


def is_utc(moment: datetime) -> bool:
    """Return whether a time is told in UTC, by whatever name: in a zone that is no place, never ahead of it or behind.

    So 'UTC', 'Etc/GMT' and Exchange's 'tzone://Microsoft/Utc' are, and Europe/London and Atlantic/Reykjavik are not.
    """
    if moment.tzinfo is None:
        return False
    months = [moment.replace(month=month, day=1) for month in (1, 7)]
    known = zones.zone_of(moment.tzname() or "") if isinstance(moment.tzinfo, FileZone) else moment.tzinfo
    is_place = isinstance(known, ZoneInfo) and "/" in known.key and not known.key.startswith("Etc/")
    return not is_place and not any(month.utcoffset() for month in months)


def local(moment: datetime, zone: str | None) -> datetime:
    """Return a time as the clocks of a zone show it; without a zone, or of a floating time, as it stands."""
    if moment.tzinfo is None or zone is None:
        return moment.replace(tzinfo=None)
    # By way of UTC: a time that the zone does not have has the offset before the change (RFC 5545, section 3.3.5).
    return moment.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def as_days(what: Said, zone: str | None) -> date:
    """Return when an event begins: a date when it lasts whole days, as Exchange writes all-day events.

    Whole are days from midnight to midnight, or to the last minute of a day, as people write them by hand; in the
    zone, or where the event itself says its times.
    """
    whole = _whole_days(what, zone)
    return what.start if whole is None else whole[0]


def ends_a_minute_early(what: Said, zone: str | None) -> bool:
    """Return whether an event lasts whole days but for a last minute: until 23:59."""
    whole = _whole_days(what, zone)
    return whole is not None and whole[1] != time()


def _whole_days(what: Said, zone: str | None) -> tuple[date, time] | None:
    """Return (the first day, the time at which the last one ends) of an event that lasts whole days."""
    start, end = what.start, what.end
    if isinstance(start, datetime) and isinstance(end, datetime) and start < end:
        for there in (zone, None):
            first, last = local(start, there), local(end, there)
            if first.time() == time() and (last.time() == time() or last.time() >= LAST_MINUTE):
                return first.date(), last.time()
    return None


def at_midnight(start: date, zone: str | None) -> bool:
    """Return whether a start is a midnight, in the zone or where the event itself says its times."""
    if not isinstance(start, datetime):
        return False
    return any(local(start, there).time() == time() for there in (zone, None))


def in_days(what: Said, zone: str | None) -> Said:
    """Return an event that lasts whole days as dates, as `as_days` takes it; any other as it stands."""
    first = as_days(what, zone)
    if isinstance(first, datetime) or not isinstance(what.start, datetime) or not isinstance(what.end, datetime):
        return what
    days = round((what.end - what.start) / timedelta(1))  # an hour more or less where the clocks change
    return Said(first, first + timedelta(days))

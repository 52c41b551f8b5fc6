"""How a calendar is written: our own lines, which a test holds equal to icalendar's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import icalendar

from trialsched.errors import DateOutOfRangeError, InvalidTypeError
from trialsched.formats.ical import zones
from trialsched.formats.ical.lines import escape, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.formats.ical.events import Event

PRODID: Final = "-//trialsched//trialsched//EN"
REFRESH = timedelta(hours=12)
_REFRESH = "PT12H"
PLACES = 6  # RFC 5545, section 3.8.1.6: of degrees, "accuracy to within one meter of geographical position"
_DAY = timedelta(1)


class Head(NamedTuple):
    """What a calendar says of itself: its name, and what it was made from."""

    name: str
    fingerprints: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    audience: str = "staff"
    feed: bool = False


def aware(stamp: datetime) -> datetime:
    """Return a stamp in UTC, to the second. Raises `InvalidTypeError` and `DateOutOfRangeError`."""
    if not isinstance(stamp, datetime) or stamp.tzinfo is None or stamp.utcoffset() is None:
        message = f"a datetime with a time zone is meant; read {stamp!r}"
        raise InvalidTypeError(message, where="stamp")
    try:
        return stamp.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        message = f"{stamp.isoformat()} is past the years 1 to 9999 in UTC"
        raise DateOutOfRangeError(message, where="stamp") from None


def basic_utc(moment: datetime) -> str:
    """Return a moment in UTC as RFC 5545 writes it: 20260301T120000Z."""
    return f"{basic_time(moment)}Z"


def basic(day: date) -> str:
    """Return a date as RFC 5545 writes it: 20260301."""
    return f"{day.year:04}{day.month:02}{day.day:02}"


def basic_time(moment: datetime) -> str:
    """Return a time by the clocks of its zone as RFC 5545 writes it: 20260301T120000."""
    return f"{basic(moment)}T{moment.hour:02}{moment.minute:02}{moment.second:02}"


def exported(event: Event) -> str:
    """Return an event's start as it is kept in X-TRIALSCHED-DATE: a date, or a local time and its zone."""
    if isinstance(event.start, datetime):
        return f"{basic_time(event.start)} {event.zone}"
    return basic(event.start)


def exported_end(event: Event) -> str:
    """Return an event's end as it is kept in X-TRIALSCHED-END, '' when it follows from the start: the day after it."""
    if isinstance(event.end, datetime):
        return f"{basic_time(event.end)} {event.zone}"
    return "" if event.end - event.start == _DAY else basic(event.end)


def place_text(location: str, geo: str, tel: str) -> str:
    """Return where an event is, as it counts in the hash: '' when nothing says it."""
    return " ".join(part for part in (location, geo, tel) if part)


@lru_cache(maxsize=4096)
def text_digest(text: str) -> str:
    """Return what tells whether a person has changed a text since it was written: the start of its sha256.

    Blanks count as one, since programs fold and trim what they keep.
    """
    return sha256(" ".join(text.split()).encode()).hexdigest()[:8]


def digest(summary: str, description: str, place: str, status: str) -> str:
    """Return the hashes of an event's texts, which stand in it: one each, so that it is told which was changed."""
    return "-".join([text_digest(summary), text_digest(description), text_digest(place), text_digest(status)])


def event_digest(event: Event) -> str:
    """Return the hash of an event's words as they are written."""
    place = event.location
    if event.geo or event.tel:
        place = place_text(place, geo_text(event.geo) if event.geo else "", event.tel)
    return digest(event.summary, event.description, place, event.status)


def geo_text(geo: tuple[float, float]) -> str:
    """Return a place as RFC 5545, section 3.8.1.6 writes it: latitude, then longitude."""
    return ";".join(map(_degrees, geo))


def _degrees(number: float) -> str:
    """Return degrees as a decimal of at most six places: RFC 5545, section 3.3.7 knows no exponent."""
    whole, _, places = f"{round(number, PLACES) + 0.0:.{PLACES}f}".partition(".")  # + 0.0: no minus before a zero
    return f"{whole}.{places.rstrip('0') or '0'}"


def start_lines(event: Event) -> tuple[str, str]:
    """Return the lines of DTSTART and DTEND."""
    if isinstance(event.start, datetime) and isinstance(event.end, datetime):
        zone = event.zone
        return f"DTSTART;TZID={zone}:{basic_time(event.start)}", f"DTEND;TZID={zone}:{basic_time(event.end)}"
    return f"DTSTART;VALUE=DATE:{basic(event.start)}", f"DTEND;VALUE=DATE:{basic(event.end)}"


def own_lines(event: Event, moment: str, sequence: int, note: str = "") -> list[str]:
    """Return an event's own content lines, folded, in icalendar's order; `note` is what a person added.

    Texts are folded; all other lines are short by what they hold.
    """
    transp, busy = ("TRANSPARENT", "FREE") if event.transparent else ("OPAQUE", "BUSY")
    start, end = start_lines(event)
    lines = [
        fold("SUMMARY:" + escape(event.summary)),
        f"{start}\r\n{end}\r\nDTSTAMP:{moment}\r\nUID:{event.uid}\r\nSEQUENCE:{sequence}",
    ]
    if event.categories:
        lines.append(fold("CATEGORIES:" + ",".join(map(escape, event.categories))))
    lines.append("CLASS:PRIVATE")
    if event.tel:
        lines.append(f"CONFERENCE;FEATURE=PHONE;VALUE=URI:{event.tel}")
    lines.append(fold("DESCRIPTION:" + escape(event.description + note)))
    if event.geo:
        lines.append("GEO:" + geo_text(event.geo))
    lines.append("LAST-MODIFIED:" + moment)
    if event.location:
        lines.append(fold("LOCATION:" + escape(event.location)))
    if event.related:
        lines.append("RELATED-TO:" + event.related)
    lines.append(f"STATUS:{event.status}\r\nTRANSP:{transp}\r\nX-MICROSOFT-CDO-BUSYSTATUS:{busy}")
    if event.audience != "staff":
        lines.append("X-TRIALSCHED-AUDIENCE:" + event.audience)
    lines.append("X-TRIALSCHED-DATE:" + exported(event))
    end_mark = exported_end(event)
    if end_mark:
        lines.append("X-TRIALSCHED-END:" + end_mark)
    lines.append(f"X-TRIALSCHED-HASH:{event_digest(event)}\r\nX-TRIALSCHED-SUBJECT:{event.owner}")
    return lines


def alarm_lines(event: Event) -> list[str]:
    """Return the lines of an event's own alarms."""
    lines = []
    for trigger in event.triggers:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:" + escape(event.summary), "TRIGGER:" + trigger]
        lines += ["X-TRIALSCHED-ALARM:" + trigger, "END:VALARM"]
    return lines


def rendered(
    event: Event, moment: str, sequence: int, *, note: str = "", kept: Iterable[str] = (), alarms: Iterable[str] = ()
) -> str:
    """Return an event as it stands in the file; `kept` and `alarms` are a person's own, as they were written."""
    lines = ["BEGIN:VEVENT", *own_lines(event, moment, sequence, note), *kept]
    lines += [*map(fold, alarm_lines(event)), *alarms, "END:VEVENT\r\n"]
    return "\r\n".join(lines)


def head_lines(head: Head) -> list[str]:
    """Return the calendar's own lines, unfolded, in icalendar's order."""
    lines = ["VERSION:2.0", "PRODID:" + PRODID, "CALSCALE:GREGORIAN"]
    # RFC 7986, section 5.1: NAME is TEXT, and so by RFC 5545, section 3.8.8.2 is X-WR-CALNAME: both are escaped
    name = escape(head.name)
    lines += ["NAME:" + name, "X-WR-CALNAME:" + name]
    if head.feed:  # RFC 7986, section 5.7: the parameter is required
        lines += [f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}", f"X-PUBLISHED-TTL:{_REFRESH}"]
    if head.audience != "staff":
        lines.append("X-TRIALSCHED-AUDIENCE:" + head.audience)
    lines += ["X-TRIALSCHED-PROTOCOL:" + fingerprint for fingerprint in head.fingerprints]
    lines += ["X-TRIALSCHED-VARIANT:" + variant for variant in head.variants]
    return lines


def zone_blocks(events: Iterable[Event]) -> dict[str, str]:
    """Return the VTIMEZONE of every zone that events name, by its TZID."""
    moments: dict[str, list[datetime]] = {}
    for event in events:
        if isinstance(event.start, datetime) and isinstance(event.end, datetime):
            moments.setdefault(event.zone, []).extend((event.start, event.end))
    return {zone: zones.vtimezone(zone, moments[zone]) for zone in sorted(moments)}


# The same as icalendar objects, to add to and to hold our lines against.


class Text(icalendar.vText):
    """A text escaped as RFC 5545 says: icalendar itself takes a backslash before an N for a line break."""

    def to_ical(self) -> bytes:
        """Return the octets of the value."""
        return escape(str(self)).encode()


class Degrees(icalendar.vGeo):
    """A place in plain decimals: icalendar itself writes 1e-05."""

    def to_ical(self) -> str:
        """Return the text of the value."""
        return geo_text((self.latitude, self.longitude))


class Trigger(icalendar.vDuration):
    """A duration that is written as it was given: in hours, not in days and hours."""

    def __init__(self, text: str) -> None:
        """Take a duration as RFC 5545, section 3.3.6 writes it."""
        super().__init__(icalendar.vDuration.from_ical(text))  # type: ignore[no-untyped-call]
        self.text = text

    def to_ical(self) -> bytes:
        """Return the octets of the value."""
        return self.text.encode()


def calendar(head: Head) -> icalendar.Calendar:
    """Return an empty calendar that says of itself what `head` says."""
    found = icalendar.Calendar()
    found.add("VERSION", "2.0")
    found.add("PRODID", PRODID)
    found.add("CALSCALE", "GREGORIAN")
    found.add("NAME", Text(head.name))
    found.add("X-WR-CALNAME", Text(head.name))
    if head.feed:
        found.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
        found.add("X-PUBLISHED-TTL", _REFRESH)
    if head.audience != "staff":
        found.add("X-TRIALSCHED-AUDIENCE", head.audience)
    for fingerprint in head.fingerprints:
        found.add("X-TRIALSCHED-PROTOCOL", fingerprint)
    for variant in head.variants:
        found.add("X-TRIALSCHED-VARIANT", variant)
    return found


def component(event: Event, moment: datetime) -> icalendar.Event:
    """Return an event as icalendar's object, in its first edition."""
    found = icalendar.Event()
    found.add("SUMMARY", Text(event.summary))
    if isinstance(event.start, datetime) and isinstance(event.end, datetime):
        for name, value in (("DTSTART", event.start), ("DTEND", event.end)):
            found.add(name, value.replace(tzinfo=None), parameters={"TZID": event.zone})
    else:
        found.add("DTSTART", event.start)
        found.add("DTEND", event.end)
    found.add("DTSTAMP", moment)
    found.add("UID", event.uid)
    found.add("SEQUENCE", 0)
    found.add("CLASS", "PRIVATE")
    found.add("DESCRIPTION", Text(event.description))
    found.add("LAST-MODIFIED", moment)
    found.add("STATUS", event.status)
    found.add("TRANSP", "TRANSPARENT" if event.transparent else "OPAQUE")
    found.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if event.transparent else "BUSY")
    if event.categories:
        found.add("CATEGORIES", [Text(word) for word in event.categories])
    if event.tel:
        found.add("CONFERENCE", icalendar.vUri(event.tel), parameters={"FEATURE": "PHONE", "VALUE": "URI"})
    if event.geo:
        found["GEO"] = Degrees(event.geo)
    if event.location:
        found.add("LOCATION", Text(event.location))
    if event.related:
        found.add("RELATED-TO", event.related)
    if event.audience != "staff":
        found.add("X-TRIALSCHED-AUDIENCE", event.audience)
    found.add("X-TRIALSCHED-DATE", exported(event))
    if exported_end(event):
        found.add("X-TRIALSCHED-END", exported_end(event))
    found.add("X-TRIALSCHED-HASH", event_digest(event))
    found.add("X-TRIALSCHED-SUBJECT", event.owner)
    for trigger in event.triggers:
        found.add_component(_alarm(event.summary, trigger))
    return found


def _alarm(summary: str, trigger: str) -> icalendar.Alarm:
    alarm = icalendar.Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", Text(summary))
    alarm["TRIGGER"] = Trigger(trigger)
    alarm.add("X-TRIALSCHED-ALARM", trigger)
    return alarm


def zone_component(block: str) -> icalendar.Component:
    """Return a VTIMEZONE as icalendar's object."""
    return icalendar.Component.from_ical(block)

"""Calendars written by hand: every construct that an export may hold, and broken ones that a judge must refuse."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.outside.exports import Export
from tests.outside.programs import JUDGES
from tests.outside.reading import Event

_HEAD = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//trialsched//trialsched//EN
CALSCALE:GREGORIAN
"""
_PLAIN = f"""{_HEAD}\
BEGIN:VEVENT
SUMMARY:P01-007 DOSE1
DTSTART;VALUE=DATE:20260302
DTEND;VALUE=DATE:20260303
DTSTAMP:20260301T120000Z
UID:plain
SEQUENCE:0
CLASS:PRIVATE
STATUS:CONFIRMED
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
_ALARM = """\
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:P01-007 DOSE1
TRIGGER:-PT15H
X-TRIALSCHED-ALARM:1
END:VALARM
"""
_EVERYTHING = f"""{_HEAD}\
NAME:P01-007
REFRESH-INTERVAL;VALUE=DURATION:PT12H
X-PUBLISHED-TTL:PT12H
X-TRIALSCHED-AUDIENCE:participant
X-TRIALSCHED-PROTOCOL:00112233445566778899aabbccddeeff00112233445566778899aa
X-TRIALSCHED-VARIANT:as-registered
X-WR-CALNAME:P01-007
BEGIN:VEVENT
SUMMARY:P01\\,007 DOSE1
DTSTART;VALUE=DATE:20260302
DTEND;VALUE=DATE:20260303
DTSTAMP:20260301T120000Z
UID:all-day
SEQUENCE:0
CATEGORIES:P01\\,007,On site
CLASS:PRIVATE
CONFERENCE;FEATURE=PHONE;VALUE=URI:tel:+48221234567
CONFERENCE;VALUE=URI;FEATURE=PHONE;LABEL="O\u015brodek: telefon":tel:+48221234567
DESCRIPTION:Target: Monday 2026-03-02\\nMode: by phone
GEO:52.2297;21.0122
LAST-MODIFIED:20260301T120000Z
LOCATION:O\u015brodek\\, ul. D\u0142uga 5\\; +48 22 123 45 67
STATUS:TENTATIVE
TRANSP:TRANSPARENT
X-MICROSOFT-CDO-BUSYSTATUS:FREE
X-TRIALSCHED-AUDIENCE:participant
X-TRIALSCHED-DATE:20260302
X-TRIALSCHED-HASH:00112233aabbccdd
X-TRIALSCHED-SUBJECT:3f846907-3666-5493-9a35-d791e1d1406c
{_ALARM}\
END:VEVENT
BEGIN:VEVENT
SUMMARY:P01-007 DOSE1 window
DTSTART;VALUE=DATE:20260223
DTEND;VALUE=DATE:20260310
DTSTAMP:20260301T120000Z
UID:window
SEQUENCE:0
CLASS:PRIVATE
RELATED-TO:all-day
STATUS:CONFIRMED
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
SUMMARY:CANCELLED P01-007 M03
DTSTART;VALUE=DATE:20260602
DTEND;VALUE=DATE:20260603
DTSTAMP:20260301T120000Z
UID:called-off
SEQUENCE:1
CLASS:PRIVATE
LAST-MODIFIED:20260301T120000Z
STATUS:CANCELLED
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""


class _Observance(NamedTuple):
    kind: str
    start: str
    offsets: str  # from and to
    name: str
    more: tuple[str, ...] = ()


def _zone(name: str, *observances: _Observance) -> str:
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    for o in observances:
        before, after = o.offsets.split()
        lines += [f"BEGIN:{o.kind}", f"DTSTART:{o.start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}"]
        lines += [f"TZNAME:{o.name}", *o.more, f"END:{o.kind}"]
    return "\n".join([*lines, "END:VTIMEZONE\n"])


def _yearly(rule: str, kind: str, start: str, offsets: str, name: str) -> _Observance:
    return _Observance(kind, start, offsets, name, (f"RRULE:FREQ=YEARLY;{rule}",))


_WARSAW = (
    _yearly("BYMONTH=10;BYDAY=-1SU", "STANDARD", "19701025T030000", "+0200 +0100", "CET"),
    _yearly("BYMONTH=3;BYDAY=-1SU", "DAYLIGHT", "19700329T020000", "+0100 +0200", "CEST"),
)
_ST_JOHNS = (
    _yearly("BYMONTH=11;BYDAY=1SU", "STANDARD", "19701101T020000", "-0230 -0330", "NST"),
    _yearly("BYMONTH=3;BYDAY=2SU", "DAYLIGHT", "19700308T020000", "-0330 -0230", "NDT"),
)
_LORD_HOWE = (
    _yearly("BYMONTH=4;BYDAY=1SU", "STANDARD", "19700405T020000", "+1100 +1030", "+1030"),
    _yearly("BYMONTH=10;BYDAY=1SU", "DAYLIGHT", "19701004T020000", "+1030 +1100", "+11"),
)
# The clocks of Dublin go back from standard time in winter.
_DUBLIN = (
    _yearly("BYMONTH=3;BYDAY=-1SU", "STANDARD", "19700329T010000", "+0000 +0100", "IST"),
    _yearly("BYMONTH=10;BYDAY=-1SU", "DAYLIGHT", "19701025T020000", "+0100 +0000", "GMT"),
)
_KOLKATA = (_Observance("STANDARD", "19700101T000000", "+0530 +0530", "IST"),)
# No rule: every change of 2025 and 2026 for itself.
_GAZA = (
    _Observance(
        "STANDARD", "20251025T020000", "+0300 +0200", "EET", ("RDATE:20251025T020000", "RDATE:20261024T020000")
    ),
    _Observance(
        "DAYLIGHT", "20250412T020000", "+0200 +0300", "EEST", ("RDATE:20250412T020000", "RDATE:20260328T020000")
    ),
)
# zone: its definition, and for local times of 2026 the hour of the instant, by hand from the offset in force
_TIMES = {
    "Europe/Warsaw": (
        _WARSAW,
        {"0328T093000": "08:30", "0329T093000": "07:30", "1024T093000": "07:30", "1025T093000": "08:30"},
    ),
    "America/St_Johns": (_ST_JOHNS, {"0307T093000": "13:00", "0308T093000": "12:00", "1101T093000": "13:00"}),
    "Australia/Lord_Howe": (_LORD_HOWE, {"0404T143000": "03:30", "0405T143000": "04:00", "1004T143000": "03:30"}),
    "Europe/Dublin": (_DUBLIN, {"0328T093000": "09:30", "0329T093000": "08:30", "1025T093000": "09:30"}),
    "Asia/Kolkata": (_KOLKATA, {"0115T093000": "04:00", "0715T093000": "04:00"}),
    "Asia/Gaza": (
        _GAZA,
        {"0327T093000": "07:30", "0328T093000": "06:30", "1023T093000": "06:30", "1024T093000": "07:30"},
    ),
}


def _timed(zone: str, name: str) -> tuple[str, list[Event]]:
    """Return a calendar of half-hour events in a zone that it calls `name`, and the events."""
    observances, times = _TIMES[zone]
    text, events = _HEAD + _zone(name, *observances), []
    for local, instant in times.items():
        end = f"{local[:5]}{int(local[5:7]) + 1:02}0000"
        text += (
            _PLAIN.removeprefix(_HEAD)
            .removesuffix("END:VCALENDAR\n")
            .replace("UID:plain", f"UID:{local}")
            .replace(
                "DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260303",
                f"DTSTART;TZID={name}:2026{local}\nDTEND;TZID={name}:2026{end}",
            )
            .replace("END:VEVENT", _ALARM.replace("-PT15H", "-PT2H") + "END:VEVENT")
        )
        day = f"2026-{local[:2]}-{local[2:4]}"
        hour, minute = map(int, instant.split(":"))
        after = f"{hour + (minute + 30) // 60:02}:{(minute + 30) % 60:02}"
        events.append(Event(local, "P01-007 DOSE1", f"{day}T{instant}:00Z", f"{day}T{after}:00Z"))
    return f"{text}END:VCALENDAR\n", sorted(events)


def _bytes(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def samples() -> Iterator[Export]:
    """Yield sound calendars: everything in one, and times in zones, also in zones that no program knows by name."""
    everything = [
        Event("all-day", "P01,007 DOSE1", "2026-03-02", "2026-03-03"),
        Event("called-off", "CANCELLED P01-007 M03", "2026-06-02", "2026-06-03"),
        Event("window", "P01-007 DOSE1 window", "2026-02-23", "2026-03-10"),
    ]
    yield Export("everything", _bytes(_EVERYTHING), everything)
    yield Export("nothing", _bytes(f"{_HEAD}END:VCALENDAR\n"), [])
    for zone in _TIMES:
        text, events = _timed(zone, zone)
        yield Export(f"zone-{zone.rpartition('/')[2]}", _bytes(text), events)
        # RFC 5545, section 3.8.3.1: a TZID is any text, and the VTIMEZONE says what it means
        text, events = _timed(zone, f"Elsewhere/{zone.rpartition('/')[2]}")
        yield Export(f"unknown-zone-{zone.rpartition('/')[2]}", _bytes(text), events)


class Broken(NamedTuple):
    """A file that is no sound calendar, and the judges known to say so."""

    name: str
    data: bytes
    judges: tuple[str, ...]


_BY = {
    "no-uid": ("UID:plain\n", "", ("vobject", "icalendar", "recurring")),
    "no-dtstamp": ("DTSTAMP:20260301T120000Z\n", "", ("vobject",)),
    "no-start": ("DTSTART;VALUE=DATE:20260302\n", "", ("ical", "vobject", "icalendar", "recurring", "libical")),
    "no-prodid": ("PRODID:-//trialsched//trialsched//EN\n", "", ("vobject", "libical")),
    "two-uids": ("UID:plain\n", "UID:plain\nUID:other\n", ("ical", "vobject", "recurring", "libical")),
    "line-break": ("DOSE1", "\nDOSE1", ("ical_js", "ical", "vobject", "icalendar", "libical")),
    "30-february": ("20260302", "20260230", ("ical", "vobject", "icalendar", "recurring", "libical")),
    "no-date": ("20260302", "tomorrow", JUDGES),
    "no-end-of-event": ("END:VEVENT\n", "", JUDGES),
    "status": ("CONFIRMED", "PERHAPS", ("ical",)),
    "sequence": ("SEQUENCE:0", "SEQUENCE:first", ("ical", "icalendar", "recurring")),
    "a-day-and-a-time": ("DTEND;VALUE=DATE:20260303", "DTEND:20260303T120000Z", ("ical", "icalendar")),
    "end-and-duration": ("SEQUENCE", "DURATION:P1D\nSEQUENCE", ("ical", "vobject", "icalendar", "libical")),
    "empty-text": ("CLASS:PRIVATE", "CLASS:PRIVATE\nLOCATION:", ("libical",)),
    "alarm-without-words": ("END:VEVENT", _ALARM.replace("DESCRIPTION:P01-007 DOSE1\n", "") + "END:VEVENT", ("ical",)),
    "alarm-at-a-time": ("END:VEVENT", _ALARM.replace("-PT15H", "20260301T090000Z") + "END:VEVENT", ("libical",)),
    "zone-without-rules": (";VALUE=DATE:20260302", ";TZID=Nowhere/Own:20260302T090000", ("ical", "vobject")),
    "a-mark-before": ("BEGIN:VCALENDAR", "\ufeffBEGIN:VCALENDAR", ("ical_js", "ical", "vobject")),
}


def broken() -> Iterator[Broken]:
    """Yield calendars with one fault each."""
    for name, (old, new, judges) in _BY.items():
        text = _PLAIN.replace(old, new, 1)
        assert text != _PLAIN
        yield Broken(f"broken-{name}", _bytes(text), judges)

"""Debian's `libical`, which GNOME, KDE and Cyrus use: its parser, then its check of the restrictions of RFC 5546.

What it objects to becomes an X-LIC-ERROR property; every one is a complaint. Called by ctypes.
"""

import ctypes
import sys
from collections.abc import Iterator
from ctypes import Structure, c_char_p, c_int, c_void_p
from datetime import UTC, date, datetime
from typing import ClassVar

from tests.outside.reading import ABSENT, Event, answer, moment


class _Time(Structure):
    """`struct icaltimetype`."""

    _fields_: ClassVar = [
        *((name, c_int) for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")),
        ("zone", c_void_p),
    ]


# name: (what it returns, what it takes), from libical/ical.h
_FUNCTIONS = {
    "icalcomponent_as_ical_string": (c_char_p, c_void_p),
    "icalcomponent_count_errors": (c_int, c_void_p),
    "icalcomponent_free": (None, c_void_p),
    "icalcomponent_get_dtend": (_Time, c_void_p),
    "icalcomponent_get_dtstart": (_Time, c_void_p),
    "icalcomponent_get_first_component": (c_void_p, c_void_p, c_int),
    "icalcomponent_get_next_component": (c_void_p, c_void_p, c_int),
    "icalcomponent_get_summary": (c_char_p, c_void_p),
    "icalcomponent_get_uid": (c_char_p, c_void_p),
    "icalcomponent_string_to_kind": (c_int, c_char_p),
    "icalerror_set_errors_are_fatal": (None, c_int),
    "icalparser_parse_string": (c_void_p, c_char_p),
    "icalrestriction_check": (c_int, c_void_p),
    "icaltime_convert_to_zone": (_Time, _Time, c_void_p),
    "icaltimezone_get_utc_timezone": (c_void_p,),
}


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libical.so.3")
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(ABSENT)
    for name, (result, *arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _text(value: bytes | None) -> str:
    return (value or b"").decode()


def main() -> None:
    """Judge a folder."""
    lib = _library()
    lib.icalerror_set_errors_are_fatal(0)
    vevent, utc = lib.icalcomponent_string_to_kind(b"VEVENT"), lib.icaltimezone_get_utc_timezone()

    def when(time: _Time) -> str:
        if time.is_date:
            return moment(date(time.year, time.month, time.day))
        t = lib.icaltime_convert_to_zone(time, utc)
        zone = UTC if time.zone else None
        return moment(datetime(t.year, t.month, t.day, t.hour, t.minute, t.second, tzinfo=zone))

    def objections(calendar: int) -> list[str]:
        lib.icalrestriction_check(calendar)
        if not lib.icalcomponent_count_errors(calendar):
            return []
        lines = _text(lib.icalcomponent_as_ical_string(calendar)).replace("\r\n ", "").splitlines()
        return [line for line in lines if line.startswith("X-LIC-ERROR")]

    def read(data: bytes) -> Iterator[Event]:
        calendar = lib.icalparser_parse_string(data)
        if not calendar:
            raise ValueError("not a calendar")
        if found := objections(calendar):
            raise ValueError(found)
        event = lib.icalcomponent_get_first_component(calendar, vevent)
        while event:
            uid, summary = lib.icalcomponent_get_uid(event), lib.icalcomponent_get_summary(event)
            start, end = lib.icalcomponent_get_dtstart(event), lib.icalcomponent_get_dtend(event)
            yield Event(_text(uid), _text(summary), when(start), when(end))
            event = lib.icalcomponent_get_next_component(calendar, vevent)
        lib.icalcomponent_free(calendar)

    answer(read)


if __name__ == "__main__":
    main()

"""One calendar as many, and many as one: a CalDAV server keeps each event as a calendar of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialsched.errors import InvalidValueError
from trialsched.formats.ical.joining import defines, joined, read_calendars
from trialsched.formats.ical.lines import END, LIMITS, Limits, cut, named_zones, properties
from trialsched.formats.ical.parsed import uid_of
from trialsched.formats.ical.writing import PRODID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.formats.ical.joining import Definitions

_HEAD = END.join(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODID}", "CALSCALE:GREGORIAN", ""])
_LARGER = 4  # times as many bytes as a calendar may have: time zones are in every piece


def split(data: bytes | str, *, limits: Limits = LIMITS) -> dict[str, bytes]:
    """Return each event of a calendar as a calendar of its own, by UID in lower case, with the zones it names.

    The events of one UID stay together (RFC 4791, section 4.1). Raises what `loads` raises for no calendar, and
    `InvalidValueError` for an event without UID, and for pieces that take four times the bytes of a calendar.
    """
    zones: dict[str, Definitions] = {}
    bodies: dict[str, list[str]] = {}
    for block in read_calendars(data, limits).blocks:
        if block.name == "VTIMEZONE":
            defines(zones, block)
            continue
        uid = uid_of(properties(block))
        if not uid:
            message = f"a {block.name} without UID, which RFC 5545, section 3.8.4.7 requires"
            raise InvalidValueError(message)
        bodies.setdefault(uid, []).append(block.raw)
    found = {}
    room = _LARGER * limits.octets
    for uid, blocks in bodies.items():
        body = "".join(blocks)
        defined = "".join(raw for name in named_zones(body) for raw in zones.get(name, ()))
        found[uid] = f"{_HEAD}{defined}{body}END:VCALENDAR\r\n".encode()
        room -= len(found[uid])
        if room < 0:
            message = (
                f"its events, each with the time zones that it names, take more than {_LARGER * limits.octets:,} bytes"
            )
            raise InvalidValueError(message)
    return found


def merge(parts: Iterable[bytes | str], *, limits: Limits = LIMITS) -> bytes:
    """Return the events of several calendars as one, the zones that they share once.

    No event changes its moment: where two calendars mean different zones by one name, one of them is given another
    name. Raises what `loads` raises for no calendar.
    """
    blocks = joined(cut(part, limits) for part in parts).blocks
    zones = dict.fromkeys(block.raw for block in blocks if block.name == "VTIMEZONE")
    bodies = [block.raw for block in blocks if block.name != "VTIMEZONE"]
    return f"{_HEAD}{''.join(zones)}{''.join(bodies)}END:VCALENDAR\r\n".encode()

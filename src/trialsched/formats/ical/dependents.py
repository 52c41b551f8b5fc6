"""Lines of others in an event whose meaning hangs on a line of ours: they go when that one changes.

Copies that programs make of our words go in silence; what a person chose is told.
"""

from __future__ import annotations

import re
from html import unescape as without_entities
from typing import TYPE_CHECKING, NamedTuple

from trialsched.formats.ical.lines import Properties, properties

if TYPE_CHECKING:
    from trialsched.formats.ical.lines import Block, Line


class Changed(NamedTuple):
    """Which of an event's own lines an edition changes.

    `edition`: any for which SEQUENCE rises; `start`: DTSTART or DTEND as they stand; `busy`: TRANSP; `access`: CLASS.
    """

    edition: bool = False
    start: bool = False
    place: bool = False
    description: bool = False
    busy: bool = False
    access: bool = False


class Goes(NamedTuple):
    """What goes from an event: lines and components as they stand, and what is to be said of them."""

    raw: frozenset[str]
    said: tuple[str, ...]


# RFC 5545, section 3.8.5: "The DTSTART property value SHOULD be synchronized with the recurrence rule". Of a visit that
# moved or has another status no repetition is left to say on which other days it holds.
_REPETITION = re.compile(r"RRULE|RDATE|EXDATE|EXRULE")
# A person's own, though a place is what they are about.
_TRAVEL = re.compile(r"X-APPLE-TRAVEL-(?:DURATION|START)")
# Copies by programs; the page of calendar facts says which ones, and where that is written.
_COPIES = {
    "edition": re.compile(r"X-.*SEQUENCE|X-.*APPTSEQTIME|X-.*UPDATE-SEQ|X-.*CRITICAL-CHANGE|X-.*INSTTYPE"),
    "start": re.compile(r"X-.*ALL-?DAY(?:-?EVENT)?|X-MOZ-SNOOZE-TIME.*|X-MS-OLK-ORIGINAL(?:START|END)"),
    "place": re.compile(r"(?:X-.*)?STRUCTURED-LOCATION|X-.*LOCATION.*|X-.*(?:LATITUDE|LONGITUDE)"),
    "description": re.compile(r"X-ALT-DESC|X-.*DESCRIPTION.*|STYLED-DESCRIPTION"),
    "busy": re.compile(r"X-.*(?:INTENDEDSTATUS|BUSYSTATUS)"),
    "access": re.compile(r"X-CALENDARSERVER-ACCESS"),
}
_MOMENT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})[0-9]{2}Z?")
_TAG = re.compile(r"<[^<>]*>")


def is_copy(name: str) -> bool:
    """Return whether a line is a copy that a program made of one of ours, by its name."""
    return any(pattern.fullmatch(name) for pattern in _COPIES.values())


def goes(old: Properties, changed: Changed) -> Goes:
    """Return what of the last edition of an event loses its meaning by this one."""
    found: list[str] = []
    said: list[str] = []
    for line in old.lines:
        what = _what_changed(line, old, changed)
        if what is not None:
            found.append(line.raw)
            said += [f"{line.name} was {line.text!r}, is taken out: the {what} has changed"] if what else []
    for block in old.inner:
        message = _why_it_goes(block, changed)
        if message is not None:
            found.append(block.raw)
            said += [message] if message else []
    return Goes(frozenset(found), tuple(said))


def _what_changed(line: Line, old: Properties, changed: Changed) -> str | None:
    """Return by what a person's line loses its meaning, '' for a copy of ours, None for a line that keeps it."""
    if changed.edition and _REPETITION.fullmatch(line.name):
        return "event"
    if changed.place and _TRAVEL.fullmatch(line.name):
        return "place"
    if not any(getattr(changed, what) and pattern.fullmatch(line.name) for what, pattern in _COPIES.items()):
        return None
    return "description" if line.name == "STYLED-DESCRIPTION" and not _derived(line, old) else ""


def _derived(line: Line, old: Properties) -> bool:
    """Return whether a styled description says what the plain one says (RFC 9073, section 6.5)."""
    if line.parameters.get("DERIVED", "").upper() == "TRUE":
        return True
    plain = old.text("DESCRIPTION")
    return _letters(without_entities(_TAG.sub(" ", line.text))) == _letters(plain)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _why_it_goes(block: Block, changed: Changed) -> str | None:
    """Return what to say of a component that goes, '' when there is nothing to say, None of one that stays."""
    inner = properties(block)
    if block.name == "VLOCATION" and changed.place:  # RFC 9073, section 7.2
        name = inner.text("NAME")
        return f"VLOCATION was {name!r}, is taken out: the place has changed"
    if block.name != "VALARM":
        return None
    if inner.all("X-APPLE-PROXIMITY") or inner.all("PROXIMITY"):  # RFC 9074, section 8.1: its moment is never reached
        return "alarm at the old place is taken out: the place has changed" if changed.place else None
    moment = _MOMENT.fullmatch(inner.text("TRIGGER").strip())
    # ACTION:NONE is an alarm that never rings: Apple's way to say that there is none.
    rings = inner.text("ACTION").strip().upper() != "NONE"
    if moment is None or not rings or not changed.start:
        return None
    related = inner.all("RELATED-TO")
    if any(line.parameters.get("RELTYPE", "").upper() == "SNOOZE" for line in related):  # RFC 9074, section 7
        return ""
    year, month, day, hour, minute = moment.groups()
    zone = " UTC" if moment[0].endswith("Z") else ""
    return f"alarm on {year}-{month}-{day} at {hour}:{minute}{zone} is taken out: the event has moved"

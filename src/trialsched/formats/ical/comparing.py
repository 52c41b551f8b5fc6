"""How the last edition of an event stands to this one: which words, alarms and categories are a person's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical.lines import Block, Line, Properties, properties, unescape
from trialsched.formats.ical.words import language, languages
from trialsched.formats.ical.writing import PLACES, event_digest, exported, geo_text, place_text, text_digest

if TYPE_CHECKING:
    from trialsched.formats.ical.events import Event

_MOST_NOTES = 1000  # lines that are sought for below a description
_NUMBER = re.compile(r"[0-9]{1,10}")
MAX_SEQUENCE = 2**31 - 1  # RFC 5545, section 3.3.8
_HASHES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{8}){3}")
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED")


def sequence(event: Properties) -> int:
    """Return an event's SEQUENCE, 0 without one. Raises `InvalidValueError` for what is no number."""
    text = event.text("SEQUENCE").strip()
    if text and not (_NUMBER.fullmatch(text) and int(text) <= MAX_SEQUENCE):
        message = f"SEQUENCE: read {shown(text)!r}, expected a whole number up to {MAX_SEQUENCE}"
        raise InvalidValueError(message)
    return int(text or 0)


def stamp_after(event: Properties, moment: str) -> str:
    """Return the new stamp, never before the last one."""
    last = event.text("DTSTAMP").strip()
    return max(moment, last) if _MOMENT.fullmatch(last) else moment


def is_our_alarm(block: Block, triggers: tuple[str, ...] = ()) -> bool:
    """Return whether a component of an event is an alarm as we wrote it: displayed, with the trigger of its mark.

    Or with one of these triggers: then a program dropped its mark.
    """
    alarm = properties(block)
    trigger = alarm.text("TRIGGER").strip()
    marks = [line.text.strip() for line in alarm.all("X-TRIALSCHED-ALARM")]
    displayed = block.name == "VALARM" and alarm.text("ACTION").strip().upper() == "DISPLAY"
    return displayed and (trigger in marks or (not marks and trigger in triggers))


def alarms(old: Properties, event: Event) -> tuple[list[Block], set[str]]:
    """Return (a person's components of an event, the triggers of our own alarms in it)."""
    theirs: list[Block] = []
    triggers: set[str] = set()
    for block in old.inner:
        if is_our_alarm(block, event.triggers):
            triggers.add(properties(block).text("TRIGGER").strip())
        else:
            theirs.append(block)
    return theirs, triggers


def categories(old: Properties, event: Event) -> tuple[set[str], list[str]]:
    """Return (our categories of an event, a person's); in a calendar of one subject all are the person's."""
    if not event.categories:
        return set(), []
    words = [word.strip() for line in old.all("CATEGORIES") for word in _split(line.value)]
    subject = event.categories[0]
    ours = {subject} | {mode for tag in languages() for mode in language(tag).modes.values()}
    return {word for word in words if word in ours}, [word for word in words if word not in ours]


def _split(value: str) -> list[str]:
    """Split a list of TEXT values at the commas that are not escaped."""
    parts = re.findall(r"(?:\\.|[^,\\])+", value)
    return [unescape(part) for part in parts]


class Compared(NamedTuple):
    """How the last edition of an event stands to this one."""

    same_place: bool
    place_is_ours: bool
    tel: str
    note: str | None
    replaced: tuple[tuple[str, str, str], ...]

    def is_ours(self, line: Line, event: Event) -> bool:
        """Return whether a line, of a name that is not always ours, was written by us."""
        if line.name in ("LOCATION", "GEO"):
            return self.place_is_ours
        if line.name == "CONFERENCE":
            return line.value == self.tel and self.place_is_ours
        if line.name == "RELATED-TO":
            return bool(event.related) and line.text.strip() == event.related
        return line.name == "CATEGORIES" and bool(event.categories)


class Words(NamedTuple):
    """The texts of an event's last edition, and its settings."""

    summary: str
    description: str
    status: str
    location: str
    geo: str
    tel: str
    written: tuple[str, ...]
    settings: dict[str, str]
    transp: str

    @classmethod
    def of(cls, event: Properties) -> Words:
        """Take the texts of an event as they stand."""
        phone = [line.value for line in event.all("CONFERENCE") if line.value.lower().startswith("tel:")]
        return cls(
            event.text("SUMMARY"),
            event.text("DESCRIPTION"),
            event.text("STATUS").strip().upper(),
            event.text("LOCATION"),
            event.text("GEO").strip(),
            phone[0] if phone else "",
            _hashes(event.text("X-TRIALSCHED-HASH").strip()),
            {name: event.text(name).strip().upper() for name in ("CLASS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")},
            event.text("X-TRIALSCHED-TRANSP").strip().upper(),
        )

    @property
    def place(self) -> str:
        """Where the event is, as it counts in the hash."""
        return place_text(self.location, self.geo, self.tel)

    @property
    def untouched(self) -> tuple[bool, bool, bool, bool]:
        """Which of title, description, place and status are as they were written, by their hashes."""
        texts = (self.summary, self.description, self.place, self.status)
        same = [bool(self.written) and text_digest(text) == self.written[index] for index, text in enumerate(texts)]
        return same[0], same[1], same[2], same[3]

    @property
    def written_status(self) -> str:
        """The STATUS that we wrote, by its hash; the one that stands when the hash is lost."""
        if self.written:
            return next((word for word in _STATUSES if text_digest(word) == self.written[3]), self.status)
        return self.status

    def written_transp(self, *, window: bool) -> str:
        """Return the TRANSP that we wrote: by its mark, else the one that our STATUS has."""
        opaque = self.written_status == "CONFIRMED" and not window
        return self.transp or ("OPAQUE" if opaque else "TRANSPARENT")

    def settings_are(self, event: Event, old: Properties) -> bool:
        """Return whether the marks and settings stand as they would be written now."""
        return (
            self.settings["CLASS"] == "PRIVATE"
            and self.settings["TRANSP"] == transp_of(event)
            and self.transp in ("", transp_of(event))
            and old.text("X-TRIALSCHED-DATE").strip() == exported(event)
            and old.text("X-TRIALSCHED-SUBJECT").strip().lower() == event.owner
            and self.written == _hashes(event_digest(event))
            and (not event.related or any(line.text.strip() == event.related for line in old.all("RELATED-TO")))
        )

    def against(self, event: Event) -> Compared:
        """Compare with an event as it is written now, telling a person's words from ours by the hashes."""
        geo = geo_text(event.geo) if event.geo else ""
        title, description, place, status = self.untouched
        place_is_ours = bool(place_text(event.location, geo, event.tel)) or (bool(self.place) and place)
        same_place = not place_is_ours or (
            (self.location, self.tel) == (event.location, event.tel) and _numbers(self.geo) == _numbers(geo)
        )
        note = self.note_below(event.description)
        texts: list[tuple[bool, str, str, str]] = [
            (title, "SUMMARY", self.summary, event.summary),
            (description or note is not None, "DESCRIPTION", self.description, event.description),
            (status, "STATUS", self.status, event.status),
        ]
        if place_is_ours and not same_place:
            texts += [(place, "LOCATION", self.location, event.location), (place, "GEO", self.geo, geo)]
            texts.append((place, "CONFERENCE", self.tel, event.tel))
        lost = [(name, was, new) for ours, name, was, new in texts if not ours and was and was != new]
        return Compared(same_place, place_is_ours, self.tel, note, (*lost, *self.lost_settings(event)))

    def lost_settings(self, event: Event) -> list[tuple[str, str, str]]:
        """Return the settings that a person gave the event: others than we wrote, whatever its STATUS is now."""
        transp = self.written_transp(window=bool(event.related))
        given = {
            "CLASS": ({"", "PRIVATE"}, "PRIVATE"),
            "TRANSP": ({"", transp}, transp_of(event)),
            "X-MICROSOFT-CDO-BUSYSTATUS": ({"", "BUSY", "FREE"}, "FREE" if event.transparent else "BUSY"),
        }
        return [
            (name, self.settings[name], new)
            for name, (ours, new) in given.items()
            if self.settings[name] not in ours and self.settings[name] != new
        ]

    def note_below(self, description: str) -> str | None:
        """Return what a person wrote below our description, this one or the last, with its line break, or None."""
        if self.description.startswith(description + "\n"):
            return self.description.removeprefix(description)
        lines = self.description.split("\n")
        for count in range(len(lines) - 1, 0, -1)[:_MOST_NOTES] if self.written else ():
            own = "\n".join(lines[:count])
            if self.written[1] == text_digest(own):
                return self.description.removeprefix(own)
        return None


def transp_of(event: Event) -> str:
    """Return the TRANSP of an event as it is written now."""
    return "TRANSPARENT" if event.transparent else "OPAQUE"


def _hashes(text: str) -> tuple[str, ...]:
    """Return the hashes of an event's texts, or none when they were lost or are no hashes."""
    return tuple(text.split("-")) if _HASHES.fullmatch(text) else ()


def _numbers(geo: str) -> object:
    """Return a place on the map as numbers of six places, so that 50.80 is 50.8; what is none as it stands."""
    try:
        return [round(float(number), PLACES) for number in geo.split(";")] if geo else ""
    except ValueError:
        return geo

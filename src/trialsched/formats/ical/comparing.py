"""How the last edition of an event stands to this one: which words, alarms and categories are a person's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical.lines import Block, Line, Properties, properties, unescape
from trialsched.formats.ical.words import language, languages
from trialsched.formats.ical.writing import digest, event_digest, exported, geo_text, place_text

if TYPE_CHECKING:
    from trialsched.formats.ical.events import Event

_MOST_NOTES = 50  # lines that are sought for below a description
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z")


def sequence(event: Properties) -> int:
    """Return an event's SEQUENCE, 0 without one. Raises `InvalidValueError` for what is no number."""
    text = event.text("SEQUENCE").strip()
    if text and not _NUMBER.fullmatch(text):
        message = f"SEQUENCE: read {shown(text)!r}, expected a whole number of at most nine digits"
        raise InvalidValueError(message)
    return int(text or 0)


def stamp_after(event: Properties, moment: str) -> str:
    """Return the new stamp, never before the last one."""
    last = event.text("DTSTAMP").strip()
    return max(moment, last) if _MOMENT.fullmatch(last) else moment


def is_our_alarm(alarm: Block) -> bool:
    """Return whether a component of an event is an alarm that carries our mark."""
    return alarm.name == "VALARM" and bool(properties(alarm).all("X-TRIALSCHED-ALARM"))


def alarms(old: Properties, event: Event) -> tuple[list[Block], set[str]]:
    """Return (a person's components of an event, the triggers of our own alarms in it).

    A displayed alarm with a trigger of ours is ours, also when a program dropped its mark.
    """
    theirs: list[Block] = []
    triggers: set[str] = set()
    for block in old.inner:
        alarm = properties(block)
        trigger = alarm.text("TRIGGER").strip()
        marked = bool(alarm.all("X-TRIALSCHED-ALARM"))
        if block.name == "VALARM" and (marked or (trigger in event.triggers and alarm.text("ACTION") == "DISPLAY")):
            triggers.add(trigger)
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
    note: str | None
    replaced: tuple[tuple[str, str, str], ...]

    def is_ours(self, line: Line, event: Event) -> bool:
        """Return whether a line, of a name that is not always ours, was written by us."""
        if line.name in ("LOCATION", "GEO"):
            return self.place_is_ours
        if line.name == "CONFERENCE":
            return line.value.lower().startswith("tel:") and self.place_is_ours
        if line.name == "RELATED-TO":
            return bool(event.related)
        return line.name == "CATEGORIES" and bool(event.categories)


class Words(NamedTuple):
    """The texts of an event's last edition, and its settings."""

    summary: str
    description: str
    status: str
    location: str
    geo: str
    tel: str
    written: str
    settings: dict[str, str]

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
            event.text("X-TRIALSCHED-HASH").strip(),
            {name: event.text(name).strip().upper() for name in ("CLASS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS")},
        )

    @property
    def place(self) -> str:
        """Where the event is, as it counts in the hash."""
        return place_text(self.location, self.geo, self.tel)

    @property
    def untouched(self) -> bool:
        """Whether the words are those that were written, by the hash of them."""
        return self._untouched(self.place)

    def settings_are(self, event: Event, old: Properties) -> bool:
        """Return whether the marks and settings stand as they would be written now."""
        return (
            self.settings["CLASS"] == "PRIVATE"
            and self.settings["TRANSP"] == ("TRANSPARENT" if event.transparent else "OPAQUE")
            and old.text("X-TRIALSCHED-DATE").strip() == exported(event)
            and old.text("X-TRIALSCHED-SUBJECT").strip().lower() == event.owner
            and self.written == event_digest(event)
            and (not event.related or old.text("RELATED-TO").strip() == event.related)
        )

    def against(self, event: Event) -> Compared:
        """Compare with an event as it is written now, telling a person's words from ours by the hash."""
        geo = geo_text(event.geo) if event.geo else ""
        place_is_ours = bool(place_text(event.location, geo, event.tel)) or (bool(self.place) and self.untouched)
        place = self.place if place_is_ours else ""
        same_place = not place_is_ours or (self.location, self.geo, self.tel) == (event.location, geo, event.tel)
        note = self._added(event, place)
        own = self if note is None else self._replace(description=self.description.removesuffix(note))
        replaced = [] if own._untouched(place) else own._texts(event, geo, place_is_ours=place_is_ours)  # noqa: SLF001 - of its own kind
        return Compared(same_place, place_is_ours, note, (*replaced, *self._lost_settings(event)))

    def _untouched(self, place: str) -> bool:
        return self.written == digest(self.summary, self.description, place, self.status)

    def _texts(self, event: Event, geo: str, *, place_is_ours: bool) -> list[tuple[str, str, str]]:
        """Return (name, what it was, what it is now) of each text that is written over."""
        texts = [
            ("SUMMARY", self.summary, event.summary),
            ("DESCRIPTION", self.description, event.description),
            ("STATUS", self.status, event.status),
        ]
        if place_is_ours:
            texts += [("LOCATION", self.location, event.location), ("GEO", self.geo, geo)]
            texts.append(("CONFERENCE", self.tel, event.tel))
        return [(name, was, new) for name, was, new in texts if was and was != new]

    def _lost_settings(self, event: Event) -> list[tuple[str, str, str]]:
        """Return the settings that a person gave the event: others than we give one of its status."""
        opaque = self.status == "CONFIRMED" and not event.related
        given = {
            "CLASS": ({"", "PRIVATE"}, "PRIVATE"),
            "TRANSP": ({"", "OPAQUE" if opaque else "TRANSPARENT"}, "TRANSPARENT" if event.transparent else "OPAQUE"),
            "X-MICROSOFT-CDO-BUSYSTATUS": ({"", "BUSY", "FREE"}, "FREE" if event.transparent else "BUSY"),
        }
        return [
            (name, self.settings[name], new)
            for name, (ours, new) in given.items()
            if self.settings[name] not in ours and self.settings[name] != new
        ]

    def _added(self, event: Event, place: str) -> str | None:
        """Return what a person wrote below our description, with its line break, or None."""
        if self.description.startswith(event.description + "\n"):
            return self.description.removeprefix(event.description)
        lines = self.description.split("\n")
        for count in range(len(lines) - 1, 0, -1)[:_MOST_NOTES]:
            own = "\n".join(lines[:count])
            if self.written == digest(self.summary, own, place, self.status):
                return self.description.removeprefix(own)
        return None

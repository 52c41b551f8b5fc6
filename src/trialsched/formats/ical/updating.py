"""A calendar written again: what is unchanged stays byte for byte, what changed says so, nothing a person added goes.

SEQUENCE rises for a changed start, end, place or status and never falls (RFC 5545, section 3.8.7.4; RFC 5546,
section 2.1.4); a visit that is gone stays as a cancelled event, since a plain import never deletes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical.comparing import Compared, Words, alarms, categories, is_our_alarm, sequence, stamp_after
from trialsched.formats.ical.events import shortened
from trialsched.formats.ical.lines import (
    LIMITS,
    Block,
    Cut,
    Limits,
    Properties,
    cut,
    escape,
    fold,
    properties,
    read_line,
)
from trialsched.formats.ical.parsed import (
    Said,
    Zones,
    comparable,
    exported_start,
    is_marked,
    said,
    uid_of,
)
from trialsched.formats.ical.uids import event_name, owner_name
from trialsched.formats.ical.words import language, languages
from trialsched.formats.ical.writing import PRODID, Head, digest, head_lines, rendered, zone_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.formats.ical.events import Event, Reader
    from trialsched.formats.ical.words import Language

ChangeKind = Literal["added", "moved", "cancelled", "restored", "status", "place", "text"]
NoteKind = Literal["moved", "edited", "twice", "left-out"]


class EventChange(NamedTuple):
    """What an update changed in one event.

    `visit` is the visit's code, 'M06 window' for a window, or the title when the code is not known any more. `uid` is
    the event's.

    `kind`: added, moved (start or end), cancelled, restored (a cancelled one that holds again), status, place, text.
    `old` and `new` are starts, `old` None for an added one; `status` is the STATUS it has now.
    """

    subject: str
    visit: str
    kind: ChangeKind
    old: date | None
    new: date
    status: str
    uid: str

    def __str__(self) -> str:
        """Print the change in a line, as 'M06 2026-09-02 \u2192 2026-09-04'."""
        new = moment_text(self.new)
        if self.old is None or self.kind == "added":
            return f"{self.visit} {self.kind} {new}"
        old = moment_text(self.old)
        if self.kind == "moved":
            return f"{self.visit} {old} \u2192 {new}"
        arrow = "" if old == new else f" \u2192 {new}"
        return f"{self.visit} {old}{arrow} {self.status.lower() if self.kind == 'status' else self.kind}"


class Note(NamedTuple):
    """What a person had changed and the update could not keep, or found twice; nothing of theirs goes unsaid."""

    uid: str
    subject: str
    visit: str
    kind: NoteKind
    message: str

    def __str__(self) -> str:
        """Print the note in a line."""
        where = " ".join(word for word in (self.subject, self.visit) if word)
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True)
class Update:
    """A calendar as it is to be written now, what changed in it, and what of a person's could not be kept."""

    data: bytes
    changes: tuple[EventChange, ...]
    notes: tuple[Note, ...]


def moment_text(moment: date) -> str:
    """Return a date as 2026-09-02, a time as 2026-09-02 09:30."""
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M}"
    return moment.isoformat()


class Owned(NamedTuple):
    """One subject's events: whose they are, and for whom they are written."""

    subject: str
    key: str
    events: Sequence[Event]
    reader: Reader


def fresh(owned: Sequence[Owned], head: Head, moment: str) -> Update:
    """Write a calendar that nothing was exported of before."""
    events = [event for one in owned for event in one.events]
    body = [rendered(event, moment, 0) for event in events]
    return Update(_joined(head_lines(head), [], zone_blocks(events).values(), body), (), ())


def _joined(own: Iterable[str], kept: Iterable[str], zones: Iterable[str], body: Iterable[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", *map(fold, own), *kept]
    return ("\r\n".join(lines) + "\r\n" + "".join(zones) + "".join(body) + "END:VCALENDAR\r\n").encode()


def updated(owned: Sequence[Owned], head: Head, moment: str, previous: bytes | str, limits: Limits = LIMITS) -> Update:
    """Write a calendar over what was exported before. Raises `InvalidValueError` for a file that it cannot be."""
    try:
        before = cut(previous, limits)
    except InvalidValueError as error:
        raise InvalidValueError(error.message, where="previous") from None
    return _Updating(owned, head, moment, before).done()


# An event as we write it has these lines together: of an unchanged one they give the edition back.
_EDITION = re.compile(r"\r\nDTSTAMP:([0-9]{8}T[0-9]{6}Z)\r\nUID:([0-9a-f-]{36})\r\nSEQUENCE:([0-9]{1,9})\r\n")
_NAMED_ZONE = re.compile(r"(?i);TZID=\"?([^\":;\r\n]+)")
# Lines that are ours to write in every event. X-ALT-DESC is Outlook's own copy of DESCRIPTION.
_OURS = {"SUMMARY", "DTSTART", "DTEND", "DURATION", "DTSTAMP", "UID", "SEQUENCE", "CLASS", "DESCRIPTION",
         "LAST-MODIFIED", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "X-TRIALSCHED-AUDIENCE",
         "X-TRIALSCHED-DATE", "X-TRIALSCHED-HASH", "X-TRIALSCHED-SUBJECT", "X-ALT-DESC"}  # fmt: skip
_OUR_HEAD = {"VERSION", "PRODID", "CALSCALE", "METHOD", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL",
             "X-PUBLISHED-TTL", "X-TRIALSCHED-AUDIENCE", "X-TRIALSCHED-PROTOCOL", "X-TRIALSCHED-VARIANT"}  # fmt: skip


class _Updating:
    """One update: goes through the file before in its order, then adds what is new."""

    def __init__(self, owned: Sequence[Owned], head: Head, moment: str, before: Cut) -> None:
        self.head = head
        self.moment = moment
        self.before = before
        self.zones = Zones(before)
        self.combined = any(one.reader.combined for one in owned)
        self.waiting: dict[str, tuple[Event, Owned]] = {}
        self.owners: dict[str, Owned] = {}
        for one in owned:
            self.owners[owner_name(one.key, one.subject)] = one
            for event in one.events:
                self.waiting[event.uid] = (event, one)
        self.all_events = [event for one in owned for event in one.events]
        self.written: dict[str, str] = {}
        self.body: list[str] = []
        self.changes: list[EventChange] = []
        self.notes: list[Note] = []
        self.mine = self.others = 0

    def done(self) -> Update:
        kept = self._head()
        for block in self.before.blocks:
            if block.name == "VEVENT":
                self._event(block)
            elif block.name != "VTIMEZONE":
                self.body.append(block.raw)
        self._check_whose()
        for event, one in self.waiting.values():
            if event.uid not in self.written:
                self.body.append(rendered(event, self.moment, 0))
                self.changes.append(
                    EventChange(one.subject, event.visit, "added", None, event.start, event.status, event.uid)
                )
        data = _joined(head_lines(self.head), kept, self._zones(), self.body)
        return Update(data, tuple(self.changes), tuple(self.notes))

    def _head(self) -> list[str]:
        """Return the calendar's lines that are not ours, after checking those that are."""
        lines = Properties(tuple(map(read_line, self.before.head)), ())
        audience = lines.text("X-TRIALSCHED-AUDIENCE") or "staff"
        if audience != self.head.audience and PRODID in (line.value for line in lines.all("PRODID")):
            self._wrong_audience(audience)
        name = lines.text("X-WR-CALNAME") or lines.text("NAME")
        if name and name != self.head.name and name not in self._own_names():
            self.notes.append(Note("", "", "", "edited", f"the calendar was named {name!r}, is now {self.head.name!r}"))
        return [line.raw for line in lines.lines if line.name not in _OUR_HEAD]

    def _own_names(self) -> set[str]:
        """Return what we may have named the calendar, in any language."""
        words = [language(tag) for tag in languages()]
        names = {name for one in words for name in (one.staff["calendar"], one.participant["calendar"])}
        return names | {one.subject for one in self.owners.values()}

    def _wrong_audience(self, audience: str) -> None:
        message = (
            f"the calendar before was written for another reader ({audience}), this one is for {self.head.audience}: "
            "write it to a file of its own, or start over"
        )
        raise InvalidValueError(message, where="previous")

    def _check_whose(self) -> None:
        if self.mine:
            return
        if self.others:
            message = "none of its events belongs to this subject and study key: it is the calendar of another subject"
            raise InvalidValueError(message, where="previous")
        if any(block.name == "VEVENT" for block in self.before.blocks):
            message = "no event in it was written by trialsched: it is not what was exported before"
            raise InvalidValueError(message, where="previous")

    def _zones(self) -> list[str]:
        """Return our own time zones, and those of the file that anything else in it names."""
        own = zone_blocks(self.all_events)
        kept = []
        named = set(_NAMED_ZONE.findall("".join(self.body).replace("\r\n ", "")))
        for block in self.before.blocks:
            if block.name == "VTIMEZONE":
                name = properties(block).text("TZID")
                if name not in own and name in named:
                    kept.append(block.raw)
        return [*own.values(), *kept]

    def _event(self, block: Block) -> None:
        edition = _EDITION.search(block.raw)
        known = self.waiting.get(edition[2]) if edition else None
        if edition and known and edition[2] not in self.written:
            raw = rendered(known[0], edition[1], int(edition[3]))
            if raw == block.raw:
                self._write(known[0].uid, raw)
                return
        try:
            self._read_event(block)
        except InvalidValueError as error:
            if error.where:
                raise
            raise InvalidValueError(error.message, where=f"previous: {self._named(block)}") from None

    def _named(self, block: Block) -> str:
        """Return an event's title to name it by in an error, whatever else is wrong with it."""
        found = re.search(r"\r\nSUMMARY[^:\r\n]*:([^\r\n]*)", block.raw)
        return shown(found[1]) if found else "an event without title"

    def _write(self, uid: str, raw: str) -> None:
        self.mine += 1
        self.written[uid] = raw
        self.body.append(raw)

    def _read_event(self, block: Block) -> None:
        event = properties(block)
        uid = uid_of(event)
        exception = bool(event.all("RECURRENCE-ID"))
        known = self.waiting.get(uid)
        if known and not exception:
            if uid in self.written:
                self._twice(uid, block, event, known)
            else:
                self._revise(block, event, *known)
            return
        owner = None if exception else self._owner(event, uid)
        if owner is not None:
            if uid in self.written:
                return
            self._check_audience(event)
            self._write(uid, self._cancelled(block, event, owner))
        elif is_marked(event) and not exception:
            self.others += 1
            if self.combined:
                self.body.append(block.raw)
            else:
                message = "an event of another subject is left out of this calendar"
                self.notes.append(Note(uid, "", "", "left-out", message))
        else:
            self.body.append(block.raw)

    def _owner(self, event: Properties, uid: str) -> Owned | None:
        """Return whose an event is that no visit of the plan has any more.

        Its mark says so; when a program dropped that, the visit's code in its title, if it gives this very UID.
        """
        mark = event.text("X-TRIALSCHED-SUBJECT").strip().lower()
        if mark in self.owners:
            return self.owners[mark]
        return next((one for one in self.owners.values() if _code_of(event, uid, one)), None)

    def _check_audience(self, event: Properties) -> None:
        audience = event.text("X-TRIALSCHED-AUDIENCE") or "staff"
        if audience != self.head.audience and is_marked(event):
            self._wrong_audience(audience)

    def _twice(self, uid: str, block: Block, event: Properties, known: tuple[Event, Owned]) -> None:
        if block.raw == self.written[uid]:
            return
        start = said(event, self.zones).start
        if start != known[0].start:
            message = f"a second event of this visit, on {moment_text(start)}, is left out"
            self.notes.append(Note(uid, known[1].subject, known[0].visit, "twice", message))

    def _revise(self, block: Block, old: Properties, event: Event, one: Owned) -> None:
        """Write an event over its last edition, or leave it as it stands when it says the same."""
        self._check_audience(old)
        before, edition = said(old, self.zones), sequence(old)
        was = Words.of(old)
        found = was.against(event)
        theirs, own_triggers = alarms(old, event)
        own_categories, other_categories = categories(old, event)
        same_time = before.instants == Said(event.start, event.end).instants
        same_status = was.status == event.status
        same_place = found.same_place
        tail = "" if found.note is None else found.note
        same_text = (
            was.summary == event.summary
            and was.description == event.description + tail
            and own_triggers == set(event.triggers)
            and own_categories == set(event.categories)
            and was.settings_are(event, old)
        )
        if same_time and same_status and same_place and same_text:
            self._write(event.uid, block.raw)
            return
        self._note_losses(old, event, one, before, found)
        edition += not (same_time and same_status and same_place)
        kept = [line.raw for line in old.lines if line.name not in _OURS and not found.is_ours(line, event)]
        kept += [fold("CATEGORIES:" + ",".join(map(escape, other_categories)))] if other_categories else []
        stamp = stamp_after(old, self.moment)
        raw = rendered(
            event, stamp, edition, note=tail, kept=kept, alarms=[alarm.raw.removesuffix("\r\n") for alarm in theirs]
        )
        self._write(event.uid, raw)
        kind: ChangeKind = "text"
        if not same_status:
            cancelled = "CANCELLED"
            kind = "cancelled" if event.status == cancelled else "restored" if was.status == cancelled else "status"
        elif not same_time:
            kind = "moved"
        elif not same_place:
            kind = "place"
        was_start = _shown_start(before.start, event)
        change = EventChange(one.subject, event.visit, kind, was_start, event.start, event.status, event.uid)
        self.changes.append(change)

    def _note_losses(self, old: Properties, event: Event, one: Owned, before: Said, found: Compared) -> None:
        """Say what a person had changed and this edition writes over."""
        there = exported_start(old)
        moved = there is not None and comparable(there) != comparable(before.start)
        if moved and comparable(before.start) != comparable(event.start):
            place = moment_text(_shown_start(before.start, event))
            message = f"was moved by hand to {place}, and is put back to {moment_text(event.start)}"
            self.notes.append(Note(event.uid, one.subject, event.visit, "moved", message))
        for name, was, new in found.replaced:
            message = f"{name} was {shown(was)!r}, is now {shown(new)!r}"
            self.notes.append(Note(event.uid, one.subject, event.visit, "edited", message))

    def _cancelled(self, block: Block, old: Properties, one: Owned) -> str:
        """Return an event that left the plan as a cancelled one, or as it stands when it is one already."""
        was = Words.of(old)
        if was.status == "CANCELLED":
            return block.raw
        words = one.reader.language
        participant = one.reader.style.audience == "participant"
        phrases = words.participant if participant else words.staff
        window = bool(old.all("RELATED-TO"))  # of ours only windows have it
        gone = phrases["window_gone" if window else "called_off" if participant else "gone"]
        description = gone if was.untouched or not was.description else f"{gone}\n{was.description}"
        title = _without_mode(was.summary, words) if participant else was.summary
        summary = shortened(f"{phrases['cancelled']} {title}", title[-80:])
        stamp = stamp_after(old, self.moment)
        new = {
            "SUMMARY": escape(summary),
            "DTSTAMP": stamp,
            "SEQUENCE": str(sequence(old) + 1),
            "DESCRIPTION": escape(description),
            "LAST-MODIFIED": stamp,
            "STATUS": "CANCELLED",
            "TRANSP": "TRANSPARENT",
            "X-MICROSOFT-CDO-BUSYSTATUS": "FREE",
            "X-TRIALSCHED-HASH": digest(summary, description, was.place, "CANCELLED"),
        }
        lines = ["BEGIN:VEVENT"]
        for line in old.lines:
            if line.name in new:
                lines.append(fold(f"{line.name}:{new.pop(line.name)}"))
            elif line.name != "X-ALT-DESC":
                lines.append(line.raw)
        lines += [fold(f"{name}:{value}") for name, value in new.items()]
        lines += [alarm.raw.removesuffix("\r\n") for alarm in old.inner if not is_our_alarm(alarm)]
        start = said(old, self.zones).start
        visit = _code_of(old, uid_of(old), one) or was.summary
        self.changes.append(EventChange(one.subject, visit, "cancelled", start, start, "CANCELLED", uid_of(old)))
        return "\r\n".join([*lines, "END:VEVENT\r\n"])


def _without_mode(title: str, words: Language) -> str:
    """Return a participant's title without what was to happen: nobody will phone now."""
    for mode in words.participant["title"].values():
        title = title.removesuffix(words.participant["with_mode"].format(summary="", mode=mode))
    return title


def _code_of(event: Properties, uid: str, one: Owned) -> str:
    """Return the visit code in an event's title that gives its very UID, or ''."""
    title = event.text("SUMMARY")
    for word in title.split()[-2:] if one.subject in title else ():
        if uid == event_name(one.key, one.subject, word):
            return word
        if uid == event_name(one.key, one.subject, word, "window"):
            return f"{word} window"
    return ""


def _shown_start(start: date, event: Event) -> date:
    """Return a start in the zone of the new one, to be read beside it."""
    if isinstance(start, datetime) and isinstance(event.start, datetime) and start.tzinfo and event.start.tzinfo:
        return start.astimezone(event.start.tzinfo)
    return start

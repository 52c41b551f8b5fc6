"""A calendar written again: what is unchanged stays byte for byte, what changed says so, nothing a person added goes.

SEQUENCE rises for a changed start, end, place or status and never falls (RFC 5545, section 3.8.7.4; RFC 5546,
section 2.1.4); a visit that is gone stays as a cancelled event, since a plain import never deletes.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical.comparing import (
    MAX_SEQUENCE,
    Compared,
    Words,
    alarms,
    categories,
    is_our_alarm,
    sequence,
    stamp_after,
)
from trialsched.formats.ical.events import shortened
from trialsched.formats.ical.filezones import defined_name
from trialsched.formats.ical.joining import Part, defines, read_calendars, settle
from trialsched.formats.ical.lines import (
    LIMITS,
    Block,
    Cut,
    Limits,
    Properties,
    escape,
    fold,
    kept_line,
    named_zones,
    properties,
    zone_renamed,
)
from trialsched.formats.ical.outcome import ChangeKind, EventChange, Note, Update, moment_text
from trialsched.formats.ical.parsed import (
    Said,
    Zones,
    comparable,
    exported_length,
    exported_start,
    in_days,
    is_marked,
    length,
    said,
    uid_of,
)
from trialsched.formats.ical.uids import event_name, owner_name
from trialsched.formats.ical.words import language, languages
from trialsched.formats.ical.writing import Head, head_lines, rendered, text_digest, zone_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.formats.ical.events import Event, Reader
    from trialsched.formats.ical.joining import Definitions
    from trialsched.formats.ical.words import Language

_DAY = timedelta(1)


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
        before = read_calendars(previous, limits)
    except InvalidValueError as error:
        raise InvalidValueError(error.message, where="previous") from None
    return _Updating(owned, head, moment, before).done()


# An event as we write it has these lines together: of an unchanged one they give the edition back.
_EDITION = re.compile(r"\r\nDTSTAMP:([0-9]{8}T[0-9]{6}Z)\r\nUID:([0-9a-f-]{36})\r\nSEQUENCE:([0-9]{1,9})\r\n")
_NAME_BASED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")  # UUIDv5, as all of ours
_UID_LINE = re.compile(r"\r\nUID(?:;[^\r\n:]*)?:", re.IGNORECASE)
# Lines that are ours to write in every event. X-ALT-DESC is Outlook's own copy of DESCRIPTION.
_OURS = {"SUMMARY", "DTSTART", "DTEND", "DURATION", "DTSTAMP", "UID", "SEQUENCE", "CLASS", "DESCRIPTION",
         "LAST-MODIFIED", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "X-TRIALSCHED-AUDIENCE",
         "X-TRIALSCHED-DATE", "X-TRIALSCHED-END", "X-TRIALSCHED-HASH", "X-TRIALSCHED-SUBJECT",
         "X-ALT-DESC"}  # fmt: skip
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
        self.kept: list[int] = []  # places in the body of what stays as it stood
        self.changes: list[EventChange] = []
        self.notes: list[Note] = []
        self.mine = self.others = 0

    def done(self) -> Update:
        kept = self._head()
        later = self._later_editions()
        for index, block in enumerate(self.before.blocks):
            if block.name == "VEVENT":
                self._event(block, later=index in later)
            elif block.name != "VTIMEZONE":
                self._keep(block.raw)
        self._check_whose()
        for event, one in self.waiting.values():
            if event.uid not in self.written:
                self.body.append(rendered(event, self.moment, 0))
                change = EventChange(
                    one.subject, event.visit, "added", None, event.start, event.status, event.uid, None
                )
                self.changes.append(change)
        zones = self._zones()
        data = _joined(head_lines(self.head), kept, zones, self.body)
        return Update(data, tuple(self.changes), tuple(self.notes))

    def _later_editions(self) -> set[int]:
        """Return which events of the file have another edition of themselves that counts, by their places.

        Of several of one UID the highest SEQUENCE counts, of equal ones the first: SEQUENCE never falls.
        """
        quick = [_UID_LINE.search(block.raw) for block in self.before.blocks]
        uids = [
            b.raw[m.end() : m.end() + 36].lower() if m else "" for b, m in zip(self.before.blocks, quick, strict=True)
        ]
        counts = Counter(uid for uid in uids if uid in self.waiting)
        best: dict[str, tuple[int, int]] = {}
        places: dict[str, list[int]] = {}
        for index, uid in enumerate(uids):
            if counts[uid] > 1 and self.before.blocks[index].name == "VEVENT":
                event = properties(self.before.blocks[index])
                if not event.all("RECURRENCE-ID"):
                    places.setdefault(uid, []).append(index)
                    best[uid] = max(best.get(uid, (-1, 0)), (sequence(event), -index))
        return {index for uid, found in places.items() for index in found if index != -best[uid][1]}

    def _head(self) -> list[str]:
        """Return the calendar's lines that are not ours, after checking those that are."""
        lines = Properties(tuple(map(kept_line, self.before.head)), (), "VCALENDAR")
        audience = lines.text("X-TRIALSCHED-AUDIENCE")
        if audience and audience != self.head.audience:
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
        """Return our own time zones, and those of the file that anything else in it names.

        Where ours of the same name means something else, what is kept of the file names its own by another name.
        """
        own = {name: (raw,) for name, raw in zone_blocks(self.all_events).items()}
        others = [self.body[index] for index in self.kept]
        named = named_zones("".join(self.body))
        defined: dict[str, Definitions] = {}
        for block in self.before.blocks:
            if block.name == "VTIMEZONE" and defined_name(block) in named:
                defines(defined, block)
        settled = settle([Part(own, [], own=True), Part(defined, others)])
        for index in self.kept:
            self.body[index] = zone_renamed(self.body[index], settled.names[1])
        return [raw for definitions in settled.zones.values() for raw in definitions]

    def _keep(self, raw: str) -> None:
        self.kept.append(len(self.body))
        self.body.append(raw)

    def _event(self, block: Block, *, later: bool) -> None:
        edition = _EDITION.search(block.raw)
        known = self.waiting.get(edition[2]) if edition and not later else None
        if edition and known and edition[2] not in self.written:
            raw = rendered(known[0], edition[1], int(edition[3]))
            if raw == block.raw:
                self._write(known[0].uid, raw)
                return
        try:
            self._read_event(block, later=later)
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

    def _read_event(self, block: Block, *, later: bool) -> None:
        event = properties(block)
        uid = uid_of(event)
        known = self.waiting.get(uid)
        ours = _NAME_BASED.fullmatch(uid) is not None
        exception = bool(event.all("RECURRENCE-ID"))
        owner = self._owner(event, uid) if ours and known is None else None
        if known or owner:
            self._check_audience(event)
        if known and not exception:
            if later or uid in self.written:
                self._twice(uid, event, known)
            else:
                self._revise(block, event, *known)
        elif owner and not exception:
            if uid not in self.written:
                self.kept.append(len(self.body))
                self._write(uid, self._cancelled(block, event, owner))
        elif ours and known is None and owner is None:
            self._strange(block, event, uid)
        else:
            self._keep(block.raw)

    def _strange(self, block: Block, event: Properties, uid: str) -> None:
        """Keep an event that may be of another subject in the calendar of a site only, whatever became of its mark."""
        self.others += is_marked(event)
        if self.combined:
            self._keep(block.raw)
            return
        message = f"{event.text('SUMMARY')!r} is left out: it is not of this subject, and its id is one that we give"
        if is_marked(event):
            message = "an event of another subject is left out of this calendar"
        self.notes.append(Note(uid, "", "", "left-out", message))

    def _owner(self, event: Properties, uid: str) -> Owned | None:
        """Return whose an event is that no visit of the plan has any more.

        Its mark says so; when a program dropped that, the visit's code in its title, if it gives this very UID.
        """
        mark = event.text("X-TRIALSCHED-SUBJECT").strip().lower()
        if mark in self.owners:
            return self.owners[mark]
        return next((one for one in self.owners.values() if _code_of(event, uid, one)), None)

    def _check_audience(self, event: Properties) -> None:
        audience = event.text("X-TRIALSCHED-AUDIENCE") or ("staff" if is_marked(event) else "")
        # Of an event that lost its marks nobody knows for whom its words were: only staff may have them.
        if audience != self.head.audience and (audience or self.head.audience != "staff"):
            self._wrong_audience(audience or "not known: its marks are lost")

    def _twice(self, uid: str, event: Properties, known: tuple[Event, Owned]) -> None:
        """Leave out another edition of an event, and say so when it holds anything that a calendar program added."""
        start = self._in_days(said(event, self.zones), known[1]).start
        theirs, _ = alarms(event, known[0])
        ours = rendered(known[0], "", 0)
        names = sorted({line.name for line in event.lines if line.name not in _OURS and line.raw not in ours})
        names += [block.name for block in theirs]
        if names or comparable(start) != comparable(known[0].start):
            what = f"a second event of this visit, on {moment_text(start)}, is left out"
            message = f"{what} with its {', '.join(names)}" if names else what
            self.notes.append(Note(uid, known[1].subject, known[0].visit, "twice", message))

    def _in_days(self, what: Said, one: Owned) -> Said:
        clinic = one.reader.clinic
        return in_days(what, clinic.zone if clinic else None)

    def _revise(self, block: Block, old: Properties, event: Event, one: Owned) -> None:
        """Write an event over its last edition, or leave it as it stands when it says the same."""
        self._check_audience(old)
        before, edition = self._in_days(said(old, self.zones), one), sequence(old)
        there = exported_start(old)
        was = Words.of(old)
        found = was.against(event)
        theirs, own_triggers = alarms(old, event)
        own_categories, other_categories = categories(old, event)
        # What was given out last counts too: a date that a person chose is new to all others when it is booked.
        same_time = before.instants == Said(event.start, event.end).instants
        same_time = same_time and (there is None or comparable(there) == comparable(event.start))
        same_time = same_time and exported_length(old) in (None, length(event.start, event.end))
        same_status = was.status == event.status and (not was.written or was.untouched[3])
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
            self.kept.append(len(self.body))
            self._write(event.uid, block.raw)
            return
        self._note_losses(old, event, one, before, found)
        edition = min(edition + (not (same_time and same_status and same_place)), MAX_SEQUENCE)
        kept = [line.raw for line in old.lines if line.name not in _OURS and not found.is_ours(line, event)]
        kept += [fold("CATEGORIES:" + ",".join(map(escape, other_categories)))] if other_categories else []
        stamp = stamp_after(old, self.moment)
        raw = rendered(
            event, stamp, edition, note=tail, kept=kept, alarms=[alarm.raw.removesuffix("\r\n") for alarm in theirs]
        )
        self._write(event.uid, raw)
        kind: ChangeKind = "text"
        if was.status != event.status:
            cancelled = "CANCELLED"
            kind = "cancelled" if event.status == cancelled else "restored" if was.status == cancelled else "status"
        elif not same_time:
            kind = "moved"
        elif not same_status:
            kind = "status"
        elif not same_place:
            kind = "place"
        was_start = _shown_start(before.start, event)
        if there is not None and comparable(before.start) == comparable(event.start):
            was_start = _shown_start(there, event)
        ends = (_shown_start(before.end, event), event.end)
        change = EventChange(one.subject, event.visit, kind, was_start, event.start, event.status, event.uid, ends)
        self.changes.append(change)

    def _note_losses(self, old: Properties, event: Event, one: Owned, before: Said, found: Compared) -> None:
        """Say what a person had changed and this edition writes over."""
        there = exported_start(old)
        self._note_length(old, event, one, before)
        moved = there is not None and comparable(there) != comparable(before.start)
        if moved and comparable(before.start) != comparable(event.start):
            place = moment_text(_shown_start(before.start, event))
            message = f"was moved by hand to {place}, and is put back to {moment_text(event.start)}"
            self.notes.append(Note(event.uid, one.subject, event.visit, "moved", message))
        if there is None and comparable(before.start) != comparable(event.start):
            place, planned = moment_text(_shown_start(before.start, event)), moment_text(event.start)
            lost = "has lost the mark that tells whether a person moved it there"
            message = f"stood on {place} and {lost}; now on {planned}"
            self.notes.append(Note(event.uid, one.subject, event.visit, "moved", message))
        for name, was, new in found.replaced:
            message = f"{name} was {was!r}, is now {shown(new)!r}"  # theirs in full: it is nowhere else now
            self.notes.append(Note(event.uid, one.subject, event.visit, "edited", message))

    def _note_length(self, old: Properties, event: Event, one: Owned, before: Said) -> None:
        """Say that a person had made the event longer or shorter, or that nobody can tell any more."""
        there, written = exported_start(old), exported_length(old)
        same_start = comparable(before.start) == comparable(event.start)
        if not same_start and (there is None or comparable(there) != comparable(before.start)):
            return  # moved as a whole, which is told
        found = length(before.start, before.end)
        if found in (written, length(event.start, event.end)) or (written is None and not same_start):
            return
        until, planned = _last(_shown_start(before.end, event)), _last(event.end)
        end = f"put back to {planned}"
        if not isinstance(event.end, datetime) and not event.related:
            end = "put back to one day"
        message = f"lasted until {until}, and is {end}"
        if written is None:
            message = f"lasted until {until} and has lost the mark that tells whether a person chose that; {end}"
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
        title_ours, words_ours, place_ours, _ = was.untouched
        note = was.note_below("")
        added = note if note is not None else "" if words_ours or not was.description else f"\n{was.description}"
        title = _without_mode(was.summary, words) if participant else was.summary
        summary = shortened(f"{phrases['cancelled']} {title}", title[-80:])
        # What a person changed keeps the hash of ours: when the visit returns, what is written over is told.
        before = was.written or ("0" * 8,) * 4
        hashes = (
            text_digest(summary) if title_ours else before[0],
            text_digest(gone),
            text_digest(was.place) if place_ours else before[2],
            text_digest("CANCELLED"),
        )
        stamp = stamp_after(old, self.moment)
        new = {
            "SUMMARY": escape(summary),
            "DTSTAMP": stamp,
            "SEQUENCE": str(min(sequence(old) + 1, MAX_SEQUENCE)),
            "DESCRIPTION": escape(gone + added),
            "LAST-MODIFIED": stamp,
            "STATUS": "CANCELLED",
            "TRANSP": "TRANSPARENT",
            "X-MICROSOFT-CDO-BUSYSTATUS": "FREE",
            "X-TRIALSCHED-HASH": "-".join(hashes),
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
        self.changes.append(EventChange(one.subject, visit, "cancelled", start, start, "CANCELLED", uid_of(old), None))
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


def _last(end: date) -> str:
    """Return an exclusive end for a reader: a time, or the last day before it."""
    if isinstance(end, datetime) or end == date.min:
        return moment_text(end)
    return moment_text(end - _DAY)


def _shown_start(start: date, event: Event) -> date:
    """Return a start in the zone of the new one, to be read beside it."""
    if isinstance(start, datetime) and isinstance(event.start, datetime) and start.tzinfo and event.start.tzinfo:
        return start.astimezone(event.start.tzinfo)
    return start

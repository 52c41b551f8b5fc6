"""How one event of a calendar is written over its last edition: what changed in it, and what of a person's is lost."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import shown
from trialsched.formats.ical.comparing import (
    MAX_SEQUENCE,
    Words,
    alarms,
    categories,
    is_our_alarm,
    sequence,
    stamp_after,
    transp_of,
)
from trialsched.formats.ical.dependents import Changed, goes
from trialsched.formats.ical.events import shortened
from trialsched.formats.ical.lines import Block, Properties, escape, fold
from trialsched.formats.ical.outcome import ChangeKind, EventChange, Note, moment_text
from trialsched.formats.ical.parsed import (
    Said,
    Zones,
    comparable,
    exported_length,
    exported_start,
    length,
    local,
    said,
    uid_of,
)
from trialsched.formats.ical.parsed import in_days as whole_days
from trialsched.formats.ical.style import trigger
from trialsched.formats.ical.uids import event_name
from trialsched.formats.ical.writing import rendered, text_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trialsched.formats.ical.events import Event, Reader
    from trialsched.formats.ical.words import Language

_DAY = timedelta(1)
_TIMES = re.compile(r"\r\nDTSTART[;:].*?(?=\r\nDTSTAMP:)", re.DOTALL)
# Lines that are ours to write in every event.
OURS = {"SUMMARY", "DTSTART", "DTEND", "DURATION", "DTSTAMP", "UID", "SEQUENCE", "CLASS", "DESCRIPTION",
         "LAST-MODIFIED", "STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "X-TRIALSCHED-AUDIENCE",
         "X-TRIALSCHED-DATE", "X-TRIALSCHED-END", "X-TRIALSCHED-HASH", "X-TRIALSCHED-SUBJECT",
         "X-TRIALSCHED-TRANSP"}  # fmt: skip


class Owned(NamedTuple):
    """One subject's events: whose they are, and for whom they are written."""

    subject: str
    key: str
    events: Sequence[Event]
    reader: Reader


class Written(NamedTuple):
    """An event as it is to stand in the file; `kept`: its times are those that stood there, with the file's zones."""

    raw: str
    kept: bool


class Revising:
    """Writes events over their last editions; gathers what changed, what could not be kept, and new editions by UID."""

    def __init__(self, zones: Zones, moment: str) -> None:
        """Take the zones of the file, and the stamp of what changes."""
        self.zones = zones
        self.moment = moment
        self.changes: list[EventChange] = []
        self.notes: list[Note] = []
        self.new_editions: set[str] = set()

    def in_days(self, what: Said, one: Owned) -> Said:
        """Return when an event is, whole days of the clinic's zone as dates."""
        clinic = one.reader.clinic
        return whole_days(what, clinic.zone if clinic else None)

    def over(self, block: Block, old: Properties, event: Event, one: Owned) -> Written:
        """Return an event over its last edition, or as it stands when it says the same."""
        if event.stays:
            return Written(self._stopped(block, old, event, one), kept=True)
        before, edition = self.in_days(said(old, self.zones), one), sequence(old)
        there = exported_start(old)
        keeps = self._keeps_its_time(old, event, one, before)
        if keeps:
            event = _ringing_at(before.start, event, one)
        was = Words.of(old)
        found = was.against(event)
        theirs, own_triggers = alarms(old, event)
        own_categories, other_categories = categories(old, event)
        # What was given out last counts too: a date that a person chose is new to all others when it is booked.
        same_time = keeps or before.instants == Said(event.start, event.end).instants
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
            return Written(block.raw, kept=True)
        if not keeps:
            self._note_moves(old, event, one, before)
        for name, lost, new in found.replaced:
            message = f"{name} was {lost!r}, is now {shown(repr(new))}"  # theirs in full: it is nowhere else now
            self.notes.append(Note(event.uid, one.subject, event.visit, "edited", message))
        new_edition = not (same_time and same_status and same_place)
        edition = min(edition + new_edition, MAX_SEQUENCE)
        changed = Changed(
            edition=new_edition,
            start=not keeps and before.instants != Said(event.start, event.end).instants,
            place=not same_place,
            description=was.description != event.description + tail,
            busy=was.settings["TRANSP"] != transp_of(event),
            access=was.settings["CLASS"] != "PRIVATE",
        )
        gone = self._gone(old, changed, event.uid, one.subject, event.visit)
        theirs = [alarm for alarm in theirs if alarm.raw not in gone]
        kept = [line.raw for line in old.lines if line.name not in OURS and not found.is_ours(line, event)]
        kept = [line for line in kept if line not in gone]
        kept += [fold("CATEGORIES:" + ",".join(map(escape, other_categories)))] if other_categories else []
        stamp = stamp_after(old, self.moment)
        raw = rendered(
            event, stamp, edition, note=tail, kept=kept, alarms=[alarm.raw.removesuffix("\r\n") for alarm in theirs]
        )
        was_start = _shown_start(before.start, event)
        if there is not None and (keeps or comparable(before.start) == comparable(event.start)):
            was_start = _shown_start(there, event)
        start, end = (before.start, before.end) if keeps else (event.start, event.end)
        moved = not same_time and not (keeps and comparable(was_start) == comparable(start))
        kind = _kind(was.status, event.status, moved=moved, status=not same_status, place=not same_place)
        ends = (_shown_start(before.end, event), end)
        change = EventChange(one.subject, event.visit, kind, was_start, start, event.status, event.uid, ends)
        self.changes.append(change)
        return Written(_with_times_of(old, raw) if keeps else raw, kept=keeps)

    def _keeps_its_time(self, old: Properties, event: Event, one: Owned, before: Said) -> bool:
        """Return whether what a person chose agrees with the records: on their day, or called off on any."""
        there, written = exported_start(old), exported_length(old)
        theirs = there is None or comparable(there) != comparable(before.start)
        theirs = theirs or written not in (None, length(before.start, before.end))
        if event.status == "CANCELLED" or not theirs:
            return theirs
        only_a_day = not isinstance(event.start, datetime) and not event.related
        if event.status != "CONFIRMED" or not only_a_day or not isinstance(before.start, datetime):
            return False
        clinic = one.reader.clinic
        return local(before.start, clinic.zone if clinic else None).date() == event.start

    def _gone(self, old: Properties, changed: Changed, *whose: str) -> frozenset[str]:
        """Return what of others' loses its meaning by a change, and say so where a person chose it."""
        uid, subject, visit = whose
        if changed.edition:
            self.new_editions.add(uid)
        gone = goes(old, changed)
        self.notes += [Note(uid, subject, visit, "edited", message) for message in gone.said]
        return gone.raw

    def _note_moves(self, old: Properties, event: Event, one: Owned, before: Said) -> None:
        """Say which times of a person's this edition writes over."""
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
            message = f"lasted until {until}, and no mark tells whether a person chose that; now until {planned}"
        self.notes.append(Note(event.uid, one.subject, event.visit, "edited", message))

    def cancelled(self, block: Block, old: Properties, one: Owned) -> Written:
        """Return an event that left the plan as a cancelled one, or as it stands when it is one already."""
        was = Words.of(old)
        if was.status == was.written_status == "CANCELLED":
            return Written(block.raw, kept=True)
        words = one.reader.language
        participant = one.reader.style.audience == "participant"
        phrases = words.participant if participant else words.staff
        window = bool(old.all("RELATED-TO"))  # of ours only windows have it
        gone = phrases["window_gone" if window else "called_off" if participant else "gone"]
        title_ours, words_ours, place_ours, _ = was.untouched
        note = was.note_below("")
        added = note if note is not None else "" if words_ours or not was.description else f"\n{was.description}"
        title = _without_mode(was.summary, words) if participant else was.summary
        title = title.removeprefix(f"{phrases['cancelled']} ")  # of one that a person took back
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
        start = said(old, self.zones).start
        uid = uid_of(old)
        visit = code_of(old, uid, one) or was.summary
        self.changes.append(EventChange(one.subject, visit, "cancelled", start, start, "CANCELLED", uid, None))
        busy = was.settings["TRANSP"] != "TRANSPARENT"
        gone = self._gone(old, Changed(edition=True, description=True, busy=busy), uid, one.subject, visit)
        return Written(rewritten(old, new, without=gone, ringing=False), kept=True)

    def _stopped(self, block: Block, old: Properties, event: Event, one: Owned) -> str:
        """Return a missed visit's event as it was given out, but that it takes up no time and rings no more."""
        was = Words.of(old)
        free = was.settings["TRANSP"] == "TRANSPARENT"
        if free and not any(map(is_our_alarm, old.inner)):
            return block.raw
        stamp = stamp_after(old, self.moment)
        new = {
            "DTSTAMP": stamp,
            "LAST-MODIFIED": stamp,
            "TRANSP": "TRANSPARENT",
            "X-MICROSOFT-CDO-BUSYSTATUS": "FREE",
            "X-TRIALSCHED-TRANSP": "TRANSPARENT",
        }
        for name, given, given_now in was.lost_settings(event):
            if name != "CLASS":
                message = f"{name} was {given!r}, is now {given_now!r}"
                self.notes.append(Note(event.uid, one.subject, event.visit, "edited", message))
        start = said(old, self.zones).start
        change = EventChange(one.subject, event.visit, "text", start, start, was.status, event.uid, None)
        self.changes.append(change)
        gone = self._gone(old, Changed(busy=not free), event.uid, one.subject, event.visit)
        return rewritten(old, new, without=gone, ringing=False)


def rewritten(old: Properties, new: dict[str, str], *, without: Collection[str], ringing: bool = True) -> str:
    """Return an event with other values of some of its lines, and without some of what stands in it.

    Our own alarms stay in it only when it is `ringing`.
    """
    lines = ["BEGIN:VEVENT"]
    waiting = dict(new)
    for line in old.lines:
        if line.name in waiting:
            lines.append(fold(f"{line.name}:{waiting.pop(line.name)}"))
        elif line.name not in new and line.raw not in without:
            lines.append(line.raw)
    lines += [fold(f"{name}:{value}") for name, value in waiting.items()]
    kept = [block for block in old.inner if ringing or not is_our_alarm(block)]
    lines += [block.raw.removesuffix("\r\n") for block in kept if block.raw not in without]
    return "\r\n".join([*lines, "END:VEVENT\r\n"])


def _kind(before: str, after: str, *, moved: bool, status: bool, place: bool) -> ChangeKind:
    """Return what an edition changes before all else, by the STATUS that stood there and the one it has."""
    if before != after:
        if after == "CANCELLED":
            return "cancelled"
        return "restored" if before == "CANCELLED" else "status"
    if moved:
        return "moved"
    if status:
        return "status"
    return "place" if place else "text"


def _with_times_of(old: Properties, raw: str) -> str:
    """Return an event as we write it, but for the times, which are those that stood there."""
    times = [line.raw for line in old.lines if line.name in ("DTSTART", "DTEND", "DURATION")]
    return _TIMES.sub(lambda _: "\r\n".join(["", *times]), raw, count=1)


def _ringing_at(start: date, event: Event, one: Owned) -> Event:
    """Return an event whose alarms count from a time of a person's: one of a whole day's count from its midnight."""
    if not event.triggers or not isinstance(start, datetime):
        return event
    found = (trigger(before, all_day=False) for before in one.reader.style.alarms)
    return event._replace(triggers=tuple(value for value in found if value is not None))


def _without_mode(title: str, words: Language) -> str:
    """Return a participant's title without what was to happen: nobody will phone now."""
    for mode in words.participant["title"].values():
        title = title.removesuffix(words.participant["with_mode"].format(summary="", mode=mode))
    return title


def code_of(event: Properties, uid: str, one: Owned) -> str:
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

"""A calendar written again: what is unchanged stays byte for byte, what changed says so, nothing a person added goes.

SEQUENCE rises for a changed start, end, place or status and never falls (RFC 5545, section 3.8.7.4; RFC 5546,
section 2.1.4); a visit that is gone stays as a cancelled event, since a plain import never deletes.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from trialsched._text import shown
from trialsched.errors import InvalidValueError
from trialsched.formats.ical.comparing import (
    alarms,
    sequence,
)
from trialsched.formats.ical.copies import Copies
from trialsched.formats.ical.dependents import is_copy
from trialsched.formats.ical.joining import beside, read_calendars
from trialsched.formats.ical.lines import (
    LIMITS,
    Block,
    Cut,
    Limits,
    Properties,
    fold,
    kept_line,
    properties,
)
from trialsched.formats.ical.outcome import EventChange, Note, Update, moment_text
from trialsched.formats.ical.parsed import (
    Zones,
    comparable,
    is_marked,
    said,
    uid_of,
)
from trialsched.formats.ical.revising import OURS, Owned, Revising, Written, code_of, rewritten
from trialsched.formats.ical.uids import NAME_BASED, owner_name
from trialsched.formats.ical.words import language, languages
from trialsched.formats.ical.writing import Head, head_lines, rendered, zone_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trialsched.formats.ical.events import Event


def first(owned: Sequence[Owned], head: Head, moment: str) -> Update:
    """Write a calendar that nothing was exported of before."""
    events = [event for one in owned for event in one.events if event.new]
    body = [rendered(event, moment, 0) for event in events]
    data = _joined(head_lines(head), [], zone_blocks(events).values(), body)
    return Update(data, (), (), visits_among(events))


def visits_among(events: Iterable[Event]) -> int:
    """Return how many events are visits, and no windows of theirs."""
    return sum(not event.related for event in events)


def _joined(own: Iterable[str], kept: Iterable[str], zones: Iterable[str], body: Iterable[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", *map(fold, own), *kept]
    return ("\r\n".join(lines) + "\r\n" + "".join(zones) + "".join(body) + "END:VCALENDAR\r\n").encode()


def updated(owned: Sequence[Owned], head: Head, moment: str, previous: bytes | str, limits: Limits = LIMITS) -> Update:
    """Write a calendar over what was exported before. Raises `InvalidValueError` for a file that it cannot be."""
    updating = _Updating(owned, head, moment, _read(previous, limits))
    return updating.done(updating.head_kept())


def started_over(
    owned: Sequence[Owned], head: Head, moment: str, previous: bytes | str, limits: Limits = LIMITS
) -> Update:
    """Write a calendar as if nothing had been exported, beside what other people have in the file.

    Raises `InvalidValueError` for a file that cannot be read.
    """
    updating = _Updating(owned, head, moment, _read(previous, limits))
    updating.forget()
    found = updating.done(updating.head_of_others(), known=False)
    return replace(found, changes=())  # all of them are new


def _read(previous: bytes | str, limits: Limits) -> Cut:
    try:
        return read_calendars(previous, limits)
    except InvalidValueError as error:
        raise InvalidValueError(error.message, where="previous") from None


# An event as we write it has these lines together: of an unchanged one they give the edition back.
_EDITION = re.compile(r"\r\nDTSTAMP:([0-9]{8}T[0-9]{6}Z)\r\nUID:([0-9a-f-]{36})\r\nSEQUENCE:([0-9]{1,9})\r\n")
_UID_LINE = re.compile(r"\r\nUID(?:;[^\r\n:]*)?:", re.IGNORECASE)
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
        self.revising = Revising(self.zones, moment)
        self.changes, self.notes = self.revising.changes, self.revising.notes
        titled = ((one.subject, event.visit) for event, one in self.waiting.values() if not event.related)
        self.copies = Copies(titled if head.audience != "participant" else ())
        self.mine = self.others = 0
        # By UID: which events of the file are exceptions of a repetition, by their places in the body.
        self.exceptions: dict[str, list[tuple[int, Block]]] = {}

    def forget(self) -> None:
        """Leave all events that we wrote out of account, whomever they belong to."""
        blocks = tuple(block for block in self.before.blocks if block.name != "VEVENT" or not self._is_ours(block))
        self.before = self.before._replace(blocks=blocks)

    def _is_ours(self, block: Block) -> bool:
        event = properties(block)
        if is_marked(event):
            return True
        with self._naming(block):
            uid = uid_of(event)
            return uid in self.waiting or (
                NAME_BASED.fullmatch(uid) is not None and self._owner(event, uid) is not None
            )

    def done(self, kept: list[str], *, known: bool = True) -> Update:
        """Return the calendar with these lines of its own; it must be `known` as one of these subjects."""
        later = self._later_editions()
        for index, block in enumerate(self.before.blocks):
            if block.name == "VEVENT":
                self._event(block, later=index in later)
            elif block.name != "VTIMEZONE":
                self._keep(block.raw)
        for uid, exceptions in self.exceptions.items():
            self._settle(uid, exceptions)
        if known:
            self._check_whose()
        self.notes += self.copies.notes()
        for event, one in self.waiting.values():
            if event.uid not in self.written and event.new:
                self._write(event.uid, rendered(event, self.moment, 0))
                change = EventChange(
                    one.subject, event.visit, "added", None, event.start, event.status, event.uid, None
                )
                self.changes.append(change)
        written = [event for event in self.all_events if event.uid in self.written]
        own = {name: (raw,) for name, raw in zone_blocks(written).items()}
        zones = beside(own, self.before, self.body, self.kept)
        data = _joined(head_lines(self.head), kept, zones, self.body)
        shown_events = [event for uid, (event, _) in self.waiting.items() if uid in self.written]
        return Update(data, tuple(self.changes), tuple(self.notes), visits_among(shown_events))

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
                if uid_of(event) == uid and not event.all("RECURRENCE-ID"):
                    places.setdefault(uid, []).append(index)
                    best[uid] = max(best.get(uid, (-1, 0)), (sequence(event), -index))
        return {index for uid, found in places.items() for index in found if index != -best[uid][1]}

    def head_of_others(self) -> list[str]:
        """Return the calendar's lines that are not ours."""
        return [line.raw for line in map(kept_line, self.before.head) if line.name not in _OUR_HEAD]

    def head_kept(self) -> list[str]:
        """Return the calendar's lines that are not ours, after checking those that are."""
        lines = Properties(tuple(map(kept_line, self.before.head)), (), "VCALENDAR")
        try:
            audience = lines.text("X-TRIALSCHED-AUDIENCE")
            name = lines.text("X-WR-CALNAME") or lines.text("NAME")
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where="previous") from None
        if audience and audience != self.head.audience:
            self._wrong_audience(audience)
        if name and name != self.head.name and name not in self._own_names():
            self.notes.append(Note("", "", "", "edited", f"the calendar was named {name!r}, is now {self.head.name!r}"))
        return self.head_of_others()

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
            raise InvalidValueError(message + self.copies.hint(), where="previous")

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
        with self._naming(block):
            self._read_event(block, later=later)

    @contextmanager
    def _naming(self, block: Block) -> Iterator[None]:
        """Say of an error by which event it is, by its title, whatever else is wrong with it."""
        try:
            yield
        except InvalidValueError as error:
            if error.where:
                raise
            found = re.search(r"\r\nSUMMARY[^:\r\n]*:([^\r\n]*)", block.raw)
            named = shown(found[1]) if found else "an event without title"
            raise InvalidValueError(error.message, where=f"previous: {named}") from None

    def _write(self, uid: str, raw: str) -> None:
        self.mine += 1
        self.written[uid] = raw
        self.body.append(raw)

    def _read_event(self, block: Block, *, later: bool) -> None:
        event = properties(block)
        uid = uid_of(event)
        known = self.waiting.get(uid)
        ours = NAME_BASED.fullmatch(uid) is not None
        owner = self._owner(event, uid) if ours and known is None else None
        if known or owner:
            self._check_audience(event)
        if (known or owner) and event.all("RECURRENCE-ID"):
            self.exceptions.setdefault(uid, []).append((len(self.body), block))
            self._keep(block.raw)
        elif known and (later or uid in self.written):
            self._twice(uid, event, known)
        elif known or owner:
            self._ours(uid, block, event)
        elif ours:
            self._strange(block, event, uid)
        else:
            self._keep(block.raw)
            self.copies.see(event)

    def _ours(self, uid: str, block: Block, event: Properties) -> None:
        """Write an event of a visit, or of one that left the plan."""
        known = self.waiting.get(uid)
        if known is not None:
            self._write_as(uid, self.revising.over(block, event, *known))
            return
        owner = self._owner(event, uid)
        if owner is not None and uid not in self.written:
            self._write_as(uid, self.revising.cancelled(block, event, owner))

    def _write_as(self, uid: str, found: Written) -> None:
        if found.kept:
            self.kept.append(len(self.body))
        self._write(uid, found.raw)

    def _settle(self, uid: str, exceptions: list[tuple[int, Block]]) -> None:
        """Take out the exceptions of an event that has changed: they say when it is not as it was.

        Of exceptions without the event itself the first is taken for it.
        """
        lone = uid not in self.written
        if lone:
            place, block = exceptions.pop(0)
            with self._naming(block):
                self._lone(uid, place, block)
        if lone or uid in self.revising.new_editions:
            for place, block in exceptions:
                self.body[place] = ""
                self._note_exception(uid, properties(block))

    def _lone(self, uid: str, place: int, block: Block) -> None:
        old = properties(block)
        ids = frozenset(line.raw for line in old.all("RECURRENCE-ID"))
        alone = Block(block.name, rewritten(old, {}, without=ids))
        self._note_exception(uid, old)
        count, last = len(self.changes), len(self.body)
        self._ours(uid, alone, properties(alone))
        self.body[place] = self.body.pop()
        # As everywhere, what stays as it stood is named by its place, and what is written now is not.
        stays = last in self.kept
        self.kept = [index for index in self.kept if index not in (place, last)] + [place] * stays
        if len(self.changes) == count:
            subject, visit = self._whose(uid, old)
            start, status = said(old, self.zones).start, old.text("STATUS").strip().upper()
            self.changes.append(EventChange(subject, visit, "text", start, start, status, uid, None))

    def _note_exception(self, uid: str, event: Properties) -> None:
        recurrence = event.one("RECURRENCE-ID")
        was = recurrence.value if recurrence else ""
        start = moment_text(said(event, self.zones).start)
        message = f"RECURRENCE-ID was {was!r}, is taken out: what it was an exception of, on {start}, has changed"
        self.notes.append(Note(uid, *self._whose(uid, event), "edited", message))

    def _whose(self, uid: str, event: Properties) -> tuple[str, str]:
        """Return the subject and the visit of an event of ours."""
        if uid in self.waiting:
            known, one = self.waiting[uid]
            return one.subject, known.visit
        owner = self._owner(event, uid)
        return (owner.subject if owner else "", event.text("SUMMARY"))

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
        return next((one for one in self.owners.values() if code_of(event, uid, one)), None)

    def _check_audience(self, event: Properties) -> None:
        audience = event.text("X-TRIALSCHED-AUDIENCE") or ("staff" if is_marked(event) else "")
        # Of an event that lost its marks nobody knows for whom its words were: only staff may have them.
        if audience != self.head.audience and (audience or self.head.audience != "staff"):
            self._wrong_audience(audience or "not known: its marks are lost")

    def _twice(self, uid: str, event: Properties, known: tuple[Event, Owned]) -> None:
        """Leave out another edition of an event, and say so when it holds anything that a calendar program added."""
        start = self.revising.in_days(said(event, self.zones), known[1]).start
        theirs, _ = alarms(event, known[0])
        ours = rendered(known[0], "", 0)
        names = sorted({line.name for line in event.lines if line.name not in OURS and line.raw not in ours})
        names = [name for name in names if not is_copy(name)]
        names += [block.name for block in theirs]
        if names or comparable(start) != comparable(known[0].start):
            what = f"a second event of this visit, on {moment_text(start)}, is left out"
            message = f"{what} with its {', '.join(names)}" if names else what
            self.notes.append(Note(uid, known[1].subject, known[0].visit, "twice", message))

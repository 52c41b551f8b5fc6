"""What stands on the server is compared with the plans, and written where it differs.

RFC 9110, sections 13.1.1 and 13.1.2, and RFC 4791, section 5.3.4: a new entry is sent with If-None-Match: *, one
that is there with If-Match and the ETag that was read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from trialsched._text import shown, unprintable
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats import ical
from trialsched.plan import Plan
from trialsched.push.server import PushError, address, check_whole, put, read

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from caldav.collection import Calendar

    from trialsched.clinic import Clinic
    from trialsched.push.server import Answer, Read

ConflictKind = Literal["moved", "edited", "twice", "unreadable", "shared", "changed", "taken", "refused"]
_STAFF = ical.Style()
_WRITTEN, _CHANGED, _REFUSALS = (200, 201, 202, 204, 205), 412, range(400, 500)
_NOT_FOR_ONE = (401, 407, 408, 429)  # of the user, the proxy, the connection, the number of requests: of all entries
_WORDS = {
    400: "holds it for broken",
    403: "does not allow it to this user",
    404: "has no such place",
    409: "says that it cannot stand there",
    410: "has no such place any more",
    413: "holds it for too large",
    415: "takes nothing of its kind",
    423: "has locked it",
}


class Conflict(NamedTuple):
    """An event that was left as it stands on the server, and why.

    `kind`: moved or edited (by a person), twice (two entries of one event), unreadable, shared (one entry with other
    events), changed (since it was read), taken (its id stands elsewhere), refused (by the server, this entry alone).
    `visit` is as in `ical.EventChange`.
    """

    uid: str
    subject: str
    visit: str
    kind: ConflictKind
    message: str

    def __str__(self) -> str:
        """Print the conflict in a line."""
        return f"{' '.join(word for word in (self.subject, self.visit) if word)}: {self.message}"


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did, or with `dry_run` would do, in the order of the plans.

    `unchanged` is how many events stood as they should; `overwritten` says what of a person's was written over,
    `copies` which visits stand there a second time under ids that are not ours.
    """

    created: tuple[ical.EventChange, ...] = ()
    updated: tuple[ical.EventChange, ...] = ()
    cancelled: tuple[ical.EventChange, ...] = ()
    unchanged: int = 0
    conflicts: tuple[Conflict, ...] = ()
    overwritten: tuple[ical.Note, ...] = ()
    copies: tuple[ical.Note, ...] = ()


def push(  # noqa: PLR0913 - what a calendar is made from, by keyword
    calendar: Calendar | None,
    plans: Plan | Iterable[Plan],
    *,
    stamp: datetime,
    study_key: str | None = None,
    clinic: Clinic | None = None,
    style: ical.Style = _STAFF,
    overwrite: bool = False,
    dry_run: bool = False,
) -> PushReport:
    """Bring the events of a plan, or of several, to a collection of a CalDAV server; arguments as of `ical.update`.

    Events are known by UID, wherever they stand; those of other subjects and of others are not touched, and nothing
    is deleted. An event that a person moved or edited there is left so, and is a conflict; with `overwrite` it is
    written over. One that changed since it was read is always a conflict. `calendar` None is a collection that is
    still to be made, for `dry_run`. Raises what `ical.update` raises, and `PushError`.
    """
    if calendar is None and not dry_run:
        message = "a collection of a server is meant; read None, which only a dry run takes"
        raise InvalidTypeError(message, where="calendar")
    several = plans if isinstance(plans, Plan) else list(plans)
    entries = ical.Entries(several, stamp=stamp, study_key=study_key, clinic=clinic, style=style)
    known = _Known(entries, several, study_key, style.audience)
    pushing = _Pushing(calendar, known, overwrite=overwrite, dry_run=dry_run)
    pushing.read()
    pushing.copies = tuple(entries.copies(pushing.titles_of_others()))
    pushing.write(entries.update(pushing.before))
    return pushing.report()


_UID = re.compile(r"^UID[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_MARK = re.compile(r"^X-TRIALSCHED-SUBJECT[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_TITLE = re.compile(r"^SUMMARY[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_AUDIENCE = re.compile(r"^X-TRIALSCHED-AUDIENCE[^:\n]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_NAME_BASED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def _unfolded(data: str) -> str:
    return re.sub(r"\r?\n[ \t]", "", data).replace("\r\n", "\n")


def _values(name: re.Pattern[str], text: str) -> set[str]:
    return {value.strip().lower() for value in name.findall(text)}


def _clock(moment: date) -> str:
    """Say by which clocks a moment is told."""
    zone = moment.tzinfo if isinstance(moment, datetime) else None
    return f"by the clocks of {zone}" if zone else "by no time zone"


def _refusal(answer: Answer) -> str:
    """Say that the server does not take an entry: its number, and the standard's name of the rule."""
    rules = [rule.rpartition("}")[2] for rule in answer.rules]
    named = [rule for rule in rules if re.fullmatch("[a-z-]{1,60}", rule)]
    status = ", ".join([str(answer.status), *named])
    return f"the server {_WORDS.get(answer.status, 'does not take it')} ({status}): it is left"


class _Known:
    """What the events of these plans are known by: their UIDs, in order, and the marks of their subjects."""

    def __init__(self, entries: ical.Entries, plans: Plan | list[Plan], study_key: str | None, audience: str) -> None:
        self.audience = audience
        several = [plans] if isinstance(plans, Plan) else plans
        self.order = entries.order
        self.marks = entries.owners
        self.titles = {title.strip().lower() for title in entries.titles}
        self.keys = [(study_key or plan.protocol.id, plan.subject.code) for plan in several]

    def holds(self, text: str) -> bool:
        """Return whether an entry holds an event of these subjects."""
        uids, marks = _values(_UID, text), _values(_MARK, text)
        if self.marks & marks or self.order.keys() & uids:
            return True
        # Servers drop what they do not know: then the title tells, if it gives this very UID.
        if marks or not any(map(_NAME_BASED.fullmatch, uids)):
            return False
        words = {word for title in _TITLE.findall(text) for word in title.split()[-2:] if not unprintable(word)}
        return any(
            ical.uid(key, subject, word, role) in uids
            for key, subject in self.keys
            for word in words
            for role in ("visit", "window")
        )

    def check(self, text: str) -> None:
        """Refuse a collection that holds what is for another reader, or these very visits under another study key."""
        marks = _values(_MARK, text)
        audiences = _values(_AUDIENCE, text) or ({"staff"} if marks else set())
        if marks and audiences != {self.audience}:
            message = (
                f"it holds visits written for another reader ({', '.join(sorted(audiences))}): take another calendar"
            )
            raise InvalidValueError(message, where="calendar")
        same = _values(_TITLE, text) & self.titles
        if marks and same and self.audience != "participant" and not self.holds(text):
            message = f"it holds {shown(min(same).upper())!r} under another id: another study key? (--study-key-file)"
            raise InvalidValueError(message, where="calendar")

    def place(self, uid: str) -> int:
        """Return where an event stands in the plans, one that left them at the end."""
        return self.order.get(uid, len(self.order))


class _Pushing:
    """One push: reads what stands on the server, then writes what differs, one entry after the other."""

    def __init__(self, calendar: Calendar | None, known: _Known, *, overwrite: bool, dry_run: bool) -> None:
        self.calendar = calendar
        self.known = known
        self.overwrite = overwrite
        self.dry_run = dry_run
        self.listed: list[Read] = []
        self.entries: dict[str, Read] = {}
        self.before: dict[str, bytes] = {}
        self.blocked: dict[str, tuple[ConflictKind, str]] = {}
        self.done: list[tuple[str, ical.EventChange]] = []
        self.conflicts: list[Conflict] = []
        self.overwritten: tuple[ical.Note, ...] = ()
        self.copies: tuple[ical.Note, ...] = ()
        self.unchanged = 0

    def read(self) -> None:
        """Read the events of these subjects, in the order of the plans."""
        found: list[tuple[str, bytes, Read]] = []
        if self.calendar is not None:
            self.listed = read(self.calendar)
        for entry in self.listed:
            text = _unfolded(entry.data)
            self.known.check(text)
            if self.known.holds(text):
                found += [(uid, data, entry) for uid, data in self._split(entry, text).items()]
        for uid, data, entry in sorted(found, key=lambda one: self.known.place(one[0])):
            if uid in self.entries:
                self.blocked[uid] = ("twice", "stands on the server in two entries: delete the one that is wrong")
            else:
                self.entries[uid], self.before[uid] = entry, data

    def titles_of_others(self) -> Iterable[str]:
        """Yield the titles of the entries whose ids are none of ours."""
        for entry in self.listed:
            text = _unfolded(entry.data)
            if not any(map(_NAME_BASED.fullmatch, _values(_UID, text))):
                yield from _TITLE.findall(text)

    def _split(self, entry: Read, text: str) -> dict[str, bytes]:
        try:
            events = ical.split(entry.data)
        except InvalidValueError as error:
            self._block_all(_values(_UID, text), "unreadable", f"its entry on the server cannot be read: {error}")
            return {}
        if len(events) > 1:  # RFC 4791, section 4.1: one UID in an entry; written alone, the others would be lost
            events = {uid: data for uid, data in events.items() if self.known.holds(_unfolded(data.decode()))}
            self._block_all(events, "shared", "stands on the server in one entry with other events")
        return events

    def _block_all(self, uids: Iterable[str], kind: ConflictKind, message: str) -> None:
        self.blocked.update(dict.fromkeys(uids, (kind, message)))

    def write(self, made: ical.EntriesUpdate) -> None:
        """Write the entries that differ. Raises `PushError` with the report of what was done until then."""
        changes = {change.uid: change for change in made.changes}
        self.unchanged = len(made.data) - len(changes)
        if not self.overwrite:
            for note in made.notes:
                self._block(note, changes.get(note.uid))
        self.overwritten = tuple(note for note in made.notes if note.uid not in self.blocked)
        for fault in made.faults:
            message = f"its entry on the server cannot be read, and is left: {fault.message}"
            self.blocked.pop(fault.uid, None)
            self.conflicts.append(Conflict(fault.uid, fault.subject, fault.visit, "unreadable", message))
        self._check_whole(changes)
        try:
            for uid in sorted(changes, key=self.known.place):
                self._one(uid, changes[uid], made.data[uid])
        except PushError as error:
            error.report = self.report()
            raise
        for uid, (kind, message) in self.blocked.items():  # of events that need no change themselves
            if uid in made.data or (kind == "unreadable" and _NAME_BASED.fullmatch(uid)):
                self.conflicts.append(Conflict(uid, "", f"the event {uid}", kind, message))

    def _check_whole(self, changes: dict[str, ical.EventChange]) -> None:
        """Make sure that what would be made does not stand there already, left out of the list."""
        missing = changes.keys() - self.entries.keys() - self.blocked.keys()
        if self.calendar is not None and missing:
            check_whole(self.calendar, self.listed, missing)

    def _block(self, note: ical.Note, change: ical.EventChange | None) -> None:
        """Keep an event that a person changed from being written over."""
        if note.kind == "moved" and change is not None and change.old is not None:
            there, planned = str(change.old)[:16], str(change.new)[:16]
            if there == planned:
                there, planned = f"{there} {_clock(change.old)}", f"{planned} {_clock(change.new)}"
            message = f"was moved on the server to {there}, the plan says {planned}; it is left there"
            self.blocked.setdefault(note.uid, ("moved", message))
        elif note.kind == "twice":
            message = "stands twice in its entry on the server: delete the one that is wrong"
            self.blocked.setdefault(note.uid, ("twice", message))
        else:
            message = f"was edited on the server, and is left so; written over: {note.message}"
            self.blocked.setdefault(note.uid, ("edited", message))

    def _one(self, uid: str, change: ical.EventChange, data: bytes) -> None:
        if uid not in self.blocked and self.calendar is not None:
            self._put(self.calendar, uid, data)
        if uid in self.blocked:
            self.conflicts.append(Conflict(uid, change.subject, change.visit, *self.blocked.pop(uid)))
        else:
            self.done.append((uid, change))

    def _put(self, calendar: Calendar, uid: str, data: bytes) -> None:
        """Send an entry, or block it where it cannot be sent; a dry run finds out the same and sends nothing."""
        entry = self.entries.get(uid)
        url = address(calendar, f"{uid}.ics" if entry is None else entry.href)
        if not url:
            self.blocked[uid] = ("unreadable", "its entry has an address that is none on this server: it is left")
            return
        if entry is None:
            condition = {"If-None-Match": "*"}
        elif entry.etag:
            # A weak ETag never matches: it is sent as the strong one that a proxy made it from, or is refused.
            condition = {"If-Match": entry.etag.removeprefix("W/")}
        else:
            self.blocked[uid] = ("changed", "the server does not say which one state it is in (no ETag): it is left")
            return
        if self.dry_run:
            return
        answer = put(calendar, url, data, condition)
        if answer.status == _CHANGED:
            self.blocked[uid] = ("changed", "was changed on the server since it was read: push again")
        elif answer.elsewhere:
            self.blocked[uid] = ("taken", "its id stands elsewhere on the server, in another calendar or the bin")
        elif answer.status in _REFUSALS and answer.status not in _NOT_FOR_ONE:
            self.blocked[uid] = ("refused", _refusal(answer))
        elif answer.status not in _WRITTEN:
            raise PushError(f"the server answers {answer.status}, and has not taken it", where=url)

    def report(self) -> PushReport:
        """Return what was done until now."""
        gone = tuple(change for _, change in self.done if change.kind == "cancelled")
        created = tuple(change for uid, change in self.done if uid not in self.before)
        updated = tuple(change for uid, change in self.done if uid in self.before and change.kind != "cancelled")
        conflicts = tuple(sorted(self.conflicts, key=lambda conflict: self.known.place(conflict.uid)))
        return PushReport(created, updated, gone, self.unchanged, conflicts, self.overwritten, self.copies)

"""Calendars read back: what people booked by dragging our events."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import IO, TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from trialsched._text import shown
from trialsched.errors import DocumentError, InvalidTypeError, InvalidValueError, Problem
from trialsched.formats.ical.copies import Titles, titled_as_cancelled
from trialsched.formats.ical.events import placed
from trialsched.formats.ical.joining import read_calendars
from trialsched.formats.ical.lines import LIMITS, Limits, Properties, properties, unfold
from trialsched.formats.ical.parsed import (
    Zones,
    as_days,
    at_midnight,
    comparable,
    ends_a_minute_early,
    exported_start,
    is_marked,
    is_utc,
    local,
    method_of,
    said,
    start_of,
    uid_of,
)
from trialsched.formats.ical.uids import event_name, owner_name, study_key_of
from trialsched.formats.ical.writing import PRODID
from trialsched.plan import Plan
from trialsched.subject import VisitRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.clinic import Clinic
    from trialsched.plan import PlannedVisit


_MOST_PROBLEMS = 1000
_NAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # of an event or a subject of ours


class Bookings(dict[str, tuple[VisitRecord, ...]]):
    """Bookings by subject code, in the order of the plan; `notes` say what a person should look at."""

    notes: tuple[str, ...] = ()


class _Known(NamedTuple):
    """A visit that an event may be of."""

    subject: str
    row: PlannedVisit
    ended: date | None

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"{self.subject} {self.row.code}"


class _Given(NamedTuple):
    """What an event said when it was given out: where it stood, whether as booked, and its start by its own mark."""

    places: frozenset[object]
    booked: bool
    start: date | None = None

    def unmoved(self, exact: date, days: date) -> date:
        """Return where an event stands that nobody moved: by its mark, whatever the zone of the file says of it now."""
        if self.start is not None:
            return self.start
        return exact if comparable(exact) in self.places else days


_NOTES = {
    "lost": "lost the date that was exported, compared with the plan's own",
    "cancelled": "cancelled in the calendar, not in the plan: no booking",
    "one-l": "STATUS:CANCELED, which RFC 5545 writes with two L, is read as cancelled: no booking",
    "titled": "its title says that it is cancelled: no booking; if it holds, take that word out of the title",
    "minute": "from 00:00 to 23:59, read as the whole day: booked without a time",
    "unconfirmed": "booked when given out, not confirmed any more: no booking",
    "confirmed": "confirmed in the calendar on the date that was computed: read as booked",
    "everything": "confirmed on the date that was computed, as some programs write of every event: no booking",
    "attended": "moved, though the plan has it as attended: read as booked",
    "other": "not moved since it was given out, but the plan has another date as booked",
    "unreadable": "events that cannot be read and are none of these plans, passed over",
    "gone": "events of these subjects under ids of no visit of the plan, passed over: copies, or visits that left it",
    "clocks": "booked at a time that the clocks skip or show twice: say which is meant before it is written",
    "strangers": "events of other subjects or study keys, passed over",
    "copies": "the title of this visit under an id that is not ours, passed over: a program gave it a new id",
    # RFC 5546, section 3.2: what a calendar is sent for
    "CANCEL": "called off in a message (METHOD:CANCEL): no booking",
    "REPLY": "an answer to an invitation (METHOD:REPLY), not what a calendar holds: no booking",
    "COUNTER": "another time is proposed (METHOD:COUNTER), and not agreed: no booking",
    "DECLINECOUNTER": "a proposed time is declined (METHOD:DECLINECOUNTER): no booking",
    "ADD": "one more time for an event (METHOD:ADD), and a visit has one: no booking",
    "REFRESH": "a question for the latest edition (METHOD:REFRESH): no booking",
    "message": "a message of a kind that is not known (METHOD): no booking",
}
# RFC 5546, sections 3.2.1 and 3.2.2: what is published, and what its organizer asks for, is what a calendar holds.
_CALENDARS = ("", "PUBLISH", "REQUEST")


def loads(
    data: bytes | str | Sequence[bytes | str],
    plans: Plan | Iterable[Plan],
    *,
    study_key: str | None = None,
    previous: bytes | str | None = None,
    clinic: Clinic | None = None,
    limits: Limits = LIMITS,
) -> Bookings:
    """Return the bookings in exports of ours, by subject code: dates, and times local at the clinic.

    UIDs cannot be reversed: they are matched against those that the plans would have, in any case. An event whose
    start is not what `previous` (the export that was given out) says, else its X-TRIALSCHED-DATE, was moved by a
    person and is a booking; with neither it is compared with the plan's own date, and `notes` says so.

    An event that was not moved is a booking when it was one as it was given out, by `previous`, else by the plan.
    Its STATUS decides instead when X-TRIALSCHED-DATE is still there: a program that keeps what it does not know keeps
    that too, and CONFIRMED or TENTATIVE is what a person chose. Where it is lost, a CONFIRMED alone makes no booking:
    Google and others write it of every event. A TENTATIVE or CANCELLED event is none; `notes` names those that were
    booked. What the plan has as attended is not booked, unless moved.

    A file with a METHOD is a message (RFC 5546): what is published or requested counts as a calendar does, any other
    makes no booking. No booking are events of STATUS:CANCELED, with one L, or with a title that begins with
    'Canceled:'; one from 00:00 to 23:59 is a day. `notes` names them all.

    Events of others are passed over when some are of these plans. `clinic` gives the zone that times are told in;
    without it they are told as the event tells them, which must not be UTC. Several files are one: `data` may be a
    list. Raises `InvalidTypeError`, and `InvalidValueError` for what is no calendar or past a limit, for events none
    of which is of these plans, for a visit that was made to repeat, and for two events of one visit that differ; of
    several faults a `DocumentError` with each.
    """
    if not isinstance(data, (bytes, str, list, tuple)):
        message = f"the bytes or text of a calendar are meant, or a list of them; read {shown(data)}"
        raise InvalidTypeError(message)
    reading = _Reading([plans] if isinstance(plans, Plan) else plans, study_key, clinic, limits)
    if previous is not None:
        reading.keep_given(previous)
    for one in [data] if isinstance(data, (bytes, str)) else data:
        reading.read(one)
    return reading.done()


def load(
    fp: IO[bytes] | IO[str],
    plans: Plan | Iterable[Plan],
    *,
    study_key: str | None = None,
    previous: bytes | str | None = None,
    clinic: Clinic | None = None,
    limits: Limits = LIMITS,
) -> Bookings:
    """Read bookings from an open file, as `loads` does."""
    data = fp.read(limits.octets + 1)
    return loads(data, plans, study_key=study_key, previous=previous, clinic=clinic, limits=limits)


class _Reading:
    """Goes through files, event by event."""

    def __init__(self, plans: Iterable[Plan], study_key: str | None, clinic: Clinic | None, limits: Limits) -> None:
        self.limits = limits
        self.zone = clinic.zone if clinic else None
        self.subjects: list[str] = []
        self.known: dict[str, _Known] = {}
        self.others: set[str] = set()  # UIDs of windows, and the marks of the subjects
        self.given: dict[str, _Given] = {}
        self.found: dict[str, VisitRecord | None] = {}
        self.notes: dict[tuple[str, str], list[str]] = {}  # codes of visits, by kind and subject
        self.files = self.own = self.events = self.matched = 0
        self.problems: list[Problem] = []
        self.passed = {"unreadable": 0, "strangers": 0, "gone": 0}
        self.stranger = ""
        for index, plan in enumerate(plans):
            if not isinstance(plan, Plan):
                message = f"a Plan is meant, or several; read {shown(plan)}"
                raise InvalidTypeError(message, where=f"plans[{index}]")
            key, code = study_key_of(plan, study_key), plan.subject.code
            self.subjects.append(code)
            self.others.add(owner_name(key, code))
            for row in plan:
                self.known[event_name(key, code, row.code)] = _Known(code, row, plan.subject.ended)
                self.others.add(event_name(key, code, row.code, "window"))
        self.titles = Titles((known.subject, known.row.code) for known in self.known.values())

    def keep_given(self, previous: bytes | str) -> None:
        """Remember what the events said when they were given out."""
        try:
            file = read_calendars(previous, self.limits)
            zones = Zones(file, self.limits)
            for block in file.blocks:
                if block.name == "VEVENT":
                    self._keep(properties(block), zones)
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where="previous") from None

    def _keep(self, event: Properties, zones: Zones) -> None:
        if self.known.keys().isdisjoint(_names(event)) or event.all("RECURRENCE-ID"):
            return
        uid = uid_of(event)
        if uid in self.known:
            booked = _status(event) == "CONFIRMED"
            self.given[uid] = _Given(frozenset(map(comparable, self._places(event, zones)[:2])), booked)

    def read(self, data: bytes | str) -> None:
        self.files += 1
        file = read_calendars(data, self.limits)
        maker = f"PRODID:{PRODID}".upper()  # one of ours has no event when no visit is to come
        self.own += any(unfold(line).upper() == maker for line in file.head)
        zones = Zones(file, self.limits)
        methods = [method_of(head) for head in file.heads]
        for block in file.blocks:
            if block.name == "VEVENT":
                self.events += 1
                self._read_event(properties(block), zones, methods[block.calendar])

    def _read_event(self, event: Properties, zones: Zones, method: str) -> None:
        """Read an event. One that cannot be read is passed over when it names no visit of the plans."""
        try:
            self._event(event, uid_of(event), zones, method)
        except InvalidValueError as error:
            known = next((self.known[name] for name in _names(event) if name in self.known), None)
            if known is None:
                self.passed["unreadable"] += 1
            else:
                self._problem(known.name, error.message)

    def _problem(self, where: str, message: str) -> None:
        self.problems.append(Problem(where, "", "", message))
        if len(self.problems) >= _MOST_PROBLEMS:
            self._refuse()

    def _refuse(self) -> None:
        """Raise what is wrong, if anything is."""
        if len(self.problems) == 1:
            raise InvalidValueError(self.problems[0].message, where=self.problems[0].where)
        if self.problems:
            raise DocumentError(tuple(self.problems))

    def _event(self, event: Properties, uid: str, zones: Zones, method: str) -> None:
        known = self.known.get(uid)
        if known is None:
            self._not_ours(event, uid)
            return
        self.matched += 1
        record = None
        if method in _CALENDARS:
            record = self._booking(event, uid, known, zones)
        else:
            self._note(method if method in _NOTES else "message", known)
            if method != "CANCEL":
                return
        if self.found.setdefault(uid, record) != record:
            message = "two events of this visit, which differ: delete the one that does not hold"
            raise InvalidValueError(message)

    def _not_ours(self, event: Properties, uid: str) -> None:
        """Count an event that is of no visit of the plans: a window, a visit that left the plan, a copy, or others'."""
        marks = {line.text.strip().lower() for line in event.all("X-TRIALSCHED-SUBJECT")}
        mine = uid in self.others or not marks.isdisjoint(self.others)
        self.matched += mine
        if mine and uid not in self.others and _status(event) != "CANCELLED":
            self.passed["gone"] += 1
        if mine:
            return
        marked = is_marked(event)
        self.passed["strangers"] += marked
        self.stranger = self.stranger or uid
        visit = None if marked else self.titles.visit_of(event)
        if visit is not None:
            self._note_code("copies", *visit)

    def _booking(self, event: Properties, uid: str, known: _Known, zones: Zones) -> VisitRecord | None:
        row = known.row
        if any(event.all(name) for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            message = "the event was made to repeat: a visit is booked for one day"
            raise InvalidValueError(message)
        status = _status(event)
        if self._is_off(event, status, known):
            return None
        given = self._given(event, uid, known, zones)
        exact, start, early = self._places(event, zones)
        if given.places.isdisjoint((comparable(exact), comparable(start))):
            if row.attended is not None:
                self._note("attended", known)
            if early:
                self._note("minute", known)
            return self._record(known, start)
        booked = given.booked
        if status and (event.all("X-TRIALSCHED-DATE") or status != "CONFIRMED"):
            booked = status == "CONFIRMED"
        if row.attended is not None:
            return None
        if booked is not given.booked:
            self._note("confirmed" if booked else "unconfirmed", known)
        elif status == "CONFIRMED" and not booked:
            self._note("everything", known)
        if not booked:
            return None
        record = self._record(known, given.unmoved(exact, start))
        if row.booked is not None and record.booked != row.booked:
            self._note("other", known)
        return record

    def _is_off(self, event: Properties, status: str, known: _Known) -> bool:
        """Return whether an event is cancelled, in whatever way, and say so where the plan has it otherwise."""
        way = _called_off(event, status)
        if way == "one-l" or (way and placed(known.row, known.ended)[2] != "CANCELLED"):
            self._note(way, known)
        return bool(way)

    def _places(self, event: Properties, zones: Zones) -> tuple[date, date, bool]:
        """Return (start as it stands, start as a date when the event lasts whole days, whether but for a minute).

        The length of an event is asked for only where it decides whether it is a day.
        """
        start = start_of(event, zones)
        days, early = start, False
        if at_midnight(start, self.zone):
            what = said(event, zones)
            days, early = as_days(what, self.zone), ends_a_minute_early(what, self.zone)
        exact = start
        if isinstance(start, datetime) and start.tzinfo is None and self.zone is not None:
            exact = start.replace(tzinfo=ZoneInfo(self.zone))  # floating: the clocks at the clinic
        return exact, days if days != start else exact, early

    def _given(self, event: Properties, uid: str, known: _Known, zones: Zones) -> _Given:
        """Return what the event said when it was given out."""
        if uid in self.given:
            return self.given[uid]
        day, timed, status, _ = placed(known.row, known.ended)
        place: object = day
        exported = exported_start(event, zones)
        if exported is not None:
            place = comparable(exported)
        else:
            self._note("lost", known)
            clock = known.row.booked_time if timed else None
            if clock is not None and self.zone is not None:
                place = comparable(datetime.combine(day, clock, ZoneInfo(self.zone)))
        return _Given(frozenset([place]), status == "CONFIRMED", exported_start(event))

    def _note(self, kind: str, known: _Known) -> None:
        self._note_code(kind, known.subject, known.row.code)

    def _note_code(self, kind: str, subject: str, code: str) -> None:
        codes = self.notes.setdefault((subject, kind), [])
        if code not in codes:
            codes.append(code)

    def _record(self, known: _Known, start: date) -> VisitRecord:
        row = known.row
        if not isinstance(start, datetime):
            return VisitRecord(row.code, booked=start)
        if self.zone is None and is_utc(start):
            message = (
                f"booked at {start:%Y-%m-%d %H:%M} UTC: the clinic's zone is needed to say what time that is there"
            )
            raise InvalidValueError(message)
        wall = local(start, self.zone)
        there = None if self.zone is None else wall.replace(tzinfo=ZoneInfo(self.zone))
        if not all(map(_once, (start, there))):
            self._note("clocks", known)
        return VisitRecord(row.code, booked=wall.date(), booked_time=wall.time().replace(second=0, fold=0))

    def done(self) -> Bookings:
        self._refuse()
        if self.files and not self.events and not self.own:
            message = "there is no event in it"
            raise InvalidValueError(message)
        if self.events and not self.matched:
            raise InvalidValueError(self._none_of_ours(), where="UID")
        records: dict[str, list[VisitRecord]] = {subject: [] for subject in self.subjects}
        for uid, known in self.known.items():
            record = self.found.get(uid)
            if record is not None:
                records[known.subject].append(record)
        found = Bookings({subject: tuple(several) for subject, several in records.items()})
        notes = [f"{subject} {', '.join(codes)}: {_NOTES[kind]}" for (subject, kind), codes in self.notes.items()]
        notes += [f"{_NOTES[kind]}: {count}" for kind, count in self.passed.items() if count]
        found.notes = tuple(notes)
        return found

    def _none_of_ours(self) -> str:
        message = (
            f"the event {shown(self.stranger)!r} is of none of these plans, nor is any other "
            "(another subject, visit or study key)"
        )
        copies = [f"{subject} {codes[0]}" for (subject, kind), codes in self.notes.items() if kind == "copies"]
        if copies:
            message += (
                f"; some have the titles of these visits, as {copies[0]!r}: another study key, or a program that"
                " gave all events new ids: read the calendar that they were copied from"
            )
        return message


def _names(event: Properties) -> list[str]:
    """Return the ids in the form of ours that an event's UID lines hold, whatever else stands in them."""
    return [name for line in event.all("UID") for name in _NAME.findall(unfold(line.raw).lower())]


def _once(moment: datetime | None) -> bool:
    """Return whether the clocks of its zone show a time once (PEP 495: else its two readings differ)."""
    return moment is None or moment.replace(fold=0).utcoffset() == moment.replace(fold=1).utcoffset()


def _called_off(event: Properties, status: str) -> str:
    """Return what says that an event is cancelled, '' when nothing does."""
    if status == "CANCELLED":
        return "cancelled"
    if status == "CANCELED":
        return "one-l"
    return "titled" if titled_as_cancelled(event) else ""


def _status(event: Properties) -> str:
    return event.text("STATUS").strip().upper()

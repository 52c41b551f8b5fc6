"""Calendars read back: what people booked by dragging our events."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from trialsched._text import shown
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.ical.events import placed
from trialsched.formats.ical.lines import LIMITS, Block, Limits, Properties, cut, properties, unfold
from trialsched.formats.ical.parsed import Zones, as_days, comparable, exported_start, is_marked, local, said, uid_of
from trialsched.formats.ical.uids import event_name, owner_name, study_key_of
from trialsched.formats.ical.zones import appointment
from trialsched.plan import Plan
from trialsched.subject import VisitRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.clinic import Clinic
    from trialsched.plan import PlannedVisit


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
    """What an event said when it was given out: where it stood, and whether as booked."""

    places: frozenset[object]
    booked: bool


_NOTES = {
    "lost": "lost the date that was exported, compared with the plan's own",
    "cancelled": "cancelled in the calendar, not in the plan: no booking",
    "unconfirmed": "booked when given out, not confirmed any more: no booking",
    "confirmed": "confirmed in the calendar on the date that was computed: read as booked",
    "everything": "confirmed on the date that was computed, as some programs write of every event: no booking",
    "attended": "moved, though the plan has it as attended: read as booked",
    "other": "not moved since it was given out, but the plan has another date as booked",
    "unreadable": "events that cannot be read and are none of these plans, passed over",
    "gone": "events of these subjects under ids of no visit of the plan, passed over: copies, or visits that left it",
    "clocks": "booked at a time that the clocks skip or show twice: say which is meant before it is written",
    "strangers": "events of other subjects or study keys, passed over",
}


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

    Events of others are passed over when some are of these plans. `clinic` gives the zone that times are told in;
    without it they are told as the event tells them, which must not be UTC. Several files are one: `data` may be a
    list. Raises `InvalidTypeError`, and `InvalidValueError` for what is no calendar or past a limit, for events none
    of which is of these plans, for a visit that was made to repeat, and for two events of one visit that differ.
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
        self.files = self.events = self.matched = 0
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

    def keep_given(self, previous: bytes | str) -> None:
        """Remember what the events said when they were given out."""
        try:
            file = cut(previous, self.limits)
            zones = Zones(file, self.limits)
            for block in file.blocks:
                event = self._ours(block)
                uid = uid_of(event) if event else ""
                if event is not None and uid in self.known and not event.all("RECURRENCE-ID"):
                    booked = _status(event) == "CONFIRMED"
                    self.given[uid] = _Given(frozenset(map(comparable, self._places(event, zones))), booked)
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where="previous") from None

    def read(self, data: bytes | str) -> None:
        self.files += 1
        file = cut(data, self.limits)
        zones = Zones(file, self.limits)
        for block in file.blocks:
            event = self._ours(block)
            if event is not None:
                self._event(event, zones)

    def _ours(self, block: Block) -> Properties | None:
        """Read an event. One that cannot be read is passed over when it names no visit of the plans."""
        if block.name != "VEVENT":
            return None
        try:
            return properties(block)
        except InvalidValueError as error:
            names = _NAME.findall(unfold(block.raw).lower())
            known = next((self.known[name] for name in names if name in self.known), None)
            if known is not None:
                raise InvalidValueError(error.message, where=known.name) from None
            self.events += 1
            self.passed["unreadable"] += 1
            return None

    def _event(self, event: Properties, zones: Zones) -> None:
        self.events += 1
        uid = uid_of(event)
        known = self.known.get(uid)
        if known is None:
            mine = uid in self.others or event.text("X-TRIALSCHED-SUBJECT").strip().lower() in self.others
            self.matched += mine  # a visit that left the plan, or a window: no booking
            if mine and uid not in self.others and _status(event) != "CANCELLED":
                self.passed["gone"] += 1
            if not mine:
                self.passed["strangers"] += is_marked(event)
                self.stranger = self.stranger or uid
            return
        self.matched += 1
        try:
            record = self._booking(event, uid, known, zones)
        except InvalidValueError as error:
            raise InvalidValueError(error.message, where=known.name) from None
        if self.found.setdefault(uid, record) != record:
            message = "two events of this visit, which differ: delete the one that does not hold"
            raise InvalidValueError(message, where=known.name)

    def _booking(self, event: Properties, uid: str, known: _Known, zones: Zones) -> VisitRecord | None:
        row = known.row
        if any(event.all(name) for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            message = "the event was made to repeat: a visit is booked for one day"
            raise InvalidValueError(message)
        status = _status(event)
        if status == "CANCELLED":
            if placed(row, known.ended)[2] != status:
                self._note("cancelled", known)
            return None
        given = self._given(event, uid, known)
        exact, start = self._places(event, zones)
        if given.places.isdisjoint((comparable(exact), comparable(start))):
            if row.attended is not None:
                self._note("attended", known)
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
        record = self._record(known, exact if comparable(exact) in given.places else start)
        if row.booked is not None and record.booked != row.booked:
            self._note("other", known)
        return record

    def _places(self, event: Properties, zones: Zones) -> tuple[date, date]:
        """Return (start as it stands, start as a date when the event lasts whole days)."""
        what = said(event, zones)
        start = what.start
        if isinstance(start, datetime) and start.tzinfo is None and self.zone is not None:
            start = start.replace(tzinfo=ZoneInfo(self.zone))  # floating: the clocks at the clinic
        days = as_days(what, self.zone)
        return start, days if days != what.start else start

    def _given(self, event: Properties, uid: str, known: _Known) -> _Given:
        """Return what the event said when it was given out."""
        if uid in self.given:
            return self.given[uid]
        day, timed, status, _ = placed(known.row, known.ended)
        place: object = day
        exported = exported_start(event)
        if exported is not None:
            place = comparable(exported)
        else:
            self._note("lost", known)
            clock = known.row.booked_time if timed else None
            if clock is not None and self.zone is not None:
                place = comparable(datetime.combine(day, clock, ZoneInfo(self.zone)))
        return _Given(frozenset([place]), status == "CONFIRMED")

    def _note(self, kind: str, known: _Known) -> None:
        codes = self.notes.setdefault((known.subject, kind), [])
        if known.row.code not in codes:
            codes.append(known.row.code)

    def _record(self, known: _Known, start: date) -> VisitRecord:
        row = known.row
        if not isinstance(start, datetime):
            return VisitRecord(row.code, booked=start)
        if self.zone is None and start.tzinfo is UTC:
            message = (
                f"booked at {start:%Y-%m-%d %H:%M} UTC: the clinic's zone is needed to say what time that is there"
            )
            raise InvalidValueError(message)
        wall = local(start, self.zone)
        if self.zone is not None and not self._once(wall):
            self._note("clocks", known)
        return VisitRecord(row.code, booked=wall.date(), booked_time=wall.time().replace(second=0, fold=0))

    def _once(self, wall: datetime) -> bool:
        """Return whether the clinic's clocks show a time once: else a calendar cannot be made of the record."""
        try:
            appointment(wall.date(), wall.time().replace(fold=0), str(self.zone), where="")
        except InvalidValueError:
            return False
        return True

    def done(self) -> Bookings:
        if self.files and not self.events:
            message = "there is no event in it"
            raise InvalidValueError(message)
        if self.events and not self.matched:
            message = (
                f"the event {shown(self.stranger)!r} is of none of these plans, nor is any other "
                "(another subject, visit or study key)"
            )
            raise InvalidValueError(message, where="UID")
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


def _status(event: Properties) -> str:
    return event.text("STATUS").strip().upper()

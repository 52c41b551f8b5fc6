"""What each event of a calendar says, before it is written: dates, status and words for a reader."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from trialsched.errors import DateOutOfRangeError, InvalidValueError
from trialsched.formats.ical import zones
from trialsched.formats.ical.lines import escape
from trialsched.formats.ical.style import STAFF, Style, trigger
from trialsched.formats.ical.uids import event_name, owner_name
from trialsched.formats.ical.words import DEFAULT, Language, language
from trialsched.offsets import PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import time

    from trialsched.clinic import Clinic
    from trialsched.offsets import DateRange
    from trialsched.plan import Plan, PlannedVisit

MAX_SUMMARY = 255  # octets
_DAY = timedelta(1)
Number = tuple[int, int]  # which visit of how many


class Event(NamedTuple):
    """What one event says. `start` and `end` are dates, the end exclusive, or local times in one zone.

    `stays`: a participant's event of a missed visit. It is never new, and stays as it was given out, only transparent.
    """

    uid: str
    owner: str
    visit: str
    start: date
    end: date
    summary: str
    description: str
    status: str
    transparent: bool
    audience: str = "staff"
    location: str = ""
    geo: tuple[float, float] | None = None
    tel: str = ""
    categories: tuple[str, ...] = ()
    related: str = ""
    triggers: tuple[str, ...] = ()
    zone: str = ""
    stays: bool = False

    @property
    def new(self) -> bool:
        """Whether it is written where no event of its UID was before: nobody is told that nothing is called off."""
        return self.status != "CANCELLED" and not self.stays


class State(NamedTuple):
    """On which day an event stands, whether that is the booked one, its STATUS, and whether it is transparent."""

    day: date
    timed: bool
    status: str
    transparent: bool


class Reader(NamedTuple):
    """For whom and from where events are written: all that they need besides the plan."""

    style: Style
    language: Language
    clinic: Clinic | None
    combined: bool


def reader(plan: Plan, style: Style = STAFF, clinic: Clinic | None = None, *, combined: bool = False) -> Reader:
    """Return the reader of a plan's calendar, its language decided."""
    tag = style.language
    if tag is None and style.audience == "participant" and plan.subject.language is not None:
        return Reader(style, language(plan.subject.language, "subject.language"), clinic, combined)
    if tag is None and clinic is not None and clinic.language is not None:
        return Reader(style, language(clinic.language, "clinic.language"), clinic, combined)
    return Reader(style, language(tag or DEFAULT), clinic, combined)


def told(plan: Plan, style: Style) -> list[PlannedVisit]:
    """Return the rows that a reader may see: for the blind none that belongs to some arms only."""
    if style.audience != "blind":
        return list(plan)
    arms = set(plan.protocol.arms)
    return [row for row in plan if not row.visit.arms or set(row.visit.arms) == arms]


def events(plan: Plan, key: str, reader: Reader) -> list[Event]:
    """Return the events of a plan in its order, each visit's window after it when windows are asked for.

    Raises `InvalidValueError` for a booked time without a clinic's zone, or which that zone does not have once, and
    `DateOutOfRangeError`.
    """
    rows = told(plan, reader.style)
    participant = reader.style.audience == "participant"
    write = _participant_words if participant else _staff_words
    write_window = _participant_window if participant else _staff_window
    found = []
    for row, number in zip(rows, _numbered(rows), strict=True):
        state = placed(row, plan.subject.ended)
        stays = participant and state.status == "CANCELLED" and not _not_expected(row, plan.subject.ended)
        if stays:
            state = State(state.day, timed=False, status="TENTATIVE", transparent=True)
        event = _event(plan, row, key, reader, state=state, words=write(plan, row, reader, state.status, number))
        event = event._replace(stays=True, triggers=()) if stays else event
        found.append(event)
        window = row.window if reader.style.windows else None
        if window is not None:
            summary, description = write_window(plan, row, reader, state.status, number)
            uid = event_name(key, plan.subject.code, row.code, "window")
            days = _window_event(event, window, uid)
            found.append(days._replace(visit=f"{row.code} window", summary=summary, description=description))
    return found


def _numbered(rows: list[PlannedVisit]) -> Iterator[Number]:
    """Yield (number, how many) of each row: by target, those of one day in the protocol's order."""
    order = sorted(range(len(rows)), key=lambda index: rows[index].target)
    places = {row: number for number, row in enumerate(order, 1)}
    return ((places[index], len(rows)) for index in range(len(rows)))


def _event(
    plan: Plan,
    row: PlannedVisit,
    key: str,
    reader: Reader,
    *,
    state: State,
    words: tuple[str, str],
) -> Event:
    subject, day = plan.subject, state.day
    start, end, zone = day, _next(day, row.code), ""
    clock = row.booked_time if state.timed else None
    if clock is not None:
        if reader.clinic is None:
            message = (
                f"booked for {day} at {clock.hour:02}:{clock.minute:02}: a time needs the clinic's zone "
                "(`clinic=` or --clinic; there is none to guess)"
            )
            raise InvalidValueError(message, where=row.code)
        zone = reader.clinic.zone
        start, end = zones.booked_span(day, clock, zone, reader.clinic.duration(row.code, row.mode), where=row.code)
    triggers: list[str] = []
    if reader.style.alarms and state.status != "CANCELLED" and row.attended is None:
        found = (trigger(before, all_day=not zone) for before in reader.style.alarms)
        triggers = [value for value in found if value is not None]
    event = Event(
        event_name(key, subject.code, row.code),
        owner_name(key, subject.code),
        row.code,
        start,
        end,
        *words,
        state.status,
        state.transparent,
        reader.style.audience,
        zone=zone,
        triggers=tuple(triggers),
        categories=(subject.code, reader.language.modes[row.mode]) if reader.combined else (),
    )
    return event if reader.clinic is None else _with_place(event, row.mode, reader.clinic)


def placed(row: PlannedVisit, ended: date | None) -> State:
    """Return the state of a visit's event: attended, not expected any more or missed, booked, computed."""
    attended, booked = row.attended, row.booked
    day, timed = booked or row.target, booked is not None
    if isinstance(attended, PartialDate):  # no day to stand on
        return State(day, timed, "CONFIRMED", transparent=False)
    if attended is not None:
        return State(attended, timed=False, status="CONFIRMED", transparent=False)
    if row.outcome == "missed" or _not_expected(row, ended):
        return State(day, timed, "CANCELLED", transparent=True)
    return State(day, timed, "CONFIRMED" if booked else "TENTATIVE", transparent=booked is None)


def _not_expected(row: PlannedVisit, ended: date | None) -> bool:
    """Return whether a visit was still open when participation ended, whatever was recorded of it since."""
    return ended is not None and (row.latest or row.target) > ended


def _window_event(event: Event, days: DateRange, uid: str) -> Event:
    """Return a visit's window, without words, as a transparent event from its first day to its last."""
    return event._replace(
        uid=uid,
        start=days.earliest,
        end=_next(days.latest, event.visit),
        status="CANCELLED" if event.status == "CANCELLED" else "CONFIRMED",
        transparent=True,
        location="",
        geo=None,
        tel="",
        related=event.uid,
        triggers=(),
        zone="",
    )


def _next(day: date, where: str) -> date:
    try:
        return day + _DAY
    except OverflowError:
        message = f"{day} has no day after it, and a calendar's end is exclusive"
        raise DateOutOfRangeError(message, where=where) from None


def _with_place(event: Event, mode: str, clinic: Clinic) -> Event:
    """Add where the visit is: the clinic's address, or for a visit by phone the number that calls."""
    contact = clinic.contact
    if mode == "phone" and contact.phone:
        return event._replace(location=contact.phone, tel=contact.tel or "")
    if mode == "on-site":
        lines = f"{contact.name or ''}\n{contact.address or ''}".split("\n")
        place = ", ".join(line.strip() for line in lines if line.strip())
        return event._replace(location=place, geo=contact.geo)
    return event


# Words for staff.


def _staff_words(plan: Plan, row: PlannedVisit, reader: Reader, status: str, _: Number) -> tuple[str, str]:
    words = reader.language
    cancelled = f"{words.staff['cancelled']} " if status == "CANCELLED" else ""
    return staff_title(plan.subject.code, row.code, cancelled), _staff_description(plan, row, words)


def staff_title(subject: str, visit: str, before: str = "") -> str:
    """Return the title of a visit's event for staff."""
    return shortened(f"{before}{subject} {visit}", f" {visit}")


def _staff_window(plan: Plan, row: PlannedVisit, reader: Reader, status: str, _: Number) -> tuple[str, str]:
    words = reader.language
    cancelled = f"{words.staff['cancelled']} " if status == "CANCELLED" else ""
    tail = f" {row.code} {words.staff['window_event']}"
    return shortened(f"{cancelled}{plan.subject.code}{tail}", tail), _window_in_words(row, words)


def shortened(summary: str, tail: str) -> str:
    """Cut a title before its tail, so that the whole as it is written has at most 255 octets."""
    if len(summary) * 4 <= MAX_SUMMARY:
        return summary
    stem = summary.removesuffix(tail)
    while len(escape(summary).encode()) > MAX_SUMMARY:
        stem = stem[:-1]
        summary = f"{stem}\u2026{tail}"
    return summary


def _staff_description(plan: Plan, row: PlannedVisit, words: Language) -> str:
    template, state = words.template(row), _state(plan, row, words)
    if template is None or row.earliest is None or row.latest is None:
        return _described(row, words, state)
    day, target, first, last = words.day, row.target, row.earliest, row.latest
    described = template.format(
        target_day=day(target),
        first_day=day(first),
        last_day=day(last),
        protocol_day=row.protocol_day,
        reference=row.reference.isoformat(),
        target=target.isoformat(),
        first=first.isoformat(),
        last=last.isoformat(),
    )
    return f"{state}\n{described}"


def _described(row: PlannedVisit, words: Language, state: str) -> str:
    """Return the description of any row, phrase by phrase."""
    phrases = words.staff
    lines = [state, phrases["target"].format(day=words.day(row.target))]
    lines.append(_window_in_words(row, words))
    lines.append(phrases["protocol_day"].format(day=row.protocol_day))
    lines.append(phrases["mode"].format(mode=words.modes[row.mode]))
    lines.append(phrases["why"].format(why=words.why(row)))
    if row.provisional:
        lines.append(phrases["provisional"])
    return "\n".join(lines)


def _window_in_words(row: PlannedVisit, words: Language) -> str:
    phrases, window = words.staff, row.visit.timing.window
    if window is None:
        return phrases["no_window"]
    note = phrases["assumed"] if row.visit.timing.assumed else ""
    if row.earliest is None or row.latest is None:
        return phrases["empty_window"].format(window=words.window_words(window), note=note)
    note += phrases["cut"] if row.limits and row.window != window.around(row.target) else ""
    first, last = words.day(row.earliest), words.day(row.latest)
    return phrases["window"].format(first=first, last=last, window=words.window_words(window), note=note)


def _state(plan: Plan, row: PlannedVisit, words: Language) -> str:
    """Return in words whether the date is computed, agreed, past or called off."""
    phrases, day = words.staff, words.day
    attended, booked, clock = row.attended, row.booked, row.booked_time
    at = {"time": f"{clock.hour:02}:{clock.minute:02}"} if clock else {}
    if attended is not None:
        held = "withheld" if row.outcome == "withheld" else "attended"
        if isinstance(attended, PartialDate):
            key = "withheld_partly" if held == "withheld" else "partly"
            state = phrases[key].format(month=attended)
        else:
            state = phrases[held].format(day=day(attended))
        if booked and _booked_again(row):
            return phrases["again_at" if at else "again"].format(state=state, day=day(booked), **at)
        return state
    ended = plan.subject.ended
    if ended is not None and _not_expected(row, ended):
        return phrases["ended"].format(day=day(ended))
    if row.outcome == "missed":
        return phrases["missed"]
    if booked:
        return phrases["booked_at" if at else "booked"].format(day=day(booked), **at)
    return phrases["projected"]


def _booked_again(row: PlannedVisit) -> bool:
    """Return whether a visit that was withheld has an open appointment: the withheld record's own is none."""
    return row.outcome == "withheld" and any(record.booked and record.outcome is None for record in row.records)


# Words for participants: a number, what to do, and days in words; no code, no name, no treatment.


def _participant_words(_: Plan, row: PlannedVisit, reader: Reader, status: str, number: Number) -> tuple[str, str]:
    words, phrases = reader.language, reader.language.participant
    summary: str = phrases["summary"].format(number=number[0], total=number[1])
    if status == "CANCELLED":
        return f"{phrases['cancelled']} {summary}", phrases["called_off"]
    if row.attended is not None:
        return summary, _participant_past(row, words)
    title = phrases["title"].get(row.mode)
    if title:
        summary = phrases["with_mode"].format(summary=summary, mode=title)
    lines = [phrases["modes"][row.mode]]
    if row.booked:
        lines.append(_agreed("booked", row.booked, row.booked_time, words))
    else:
        lines.append(phrases["projected"].format(day=words.date(row.target)))
    if not row.booked and row.window is not None:
        lines.append(_possible(row.window, words))
    return summary, "\n".join(lines)


def _agreed(key: str, day: date, clock: time | None, words: Language) -> str:
    phrases = words.participant
    phrase: str = phrases[f"{key}_at" if clock else key]
    return phrase.format(day=words.date(day), time=f"{clock.hour:02}:{clock.minute:02}" if clock else "")


def _participant_past(row: PlannedVisit, words: Language) -> str:
    """Return that a visit was held, and when it was not all: for when it is agreed again."""
    phrases = words.participant
    lines: list[str] = [phrases["partly"]]
    if isinstance(row.attended, date):
        lines = [phrases["attended"].format(day=words.date(row.attended))]
    if row.booked and _booked_again(row):
        lines.append(_agreed("again", row.booked, row.booked_time, words))
    return "\n".join(lines)


def _participant_window(_: Plan, row: PlannedVisit, reader: Reader, status: str, number: Number) -> tuple[str, str]:
    words, phrases = reader.language, reader.language.participant
    title = phrases["summary"].format(number=number[0], total=number[1])
    summary: str = phrases["window_event"].format(summary=title)
    if status == "CANCELLED" or row.window is None:
        return f"{phrases['cancelled']} {summary}", phrases["called_off"]
    return summary, _possible(row.window, words)


def _possible(days: DateRange, words: Language) -> str:
    phrase: str = words.participant["window"]
    return phrase.format(first=words.date(days.earliest), last=words.date(days.latest))

"""Calendars: one all-day event for each visit of a plan, and our own exports read back.

RFC 5545 with the care that calendar programs need: UIDs that stay for ever and say nothing about the person,
no METHOD, dates without a zone, an exclusive end, CRLF, lines of at most 75 octets. Nothing about the trial
but the protocol's fingerprint is written.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import IO, TYPE_CHECKING, Final, NamedTuple
from uuid import UUID, uuid5

import icalendar

from trialsched._text import nfc, shown, unprintable
from trialsched.errors import DateOutOfRangeError, InvalidTypeError, InvalidValueError
from trialsched.offsets import PartialDate, parse_date
from trialsched.plan import WEEKDAYS, Plan
from trialsched.subject import VisitRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.plan import PlannedVisit

PRODID: Final = "-//trialsched//trialsched//EN"
UID_NAMESPACE: Final = UUID("afc55f27-d4ef-457a-a82d-d92d6e163031")
_ROLES = ("visit", "window")
_MAX_SUMMARY = 255  # octets
_MAX_LINE = 75  # octets, RFC 5545 section 3.1, the line break not counted
_MODES = {"on-site": "on site", "phone": "by phone", "video": "by video", "home": "at home"}
_DAY = timedelta(1)
# What icalendar raises on files that are no calendars, found by fuzzing.
_UNREADABLE = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


def uid(study_key: str, subject: str, visit: str, role: str = "visit") -> str:
    """Return the UID of an event: UUIDv5 of the study key, subject code, visit code and role. It is for ever.

    RFC 7986, section 5.3: globally unique, and nothing about the person or the machine in it. `role` is 'visit' or
    'window'. Raises `InvalidValueError` for a text that is empty or holds a control character.

    >>> uid("alstem", "P01-007", "DOSE1")
    '3f846907-3666-5493-9a35-d791e1d1406c'
    """
    if role not in _ROLES:
        message = f"read {role!r}, expected {' or '.join(map(repr, _ROLES))}"
        raise InvalidValueError(message, where="role")
    for where, text in (("study_key", study_key), ("subject", subject), ("visit", visit)):
        _check_text(text, where)
    return _uid(study_key, subject, visit, role)


def _uid(study_key: str, subject: str, visit: str, role: str = "visit") -> str:
    return str(uuid5(UID_NAMESPACE, nfc(f"{study_key}\x1f{subject}\x1f{visit}\x1f{role}")))


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str) or not text or unprintable(text):
        message = f"a text of printable characters is meant, not empty; read {shown(text)!r}"
        raise InvalidValueError(message, where=where)


class _Event(NamedTuple):
    """What one event says, before it is written."""

    uid: str
    start: date
    end: date
    summary: str
    description: str
    status: str
    transparent: bool


def dumps(plan: Plan, *, stamp: datetime, study_key: str | None = None) -> bytes:
    """Return the calendar of one subject as the bytes of an `.ics` file: CRLF, UTF-8, no METHOD.

    `stamp` is when the facts were last changed, with a time zone; it becomes DTSTAMP and LAST-MODIFIED in UTC.
    `study_key` (default: the protocol's id) tells apart equal subject codes of different studies, and may be a
    secret. Raises `InvalidTypeError`, `InvalidValueError` (also for a booking with a time of day) and
    `DateOutOfRangeError`.
    """
    head, event, tail = _template()
    moment = _utc(stamp)
    lines = [_head(head, plan)]
    for e in _events(plan, _key(plan, study_key)):
        summary, description = _fold("SUMMARY:" + _escape(e.summary)), _fold("DESCRIPTION:" + _escape(e.description))
        transp, busy = ("TRANSPARENT", "FREE") if e.transparent else ("OPAQUE", "BUSY")
        start = _basic(e.start)
        lines.append(
            event % (summary, start, _basic(e.end), moment, e.uid, description, moment, e.status, transp, busy, start)
        )
    lines.append(tail)
    return "".join(lines).encode()


def dump(plan: Plan, fp: IO[bytes], *, stamp: datetime, study_key: str | None = None) -> None:
    """Write the calendar to a file open for bytes."""
    fp.write(dumps(plan, stamp=stamp, study_key=study_key))


def build(plan: Plan, *, stamp: datetime, study_key: str | None = None) -> icalendar.Calendar:
    """Return the same calendar as an icalendar object, to add to; `dumps` writes its lines, only faster."""
    calendar = _calendar(plan.subject.code, plan.protocol.fingerprint, plan.protocol.meta.variant)
    moment = _aware(stamp)
    for event in _events(plan, _key(plan, study_key)):
        calendar.add_component(_component(event, moment))
    return calendar


def loads(
    data: bytes | str, plans: Plan | Iterable[Plan], *, study_key: str | None = None
) -> dict[str, tuple[VisitRecord, ...]]:
    """Return the bookings in an export of ours, by subject code.

    UIDs cannot be reversed: they are matched against those that the plans would have. An event whose start
    is not its X-TRIALSCHED-DATE was moved by a person, and is a booking; an untouched one is a booking when it
    is CONFIRMED and the plan does not have the visit as attended; a CANCELLED one is none. Raises
    `InvalidValueError` for what is no calendar, for events that are not of these plans, and for two events of one
    visit that differ.
    """
    if not isinstance(data, (str, bytes)):
        message = f"the bytes or text of a calendar are meant; read {shown(data)}"
        raise InvalidTypeError(message)
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.rstrip().upper().endswith(b"END:VCALENDAR"):
        message = "not a calendar, or not the whole of one: it does not end with END:VCALENDAR"
        raise InvalidValueError(message)
    try:
        events = icalendar.Calendar.from_ical(data).walk("VEVENT")
    except _UNREADABLE as error:
        message = f"not a calendar: {error}"
        raise InvalidValueError(message) from None
    known: dict[str, PlannedVisit] = {}
    subjects: dict[str, str] = {}
    found: dict[str, dict[str, VisitRecord | None]] = {}
    for plan in [plans] if isinstance(plans, Plan) else plans:
        key = _key(plan, study_key)
        found.setdefault(plan.subject.code, {})
        for row in plan:
            name = _uid(key, plan.subject.code, row.code)
            known[name], subjects[name] = row, plan.subject.code
    for event in events:
        name = str(event.get("UID", "")).lower()
        if name not in known:
            message = f"the event {shown(name)!r} is of none of these plans (another subject, visit or study key)"
            raise InvalidValueError(message, where="UID")
        code, record = known[name].code, _booking(event, known[name])
        if found[subjects[name]].setdefault(code, record) != record:
            message = "two events of this visit, which differ: delete the one that does not hold"
            raise InvalidValueError(message, where=code)
    return {subject: tuple(r for r in records.values() if r is not None) for subject, records in found.items()}


def load(
    fp: IO[bytes] | IO[str], plans: Plan | Iterable[Plan], *, study_key: str | None = None
) -> dict[str, tuple[VisitRecord, ...]]:
    """Read bookings from an open file, as `loads` does."""
    return loads(fp.read(), plans, study_key=study_key)


def is_ours(data: bytes) -> bool:
    """Return whether a file was written by this library, by its PRODID."""
    return data.startswith(b"BEGIN:VCALENDAR") and f"\r\nPRODID:{PRODID}\r\n".encode() in data[:1000]


# What an event says.


def _key(plan: Plan, study_key: str | None) -> str:
    if study_key is None:
        return plan.protocol.id
    if not isinstance(study_key, str) or not study_key or unprintable(study_key):  # never shown: it may be a secret
        message = "a study key is a text of printable characters, not empty"
        raise InvalidValueError(message, where="study_key")
    return study_key


def _events(plan: Plan, key: str) -> list[_Event]:
    subject = plan.subject
    events = []
    for row in plan:
        start, status, transparent = _placed(row, subject.ended)
        words = "CANCELLED " if status == "CANCELLED" else ""
        summary = f"{words}{subject.code} {row.code}"
        try:
            end = start + _DAY
        except OverflowError:
            message = f"{start} has no day after it, and a calendar's end is exclusive"
            raise DateOutOfRangeError(message, where=row.code) from None
        if len(summary) * 4 > _MAX_SUMMARY:
            summary = _shortened(summary, row.code)
        name = _uid(key, subject.code, row.code)
        events.append(_Event(name, start, end, summary, _description(row), status, transparent))
    return events


def _placed(row: PlannedVisit, ended: date | None) -> tuple[date, str, bool]:
    """Return the date, STATUS and transparency: attended, else called off, else booked, else computed."""
    attended, booked = row.attended, row.booked
    if row.booked_time is not None and (not isinstance(attended, date) or (row.outcome and booked != attended)):
        message = f"booked for {booked} at {row.booked_time:%H:%M}: a calendar of this version has whole days only"
        raise InvalidValueError(message, where=row.code)
    day = booked or row.target
    if attended is not None:
        return (day if isinstance(attended, PartialDate) else attended), "CONFIRMED", False
    if row.outcome == "missed" or (ended is not None and (row.latest or row.target) > ended):
        return day, "CANCELLED", True
    return (day, "CONFIRMED", False) if booked else (day, "TENTATIVE", True)


def _shortened(summary: str, code: str) -> str:
    """Cut the subject's code, so that the whole as it is written has at most 255 octets."""
    stem = summary.removesuffix(f" {code}")
    while len(_escape(summary).encode()) > _MAX_SUMMARY:
        stem = stem[:-1]
        summary = f"{stem}\u2026 {code}"
    return summary


def _in_words(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]} {day.isoformat()}"


def _description(row: PlannedVisit) -> str:
    window = row.visit.timing.window
    lines = [f"Target: {_in_words(row.target)}"]
    note = "; assumed, not in the protocol" if row.visit.timing.assumed else ""
    if window is None:
        lines.append("Window: none stated")
    elif row.earliest is None or row.latest is None:
        lines.append(f"Window: {window}{note}, of which limits leave no day")
    else:
        note += ", cut by limits" if row.limits and row.window != window.around(row.target) else ""
        days = f"from {_in_words(row.earliest)} to {_in_words(row.latest)}, both included"
        lines.append(f"Window: {days} ({window}{note})")
    lines += [f"Protocol day: {row.protocol_day}", f"Mode: {_MODES[row.mode]}"]
    if row.provisional:
        lines.append("Provisional: rests on a date that is not fixed yet")
    if isinstance(row.attended, PartialDate):
        lines.append(f"Attended: {row.attended}, the day is not known")
    if row.outcome == "withheld":
        again = f"; booked again for {_in_words(row.booked)}" if row.booked and row.booked != row.attended else ""
        lines.append(f"Withheld{again}")
    return "\n".join(lines)


def _booking(event: icalendar.Component, row: PlannedVisit) -> VisitRecord | None:
    exported, status = event.get("X-TRIALSCHED-DATE"), event.get("STATUS")
    try:
        start: object = event.decoded("DTSTART")
    except _UNREADABLE:  # missing, or not a date
        start = None
    if type(start) is not date:
        message = "the event has no all-day start, or two"
        raise InvalidValueError(message, where=row.code)
    try:
        text = str(exported)
        day = parse_date(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except InvalidValueError:
        message = f"the event has lost its X-TRIALSCHED-DATE, or it is no date; read {shown(exported)!r}"
        raise InvalidValueError(message, where=row.code) from None
    if isinstance(status, list):
        message = "the event has two STATUS"
        raise InvalidValueError(message, where=row.code)
    words = str(status or "").upper()
    confirmed = words == "CONFIRMED" and row.attended is None
    return VisitRecord(row.code, booked=start) if words != "CANCELLED" and (start != day or confirmed) else None


# How it is written: a template, compiled once from icalendar's own output.


def _aware(stamp: datetime) -> datetime:
    if not isinstance(stamp, datetime) or stamp.tzinfo is None or stamp.utcoffset() is None:
        message = f"a datetime with a time zone is meant; read {stamp!r}"
        raise InvalidTypeError(message, where="stamp")
    try:
        return stamp.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        message = f"{stamp.isoformat()} is past the years 1 to 9999 in UTC"
        raise DateOutOfRangeError(message, where="stamp") from None


def _utc(stamp: datetime) -> str:
    moment = _aware(stamp)
    return f"{_basic(moment)}T{moment:%H%M%S}Z"


def _basic(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


class _Text(icalendar.vText):
    """A text escaped as RFC 5545 says: icalendar itself takes a backslash before an N for a line break."""

    def to_ical(self) -> bytes:
        """Return the octets of the value."""
        return _escape(str(self)).encode()


def _calendar(name: str, fingerprint: str, variant: str | None) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    # RFC 7986, section 5.1: NAME is TEXT, and so by RFC 5545, section 3.8.8.2 is X-WR-CALNAME: both are escaped
    calendar.add("NAME", _Text(name))
    calendar.add("X-WR-CALNAME", _Text(name))
    calendar.add("X-TRIALSCHED-PROTOCOL", fingerprint)
    if variant is not None:
        calendar.add("X-TRIALSCHED-VARIANT", variant)
    return calendar


def _component(event: _Event, moment: datetime) -> icalendar.Event:
    component = icalendar.Event()
    component.add("SUMMARY", _Text(event.summary))
    component.add("DTSTART", event.start)
    component.add("DTEND", event.end)
    component.add("DTSTAMP", moment)
    component.add("UID", event.uid)
    component.add("SEQUENCE", 0)
    component.add("CLASS", "PRIVATE")
    component.add("DESCRIPTION", _Text(event.description))
    component.add("LAST-MODIFIED", moment)
    component.add("STATUS", event.status)
    component.add("TRANSP", "TRANSPARENT" if event.transparent else "OPAQUE")
    component.add("X-MICROSOFT-CDO-BUSYSTATUS", "FREE" if event.transparent else "BUSY")
    component.add("X-TRIALSCHED-DATE", _basic(event.start))
    return component


@cache
def _template() -> tuple[str, str, str]:
    """Return (head, one event, tail) of a calendar as icalendar writes it, with a %s for each value."""
    calendar = _calendar("{NAME}", "{PROTOCOL}", None)
    day, moment = date(1111, 11, 11), datetime(1212, 12, 12, 12, 12, 12, tzinfo=UTC)
    event = _Event("{UID}", day, date(1313, 1, 1), "{SUMMARY}", "{DESCRIPTION}", "{STATUS}", transparent=True)
    calendar.add_component(_component(event, moment))
    text = calendar.to_ical().decode().replace("%", "%%")
    for value in ("SUMMARY:{SUMMARY}", "11111111", "13130101", "12121212T121212Z", "{UID}", "DESCRIPTION:{DESCRIPTION}",
                  "{STATUS}", "TRANSP:TRANSPARENT", "BUSYSTATUS:FREE"):  # fmt: skip
        constant = {"TRANSP:TRANSPARENT": "TRANSP:%s", "BUSYSTATUS:FREE": "BUSYSTATUS:%s"}.get(value, "%s")
        text = text.replace(value, constant)
    for line in ("NAME:{NAME}", "X-WR-CALNAME:{NAME}", "X-TRIALSCHED-PROTOCOL:{PROTOCOL}"):
        text = text.replace(f"\r\n{line}\r\n", "\r\n%s\r\n")
    head, begin, rest = text.partition("BEGIN:VEVENT\r\n")
    body, end, tail = rest.partition("END:VEVENT\r\n")
    return head, begin + body + end, tail


def _head(template: str, plan: Plan) -> str:
    name = _escape(plan.subject.code)
    protocol = f"X-TRIALSCHED-PROTOCOL:{plan.protocol.fingerprint}"
    head = template % (_fold(f"NAME:{name}"), _fold(f"X-WR-CALNAME:{name}"), _fold(protocol))
    variant = plan.protocol.meta.variant
    return f"{head}X-TRIALSCHED-VARIANT:{variant}\r\n" if variant else head


def _escape(text: str) -> str:
    # RFC 5545, section 3.3.11: backslash, semicolon and comma are escaped, a line break is \n
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\n", "\\n")


def _fold(line: str) -> str:
    """Fold a content line at 75 octets, never inside a character (RFC 5545, section 3.1)."""
    data = line.encode()
    if len(data) <= _MAX_LINE:
        return line
    parts = []
    start, room = 0, _MAX_LINE
    while start < len(data):
        stop = min(start + room, len(data))
        while stop < len(data) and data[stop] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation octet of UTF-8
            stop -= 1
        parts.append(data[start:stop])
        start, room = stop, _MAX_LINE - 1
    return b"\r\n ".join(parts).decode()

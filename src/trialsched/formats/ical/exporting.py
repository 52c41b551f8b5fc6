"""The verbs that write: a plan's calendar, or one of several subjects, over what was exported before."""

from __future__ import annotations

import warnings
from typing import IO, TYPE_CHECKING

from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.ical import writing
from trialsched.formats.ical.events import Reader, events, reader
from trialsched.formats.ical.lines import LIMITS, Limits
from trialsched.formats.ical.revising import Owned
from trialsched.formats.ical.style import STAFF, Style
from trialsched.formats.ical.uids import study_key_of
from trialsched.formats.ical.updating import first, started_over, updated
from trialsched.formats.ical.writing import PRODID, Head, aware, basic_utc
from trialsched.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import icalendar

    from trialsched.clinic import Clinic
    from trialsched.formats.ical.outcome import Update


class CalendarWarning(UserWarning):
    """What a person had changed in a calendar, which `dumps` could not keep; `update` returns it as notes."""


def update(
    plans: Plan | Iterable[Plan],
    *,
    stamp: datetime,
    previous: bytes | str | None = None,
    study_key: str | None = None,
    clinic: Clinic | None = None,
    style: Style = STAFF,
    limits: Limits = LIMITS,
    fresh: bool = False,
) -> Update:
    """Return a calendar over what was exported before: its bytes, what changed, and what could not be kept.

    Unchanged events stay byte for byte as they were. A changed start, end, place or status raises SEQUENCE and takes
    the new stamp; a change of words takes the stamp only (RFC 5545, section 3.8.7.4). Visits that left the plan
    become cancelled events. What a person added stays; what of theirs is written over is in `notes`. With several
    plans it is one calendar for the site, each event with its subject and mode as categories; the events of
    subjects that are not among the plans stay as they were. With `fresh` all that we wrote is forgotten and made anew,
    whomever it belonged to; other people's events stay byte for byte.

    `stamp` is when the facts were last changed, with a time zone; it becomes DTSTAMP and LAST-MODIFIED in UTC.
    `study_key` (default: the protocol's id) tells apart equal subject codes of different studies, and may be a
    secret. `clinic` gives the zone of booked times, their durations and the place. Raises `InvalidTypeError`,
    `DateOutOfRangeError`, and `InvalidValueError`: also for a `previous` that is damaged, past a limit, or holds no
    event of this subject and study key, and for a booked time that the zone does not have, or has twice.
    """
    head, owned = prepared(plans, study_key, clinic, style)
    moment = basic_utc(aware(stamp))
    if previous is None:
        return first(owned, head, moment)
    if fresh:
        return started_over(owned, head, moment, previous, limits)
    return updated(owned, head, moment, previous, limits)


def prepared(
    plans: Plan | Iterable[Plan], study_key: str | None, clinic: Clinic | None, style: Style
) -> tuple[Head, list[Owned]]:
    """Return what a calendar of these plans says of itself, and its events. Raises what `update` raises."""
    combined = not isinstance(plans, Plan)
    several = [plans] if isinstance(plans, Plan) else list(plans)
    _check(several, style, combined=combined)
    owned = []
    for plan in several:
        key = study_key_of(plan, study_key)
        one = reader(plan, style, clinic, combined=combined)
        owned.append(Owned(plan.subject.code, key, events(plan, key, one), one))
    return _head(several, owned[0].reader, combined=combined), owned


def _check(plans: list[Plan], style: Style, *, combined: bool) -> None:
    for index, plan in enumerate(plans):
        if not isinstance(plan, Plan):
            message = f"a Plan is meant, or several; read {plan!r}"
            raise InvalidTypeError(message, where=f"plans[{index}]")
    if not plans:
        message = "no plan: a calendar of several subjects needs at least one"
        raise InvalidValueError(message, where="plans")
    if combined and style.audience == "participant":
        message = "a calendar of several subjects is never for a participant"
        raise InvalidValueError(message, where="style.audience")
    codes = [plan.subject.code for plan in plans]
    twice = [code for code in dict.fromkeys(codes) if codes.count(code) > 1] if len(set(codes)) < len(codes) else []
    if twice:
        message = f"one plan for each subject is meant; two of {', '.join(map(repr, twice))}"
        raise InvalidValueError(message, where="plans")


def _head(plans: list[Plan], reader: Reader, *, combined: bool) -> Head:
    style, words = reader.style, reader.language
    if style.audience == "participant":
        return Head(style.name or words.participant["calendar"], (), (), style.audience, style.feed)
    name = style.name or (words.staff["calendar"] if combined else plans[0].subject.code)
    prints = tuple(sorted({plan.protocol.fingerprint for plan in plans}))
    variants = tuple(sorted({plan.protocol.meta.variant or "" for plan in plans} - {""}))
    return Head(name, prints, variants, style.audience, style.feed)


def dumps(
    plan: Plan | Iterable[Plan],
    *,
    stamp: datetime,
    previous: bytes | str | None = None,
    study_key: str | None = None,
    clinic: Clinic | None = None,
    style: Style = STAFF,
    limits: Limits = LIMITS,
) -> bytes:
    """Return the calendar as the bytes of an `.ics` file: CRLF, UTF-8, no METHOD. Arguments as of `update`.

    What of a person's could not be kept is a `CalendarWarning` each; `update` returns it instead. Raises what
    `update` raises.
    """
    found = update(plan, stamp=stamp, previous=previous, study_key=study_key, clinic=clinic, style=style, limits=limits)
    for note in found.notes:
        warnings.warn(str(note), CalendarWarning, stacklevel=2)
    return found.data


def dump(
    plan: Plan | Iterable[Plan],
    fp: IO[bytes],
    *,
    stamp: datetime,
    previous: bytes | str | None = None,
    study_key: str | None = None,
    clinic: Clinic | None = None,
    style: Style = STAFF,
    limits: Limits = LIMITS,
) -> None:
    """Write the calendar to a file open for bytes."""
    data = dumps(plan, stamp=stamp, previous=previous, study_key=study_key, clinic=clinic, style=style, limits=limits)
    fp.write(data)


def build(
    plan: Plan | Iterable[Plan],
    *,
    stamp: datetime,
    study_key: str | None = None,
    clinic: Clinic | None = None,
    style: Style = STAFF,
) -> icalendar.Calendar:
    """Return the same calendar as an icalendar object, to add to; `dumps` writes its lines, only faster."""
    head, owned = prepared(plan, study_key, clinic, style)
    moment = aware(stamp)
    calendar = writing.calendar(head)
    found = [event for one in owned for event in one.events if event.new]
    for block in writing.zone_blocks(found).values():
        calendar.add_component(writing.zone_component(block))
    for event in found:
        calendar.add_component(writing.component(event, moment))
    return calendar


def is_ours(data: bytes) -> bool:
    """Return whether a file was written by this library, by its PRODID."""
    return data.startswith(b"BEGIN:VCALENDAR") and f"\r\nPRODID:{PRODID}\r\n".encode() in data[:1000]

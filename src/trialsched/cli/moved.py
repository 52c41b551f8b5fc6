"""Calendars that people moved: their files, and the bookings that they tell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.subject import Subject, VisitRecord


def read_calendar(name: str, faults: list[str], said_as: str = "") -> bytes | None:
    """Return what the file of a calendar holds, no more than may be read; None when it is no file, which is noted."""
    from trialsched.formats.ical import LIMITS

    try:
        with Path(name).open("rb") as file:
            return file.read(LIMITS.octets + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{said_as}{name}: {error.strerror}")
        return None


def with_bookings(subject: Subject, booked: Iterable[VisitRecord]) -> Subject:
    """Return the subject with visits booked as a calendar tells: what is open of a visit's records is booked for then.

    What happened, or was recorded as missed, stays as it is: the booking is one record more.
    """
    for record in booked:
        if record.booked is None:
            continue
        still_open = _still_open(subject, record.visit)
        if not still_open:
            subject = subject.with_record(record)
        else:
            records = (
                replace(told, booked=record.booked, booked_time=record.booked_time) if told in still_open else told
                for told in subject.records
            )
            subject = replace(subject, records=tuple(records))
    return subject


def what_is_new(subject: Subject, booked: Iterable[VisitRecord]) -> list[str]:
    """Return a line for each booking that is not what was agreed before: 'DOSE2 2026-04-07 09:30, was 2026-04-03'."""
    lines = []
    for record in booked:
        before = [_when(told) for told in _still_open(subject, record.visit) if told.booked is not None]
        if _when(record) not in before:
            lines.append(f"{record.visit} {_when(record)}{f', was {max(before)}' if before else ''}")
    return lines


def _still_open(subject: Subject, code: str) -> list[VisitRecord]:
    """Return the records of a visit that did not happen, nor was recorded as missed."""
    return [told for told in subject.records if told.visit == code and told.attended is None and told.outcome is None]


def _when(record: VisitRecord) -> str:
    return f"{record.booked}{f' {record.booked_time:%H:%M}' if record.booked_time is not None else ''}"

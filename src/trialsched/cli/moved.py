"""Calendars that people moved: their files, and the bookings that they tell."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trialsched.cli.inputs import BadInput, check_input, check_year
from trialsched.errors import DocumentError, InvalidValueError, TrialschedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.clinic import Clinic
    from trialsched.formats.ical import Bookings, Limits
    from trialsched.plan import Plan
    from trialsched.subject import Subject, VisitRecord

_FOLD = re.compile(rb"\r?\n[ \t]")
_UID = re.compile(rb"^uid[^:\r\n]*:([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


class Files(NamedTuple):
    """Calendars: their names, what they hold, the secret of their ids, the clinic whose time it is, their limits."""

    names: Sequence[str]
    data: Sequence[bytes]
    study_key: str | None = None
    clinic: Clinic | None = None
    limits: Limits | None = None


def limits_of(max_size: int | None) -> Limits:
    """Return what a file may hold: of a size that was asked for, in lines as long as it."""
    from trialsched.formats.ical import LIMITS

    if max_size is None:
        return LIMITS
    octets = max_size * 1_000_000
    return replace(LIMITS, octets=octets, line=octets)


def read_calendar(name: str, faults: list[str], said_as: str = "", limits: Limits | None = None) -> bytes | None:
    """Return what the file of a calendar holds, no more than may be read; None when it is no file, which is noted."""
    from trialsched.formats.ical import LIMITS

    try:
        check_input(name, said_as)
        with Path(name).open("rb") as file:
            return file.read((limits or LIMITS).octets + 1)
    except BadInput as error:
        faults += error.lines
        return None
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        faults.append(f"{said_as}{name}: {error.strerror}")
        return None


def read_bookings(files: Files, plans: Sequence[Plan], previous: bytes | None = None) -> Bookings:
    """Return the bookings of plans; `previous` is the export that was given out.

    Raises `BadInput` with what is wrong, and the names of the files that it is in.
    """
    try:
        found = _loaded(files, files.data, plans, previous)
    except TrialschedError as error:
        raise BadInput(_told_alone(files, plans) or _lines(", ".join(files.names), error)) from None
    slips = []
    for code, booked in found.items():
        for record in booked:
            if record.booked is None:
                continue
            try:
                check_year(record.booked)
            except InvalidValueError as error:
                slips.append(f"{', '.join(files.names)}: {code} {record.visit}: {error.message}")
    if slips:
        raise BadInput(slips)
    return found


def _loaded(
    files: Files, data: bytes | Sequence[bytes], plans: Sequence[Plan], previous: bytes | None = None
) -> Bookings:
    from trialsched.formats import ical

    limits = files.limits or ical.LIMITS
    return ical.loads(data, plans, study_key=files.study_key, previous=previous, clinic=files.clinic, limits=limits)


def _lines(names: str, error: TrialschedError) -> list[str]:
    """Return a line for each fault that an error tells, with the names of the files that it is in."""
    faults = error.problems if isinstance(error, DocumentError) else (error,)
    return [f"{names}: {fault}" for fault in faults]


def _told_alone(files: Files, plans: Sequence[Plan]) -> list[str]:
    """Return what is wrong with each file alone; that it is somebody else's is nothing wrong beside others."""
    lines = []
    for name, one in zip(files.names, files.data, strict=True):
        try:
            _loaded(files, one, plans)
        except TrialschedError as error:
            lines += [] if error.where == "UID" else _lines(name, error)
    return lines


def not_there(files: Files, plans: Sequence[Plan]) -> list[str]:
    """Return a line for each open appointment that no calendar has, of the subjects that they have events of."""
    from trialsched.formats import ical
    from trialsched.formats.ical.parsed import plain_uid

    uids_there = (uid for one in files.data for uid in _UID.findall(_FOLD.sub(b"", one)))
    seen = {plain_uid(uid.decode("utf-8", "replace")) for uid in uids_there}
    lines = []
    for plan in plans:
        code = plan.subject.code
        uids = {row.code: ical.uid(files.study_key or plan.protocol.id, code, row.code) for row in plan}
        if seen.isdisjoint(uids.values()):
            continue
        for visit, uid in uids.items():
            agreed = [_when(told) for told in _still_open(plan.subject, visit) if told.booked is not None]
            if agreed and uid not in seen:
                words = "and no calendar given has its event: the booking stays"
                lines.append(f"{code} {visit}: booked for {max(agreed)}, {words}")
    return lines


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

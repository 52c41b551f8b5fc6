"""SV, what happened: the planned visits that occurred or are known not to have, and every other contact."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from trialsched.formats.sdtm.variables import CONTACT_MODES
from trialsched.offsets import PartialDate, study_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trialsched.compliance import CheckedVisit, Report
    from trialsched.formats.sdtm.design import Design, Number
    from trialsched.formats.sdtm.model import Value
    from trialsched.subject import VisitRecord


class Told(NamedTuple):
    """What has no row in SV, or one that asks a question, as 'M06 of P01-004'; `undated` are rows of DV."""

    lapsed: list[str]
    after_end: list[str]
    unknown: list[str]
    undated: list[str]


def reference_start(report: Report) -> date | None:
    """Return RFSTDTC, None without one.

    It is the whole day on which the visit that study days count from was held and its treatment given.
    """
    plan = report.plan
    return plan.study_day_one if plan.study_day_one_source == "attended" else None


def study_day_of(day: date | PartialDate | None, start: date | None) -> int | None:
    """Return the study day of a whole date, None for any other or before there is a reference start."""
    return study_day(day, start) if isinstance(day, date) and start is not None else None


def visits_of(report: Report, design: Design, subject: str, told: Told) -> list[tuple[Value, ...]]:
    """Return a subject's rows of SV by VISITNUM, without STUDYID and DOMAIN."""
    start = reference_start(report)
    rows = [*_planned(report, design, subject, start, told), *_others(report, design, subject, start, told)]
    return sorted(rows, key=lambda row: row[1])  # type: ignore[arg-type,return-value]


def _planned(
    report: Report, design: Design, subject: str, start: date | None, told: Told
) -> Iterator[tuple[Value, ...]]:
    """Yield the planned visits that were done, or that a person recorded as not having happened.

    Of a visit that is still open or has lapsed nobody has said either: SVOCCUR would be neither "Y" nor "N".
    "Subjects who [...] discontinue study participation will not have records for planned visits subsequent to their
    final disposition event" (SDTMIG 3.4, 5.5, assumption 3): none that is not expected, also when it was recorded as
    missed. What was attended stays.
    """
    for visit in report:
        code, record = visit.code, visit.record
        if visit.status == "lapsed":
            told.lapsed.append(f"{code} of {report.subject.code}")
        if visit.status == "not-expected" and visit.outcome == "missed":
            told.after_end.append(f"{code} of {report.subject.code}")
        if record is None or visit.status not in ("done", "missed"):
            continue
        occurred = visit.status == "done"
        reason = None if occurred else _text(record.note)
        planned = ("Y", "Y" if occurred else "N", reason, _mode(visit.mode_actual), design.day(code))
        yield (subject, design.numbers[code], code, *planned, *_dates(record, start), None)


class _Contact(NamedTuple):
    """A contact that is no planned visit: its earliest possible day, and how it is told in VISIT and SVUPDES."""

    day: date
    record: VisitRecord
    visit: str | None
    description: str | None


def _others(
    report: Report, design: Design, subject: str, start: date | None, told: Told
) -> Iterator[tuple[Value, ...]]:
    """Yield the unscheduled contacts and what else was attended, each with a number of its own.

    "For unplanned visits, SVPRESP and SVOCCUR are null", "VISITDY should not be populated" (SDTMIG 3.4, 5.5,
    assumptions 4 and 8).
    """
    contacts = sorted(_contacts(report, design, told), key=_rank)
    for number, contact in zip(_between(report, design, contacts), contacts, strict=True):
        record = contact.record
        unplanned = (None, None, None, _mode(record.mode), None)
        yield (subject, number, contact.visit, *unplanned, *_dates(record, start), contact.description)


def _contacts(report: Report, design: Design, told: Told) -> Iterator[_Contact]:
    """Yield what was attended besides the record that stands for a planned visit."""
    planned = {visit.code for visit in report}
    for visit in report:
        rest = list(visit.planned.records)
        if visit.record is not None:
            rest.remove(visit.record)
        yield from (_contact(record, design) for record in rest if record.attended is not None)
    for record in sorted(report.plan.other_records, key=lambda record: record.visit):  # notes name codes in this order
        if record.attended is None or record.visit in planned:
            continue
        declared = any(protocol.is_unscheduled(record.visit) for protocol in report.protocols)
        if record.visit not in design.visits and not declared:
            told.unknown.append(f"{record.visit} of {report.subject.code}")
        yield _contact(record, design)


def _contact(record: VisitRecord, design: Design) -> _Contact:
    """Return a contact: VISIT holds its code, but for a planned visit's, which belongs to another VISITNUM."""
    attended = record.attended
    day = attended.days.earliest if isinstance(attended, PartialDate) else attended
    code = record.visit
    words = [f"Recorded as {code}"] if code in design.visits else []
    words += ["Treatment withheld"] if record.outcome == "withheld" else []
    note = _text(record.note)
    words += [note] if note else []
    return _Contact(day or date.min, record, None if code in design.visits else code, ". ".join(words) or None)


def _rank(contact: _Contact) -> tuple[str, ...]:
    record = contact.record
    return (contact.day.isoformat(), record.visit, str(record.attended), record.mode or "", contact.description or "")


def _between(report: Report, design: Design, contacts: Sequence[_Contact]) -> list[Number]:
    """Return a number for each contact: after the last planned visit that was held or due by its day, by 0.01.

    The Metadata Submission Guidelines 2.0 number so (5.01, 9.02); SDTMIG 3.4, 4.4.5 asks for numbers that sort by
    time and differ. They are of no planned visit, and smaller than the next one.
    """
    taken = sorted(set(design.numbers.values()))
    dated = [(_day(visit), design.numbers[visit.code]) for visit in report if visit.status != "not-expected"]
    before = 0 if taken[0] > 0 else floor(taken[0]) - 1
    bases = [max((number for day, number in dated if day <= contact.day), default=before) for contact in contacts]
    together, so_far = Counter(bases), dict.fromkeys(bases, 0)
    found: list[Number] = []
    for base in bases:
        so_far[base] += 1
        following = next((number for number in taken if number > base), base + 1)
        room = min(Decimal(1), Decimal(str(following)) - Decimal(str(base)))
        step = Decimal("0.01")
        while together[base] * step >= room:
            step /= 10
        found.append(float(Decimal(str(base)) + step * so_far[base]))
    return found


def _day(visit: CheckedVisit) -> date:
    """Return when a planned visit was held, as early as it may have been, else its target."""
    attended = visit.attended
    if isinstance(attended, PartialDate):
        return attended.days.earliest
    return attended or visit.target


def _dates(record: VisitRecord, start: date | None) -> tuple[Value, ...]:
    """Return SVSTDTC, SVENDTC, SVSTDY and SVENDY: a visit begins and ends on one day (assumption 11)."""
    text = str(record.attended) if record.attended is not None else None
    day = study_day_of(record.attended, start)
    return (text, text, day, day)


def _mode(mode: str | None) -> str | None:
    return CONTACT_MODES[mode] if mode is not None else None


def _text(note: str | None) -> str | None:
    """Return a note as one line, None for a blank one and for a lone period, which is no text (CORE-000890)."""
    text = " ".join(note.split()) if note else ""
    return None if text in ("", ".") else text


def some(places: Iterable[str], most: int = 5) -> str:
    """Return the first of a list in words, and how many more there are."""
    listed = list(places)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more

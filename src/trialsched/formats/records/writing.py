"""Writing `subjects.csv` and `visits.csv`: plain, or as Excel opens it; nothing that reading would not give back."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from trialsched._dateforms import ISO, check_date_form, written
from trialsched._text import guarded, shown
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.records.model import LONGEST_CELL, RECORD_COLUMNS, SUBJECT_COLUMNS
from trialsched.formats.records.swallowed import rows_inside
from trialsched.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from trialsched.subject import VisitRecord

_BOM: Final = "\ufeff"


def dumps(records: Mapping[str, Iterable[VisitRecord]], *, dates: str | None = None, excel: bool = False) -> str:
    """Return the records of subjects, by their codes, as `visits.csv`, in the order given.

    All columns, commas, dates ISO 8601 or of the form `dates`, nothing for None, line feeds; with `excel` a byte order
    mark, semicolons and CRLF. A text that a spreadsheet would run has a leading apostrophe. `loads` gives the same
    records back (an empty note as None). Raises `InvalidValueError` or `InvalidTypeError` for what is no code, no
    record, or a note that no file can hold or whose lines look like rows.

    >>> from datetime import date
    >>> from trialsched.subject import VisitRecord
    >>> print(dumps({"P01-007": [VisitRecord("DOSE1", booked=date(2026, 3, 4), note="-2 kg")]}), end="")
    subject,visit,booked,booked_time,attended,mode,outcome,note
    P01-007,DOSE1,2026-03-04,,,,,'-2 kg
    """
    return _table(RECORD_COLUMNS, _record_lines(records, _form(dates), _delimiter(excel=excel)), excel=excel)


def dump(
    records: Mapping[str, Iterable[VisitRecord]], fp: IO[bytes], *, dates: str | None = None, excel: bool = False
) -> None:
    """Write `visits.csv` to a file open for bytes, in UTF-8."""
    fp.write(dumps(records, dates=dates, excel=excel).encode())


def dumps_subjects(subjects: Iterable[Subject], *, dates: str | None = None, excel: bool = False) -> str:
    """Return subjects as `subjects.csv`, in the order given, without their records.

    Forms are those of `dumps`; `loads_subjects` gives the same subjects back. Raises `InvalidValueError` or
    `InvalidTypeError` for what is no subject, one without baseline, and codes that are equal but for case.

    >>> from datetime import date
    >>> print(dumps_subjects([Subject("P01-007", baseline=date(2026, 3, 2))], dates="dd.mm.yyyy"), end="")
    subject,baseline,baseline_status,arm,ended,end_reason,language
    P01-007,02.03.2026,planned,,,,
    """
    return _table(SUBJECT_COLUMNS, _subject_lines(subjects, _form(dates)), excel=excel)


def dump_subjects(subjects: Iterable[Subject], fp: IO[bytes], *, dates: str | None = None, excel: bool = False) -> None:
    """Write `subjects.csv` to a file open for bytes, in UTF-8."""
    fp.write(dumps_subjects(subjects, dates=dates, excel=excel).encode())


def _form(dates: str | None) -> str:
    return ISO if dates is None else check_date_form(dates, "dates")


def checked(subjects: Iterable[Subject]) -> Iterator[Subject]:
    """Yield subjects that are subjects, each code once, case ignored."""
    seen: dict[str, int] = {}
    for index, subject in enumerate(subjects):
        if not isinstance(subject, Subject):
            raise InvalidTypeError(f"a Subject is meant; read {shown(subject)}", where=f"subjects[{index}]")
        first = seen.setdefault(subject.code.casefold(), index)
        if first != index:
            message = f"the same code, case ignored, as subjects[{first}]; read {subject.code!r}"
            raise InvalidValueError(message, where=f"subjects[{index}].code")
        yield subject


def check_note(note: str | None, where: str, longest: int | None = None) -> None:
    """Refuse a note with a lone surrogate, and one longer than a cell can be."""
    if note is None:
        return
    if longest is not None and len(guarded(note)) > longest:
        raise InvalidValueError(f"a cell holds at most {longest} characters; read {len(note)}", where=where)
    if note.isascii():
        return
    try:
        note.encode()
    except UnicodeEncodeError:
        message = f"a lone surrogate, which UTF-8 does not have; read {shown(note)!r}"
        raise InvalidValueError(message, where=where) from None


def _check_lines(note: str, where: str, delimiter: str) -> None:
    """Refuse a note whose lines reading would take for rows that a forgotten quote swallowed."""
    for below, _ in rows_inside([guarded(note)], RECORD_COLUMNS, delimiter):
        message = f"its line {below + 1} looks like a row of the list, which reading refuses"
        raise InvalidValueError(message, where=where)


def _record_lines(records: Mapping[str, Iterable[VisitRecord]], form: str, delimiter: str) -> Iterator[Sequence[str]]:
    for code, several in records.items():
        subject = Subject(code, records=tuple(several))
        for index, record in enumerate(subject.records):
            where = f"{code} records[{index}].note"
            check_note(record.note, where, LONGEST_CELL)
            if record.note is not None:
                _check_lines(record.note, where, delimiter)
            yield (
                guarded(subject.code),
                guarded(record.visit),
                written(record.booked, form) if record.booked else "",
                record.booked_time.isoformat("minutes") if record.booked_time is not None else "",
                written(record.attended, form) if record.attended else "",
                record.mode or "",
                record.outcome or "",
                guarded(record.note or ""),
            )


def _subject_lines(subjects: Iterable[Subject], form: str) -> Iterator[Sequence[str]]:
    for index, subject in enumerate(checked(subjects)):
        if subject.baseline is None:
            raise InvalidValueError(f"{subject.code} has no baseline", where=f"subjects[{index}].baseline")
        yield (
            guarded(subject.code),
            written(subject.baseline, form),
            subject.baseline_status,
            guarded(subject.arm or ""),
            written(subject.ended, form) if subject.ended else "",
            subject.end_reason or "",
            guarded(subject.language or ""),
        )


def _delimiter(*, excel: bool) -> str:
    return ";" if excel else ","


def _table(columns: Sequence[str], lines: Iterable[Sequence[str]], *, excel: bool) -> str:
    delimiter, ending = _delimiter(excel=excel), "\r\n" if excel else "\n"
    # RFC 4180, section 2: fields with line breaks, double quotes and commas are enclosed in double quotes. Python's
    # writer leaves a carriage return alone when lines end with a line feed.
    special = (delimiter, '"', "\r", "\n")
    parts = [_BOM if excel else "", delimiter.join(columns), ending]
    for cells in lines:
        quoted = (_quoted(cell) if any(character in cell for character in special) else cell for cell in cells)
        parts += (delimiter.join(quoted), ending)
    return "".join(parts)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'

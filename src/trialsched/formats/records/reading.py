"""Reading `subjects.csv` and `visits.csv`: whole, with every problem, or row by row."""

from __future__ import annotations

from collections import defaultdict
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from trialsched._dateforms import ISO, check_date_form
from trialsched._text import nfc
from trialsched.errors import Problem, TrialschedError
from trialsched.formats.records.cells import record_of, subject_of
from trialsched.formats.records.lines import opened, rows_of
from trialsched.formats.records.model import (
    RECORD_COLUMNS,
    SUBJECT_COLUMNS,
    BadRow,
    RecordList,
    RecordRow,
    Row,
    SubjectList,
    SubjectRow,
)
from trialsched.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED: Final = 3  # lines named in one message
_REMEMBERED: Final = 4096  # codes of subjects


def _form(dates: str | None) -> str:
    return ISO if dates is None else check_date_form(dates, "dates")


# The subjects of a trial: subjects.csv.


class _Read(NamedTuple):
    """A row of `subjects.csv`, its code as it stands there, and its subject if it is a good row by itself."""

    row: Row
    code: str
    subject: Subject | None


def _read_subjects(fp: IO[bytes] | IO[str], form: str) -> Iterator[_Read | BadRow]:
    for row in rows_of(fp, SUBJECT_COLUMNS):
        if isinstance(row, BadRow):
            yield row
            continue
        if "baseline" not in row.values:
            row.wrong("baseline", "", "no baseline", "a date as YYYY-MM-DD")
        yield _Read(row, nfc(row.values.get("subject", "")), subject_of(row, form))


def _subject_row(read: _Read) -> SubjectRow | BadRow:
    if read.subject is None or read.row.problems:  # of the file: the code may stand twice
        return BadRow(read.row.line, read.code, tuple(read.row.problems))
    return SubjectRow(read.row.line, read.subject)


def loads_subjects(data: str | bytes, *, dates: str | None = None) -> SubjectList:
    """Read `subjects.csv`: columns subject, baseline, and optionally baseline_status, arm, ended, end_reason, language.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Dates are YYYY-MM-DD, or of the form `dates`, one of `DATE_FORMS`. Codes that are equal but for
    case are bad rows, all of them. Raises `InvalidValueError` when the file has no such header or is not UTF-8.
    """
    return load_subjects(opened(data), dates=dates)


def load_subjects(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> SubjectList:
    """Read `subjects.csv` from an open file; one open for text is opened with `newline=""`."""
    reads = list(_read_subjects(fp, _form(dates)))
    same: dict[str, list[int]] = defaultdict(list)
    for read in reads:
        if isinstance(read, _Read) and read.code:
            same[read.code.casefold()].append(read.row.line)
    for read in reads:
        lines = same.get(read.code.casefold(), []) if isinstance(read, _Read) else []
        if isinstance(read, _Read) and len(lines) > 1:
            read.row.problems.insert(0, _standing_again(read.row, lines))
    rows = [read if isinstance(read, BadRow) else _subject_row(read) for read in reads]
    return SubjectList(
        tuple(row for row in rows if isinstance(row, SubjectRow)),
        tuple(problem for row in rows if isinstance(row, BadRow) for problem in row.problems),
        frozenset(filter(None, (read.code if isinstance(read, _Read) else read.subject for read in reads))),
    )


def _standing_again(row: Row, lines: list[int]) -> Problem:
    others = [line for line in lines[: _NAMED + 1] if line != row.line][:_NAMED]
    more = len(lines) - 1 - len(others)
    named = ", ".join(map(str, others)) + (f" and {more} more" if more else "")
    message = f"the same code, case ignored, stands on line {named}"
    return Problem(row.where("subject"), row.values["subject"], "each subject once", message)


def iter_subjects(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> Iterator[SubjectRow | BadRow]:
    """Yield the rows of `subjects.csv` one at a time from an open file, which is not held; the codes are remembered.

    As `loads_subjects`, but of codes that are equal but for case the first has been given before the next is seen:
    only the later rows are bad. The file stays open.
    """
    return _iter_subjects(fp, _form(dates))


def _iter_subjects(fp: IO[bytes] | IO[str], form: str) -> Iterator[SubjectRow | BadRow]:
    seen: dict[str, int] = {}
    for read in _read_subjects(fp, form):
        if isinstance(read, BadRow):
            yield read
            continue
        line = seen.setdefault(read.code.casefold(), read.row.line) if read.code else read.row.line
        if line != read.row.line:
            read.row.problems.insert(0, _standing_again(read.row, [line, read.row.line]))
        yield _subject_row(read)


# What was booked and what happened: visits.csv.


def loads(data: str | bytes, *, dates: str | None = None) -> RecordList:
    r"""Read `visits.csv`: columns subject, visit, and optionally booked, booked_time, attended, mode, outcome, note.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Dates are YYYY-MM-DD, or of the form `dates`, one of `DATE_FORMS`; `attended` may be partly known
    (YYYY-MM, YYYY); `booked` may hold its time (YYYY-MM-DDTHH:MM). Raises `InvalidValueError` when the file has no
    such header or is not UTF-8.

    >>> loads("subject,visit,attended\nP01-007,DOSE1,2026-03-04\n").rows[0].record.attended
    datetime.date(2026, 3, 4)
    >>> loads("subject;visit;attended\nP01-007;DOSE1;4.3.2026\n", dates="dd.mm.yyyy").rows[0].record.attended
    datetime.date(2026, 3, 4)
    """
    return load(opened(data), dates=dates)


def load(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> RecordList:
    """Read `visits.csv` from an open file; one open for text is opened with `newline=""`."""
    found: list[RecordRow] = []
    problems: list[Problem] = []
    owners: dict[int, str] = {}
    for row in iter_records(fp, dates=dates):
        if isinstance(row, RecordRow):
            found.append(row)
            continue
        problems += row.problems
        if row.subject:
            owners[row.line] = row.subject
    return RecordList(tuple(found), tuple(problems), owners)


def iter_records(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> Iterator[RecordRow | BadRow]:
    r"""Yield the rows of `visits.csv` one at a time from an open file, which is not held: a file of any length.

    As `loads`, in the order of the file; what is wrong with the file itself is raised when it is met. The file stays
    open.

    >>> from io import BytesIO
    >>> [row.subject for row in iter_records(BytesIO(b"subject,visit\nP01-007,DOSE1\nP01-008,\n"))]
    ['P01-007', 'P01-008']
    """
    return _iter_records(fp, _form(dates))


def _iter_records(fp: IO[bytes] | IO[str], form: str) -> Iterator[RecordRow | BadRow]:
    known: dict[str, str] = {}  # a file has many rows of few subjects: each code is looked at once
    for row in rows_of(fp, RECORD_COLUMNS):
        if isinstance(row, BadRow):
            yield row
            continue
        code = _code(row, known)
        record = record_of(row, form)
        if record is None:
            yield BadRow(row.line, code, tuple(row.problems))
        else:
            yield RecordRow(row.line, code, record)


def _code(row: Row, known: dict[str, str]) -> str:
    """Return the subject's code of a row, or what stands in its place, with the problem noted."""
    text = row.values.get("subject", "")
    if not text:
        row.wrong("subject", "", "no subject", "the subject's code")
    elif text not in known:
        if len(known) >= _REMEMBERED:
            known.clear()
        try:
            known[text] = Subject(text).code
        except TrialschedError as error:
            row.wrong("subject", text, error.message)
    return known.get(text, text)

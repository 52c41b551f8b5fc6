"""Reading `subjects.csv` and `visits.csv`: whole, with every problem, or row by row."""

from __future__ import annotations

from collections import defaultdict
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from trialsched._dateforms import ISO, check_date_form
from trialsched._text import nfc, shown
from trialsched.errors import MAX_PROBLEMS, DocumentError, Problem, TrialschedError, and_more
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
    """A row of `subjects.csv`: its line, its code as it stands there, its problems, its subject if it is good."""

    line: int
    code: str
    problems: tuple[Problem, ...]
    subject: Subject | None

    def standing_again(self, lines: list[int]) -> _Read:
        """Return the row as a bad one, whose code stands on these lines."""
        others = [line for line in lines[: _NAMED + 1] if line != self.line][:_NAMED]
        more = len(lines) - 1 - len(others)
        named = ", ".join(map(str, others)) + (f" and {more} more" if more else "")
        message = f"the same code, case ignored, stands on line {named}"
        problem = Problem(f"line {self.line}: subject", shown(self.code), "each subject once", message)
        return self._replace(problems=(problem, *self.problems), subject=None)

    @property
    def row(self) -> SubjectRow | BadRow:
        """What the row says."""
        if self.subject is None:
            return BadRow(self.line, self.code, self.problems)
        return SubjectRow(self.line, self.subject)


def _read_subjects(fp: IO[bytes] | IO[str], form: str) -> Iterator[_Read]:
    """Yield the rows up to the first 1,000 problems; one more stands for the rest."""
    told = 0
    for row in rows_of(fp, SUBJECT_COLUMNS):
        read = _read_subject(row, form)
        yield read
        told += len(read.problems)
        if told > MAX_PROBLEMS:
            yield _Read(row.line, "", (and_more(f"line {row.line}"),), None)
            return


def _read_subject(row: Row | BadRow, form: str) -> _Read:
    if isinstance(row, BadRow):
        return _Read(row.line, row.subject, row.problems, None)
    if "baseline" not in row.values:
        row.wrong("baseline", "", "no baseline", "a date as YYYY-MM-DD")
    subject = subject_of(row, form)
    code = nfc(row.values.get("subject", ""))
    return _Read(row.line, code, tuple(row.problems), None if row.problems else subject)


def loads_subjects(data: str | bytes, *, dates: str | None = None) -> SubjectList:
    """Read `subjects.csv`: columns subject, baseline, and optionally baseline_status, arm, ended, end_reason, language.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Dates are YYYY-MM-DD, or of the form `dates`, one of `DATE_FORMS`. Codes that are equal but for
    case are bad rows, all of them. Raises `InvalidValueError` when the file has no such header, is not UTF-8 or too
    large, `DocumentError` with the first 1,000 problems when there are more.
    """
    return load_subjects(opened(data), dates=dates)


def load_subjects(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> SubjectList:
    """Read `subjects.csv` from an open file; one open for text is opened with `newline=""`."""
    reads = list(_read_subjects(fp, _form(dates)))
    same: dict[str, list[int]] = defaultdict(list)
    for read in reads:
        if read.code:
            same[read.code.casefold()].append(read.line)
    good: list[SubjectRow] = []
    problems: list[Problem] = []
    for read in reads:
        lines = same[read.code.casefold()] if read.code else []
        row = (read.standing_again(lines) if len(lines) > 1 else read).row
        if isinstance(row, SubjectRow):
            good.append(row)
        else:
            problems += row.problems
        if len(problems) > MAX_PROBLEMS:
            raise DocumentError(problems)
    return SubjectList(tuple(good), tuple(problems), frozenset(filter(None, (read.code for read in reads))))


def iter_subjects(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> Iterator[SubjectRow | BadRow]:
    """Yield the rows of `subjects.csv` one at a time from an open file, which is not held; the codes are remembered.

    As `loads_subjects`, but of codes that are equal but for case the first has been given before the next is seen:
    only the later rows are bad. After the first 1,000 problems a bad row of nobody stands for the rest, which is not
    read. The file stays open.
    """
    return _iter_subjects(fp, _form(dates))


def _iter_subjects(fp: IO[bytes] | IO[str], form: str) -> Iterator[SubjectRow | BadRow]:
    seen: dict[str, int] = {}
    for read in _read_subjects(fp, form):
        line = seen.setdefault(read.code.casefold(), read.line) if read.code else read.line
        yield (read if line == read.line else read.standing_again([line, read.line])).row


# What was booked and what happened: visits.csv.


def loads(data: str | bytes, *, dates: str | None = None) -> RecordList:
    r"""Read `visits.csv`: columns subject, visit, and optionally booked, booked_time, attended, mode, outcome, note.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Dates are YYYY-MM-DD, or of the form `dates`, one of `DATE_FORMS`; `attended` may be partly known
    (YYYY-MM, YYYY); `booked` may hold its time (YYYY-MM-DDTHH:MM). Raises `InvalidValueError` when the file has no
    such header, is not UTF-8 or too large, `DocumentError` with the first 1,000 problems when there are more.

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
    if len(problems) > MAX_PROBLEMS:
        raise DocumentError(problems)
    return RecordList(tuple(found), tuple(problems), owners)


def iter_records(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> Iterator[RecordRow | BadRow]:
    r"""Yield the rows of `visits.csv` one at a time from an open file, which is not held: a file of any length.

    As `loads`, in the order of the file; what is wrong with the file itself is raised when it is met. After the first
    1,000 problems a bad row of nobody stands for the rest, which is not read. The file stays open.

    >>> from io import BytesIO
    >>> [row.subject for row in iter_records(BytesIO(b"subject,visit\nP01-007,DOSE1\nP01-008,\n"))]
    ['P01-007', 'P01-008']
    """
    return _iter_records(fp, _form(dates))


def _iter_records(fp: IO[bytes] | IO[str], form: str) -> Iterator[RecordRow | BadRow]:
    known: dict[str, str] = {}  # a file has many rows of few subjects: each code is looked at once
    told = 0
    for row in rows_of(fp, RECORD_COLUMNS):
        read = row if isinstance(row, BadRow) else _read_record(row, form, known)
        yield read
        if isinstance(read, BadRow):
            told += len(read.problems)
        if told > MAX_PROBLEMS:
            yield BadRow(row.line, "", (and_more(f"line {row.line}"),))
            return


def _read_record(row: Row, form: str, known: dict[str, str]) -> RecordRow | BadRow:
    code = _code(row, known)
    record = record_of(row, form)
    if record is None:
        return BadRow(row.line, code, tuple(row.problems))
    return RecordRow(row.line, code, record)


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

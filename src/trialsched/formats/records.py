"""Lists as people keep them: subjects in `subjects.csv`, what was booked and happened in `visits.csv`."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import date, time
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from trialsched._text import nearest_or, nfc, shown
from trialsched.errors import InvalidTypeError, InvalidValueError, Problem, TrialschedError
from trialsched.offsets import PartialDate, parse_date
from trialsched.subject import Subject, VisitRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SUBJECT_COLUMNS: Final = ("subject", "baseline", "baseline_status", "arm", "ended", "end_reason", "language")
RECORD_COLUMNS: Final = ("subject", "visit", "booked", "booked_time", "attended", "mode", "outcome", "note")
_NEEDED: Final = 2  # columns, the first ones of both lists
_NOTE: Final = "note"  # free text, kept as it stands: blanks at its ends too
_OUTCOMES: Final = ("attended", "missed", "withheld")
_DELIMITERS: Final = (",", ";", "\t")  # the first wins when none is in the header
_NAMED: Final = 3  # lines named in one message
_LONGEST_NOTE: Final = 131_072  # characters of a cell that Python's reader of CSV takes
_T = TypeVar("_T")


class SubjectRow(NamedTuple):
    """A subject and the line of the file on which it begins, counted from 1."""

    line: int
    subject: Subject


class SubjectList(NamedTuple):
    """The good rows of a file, and the problems of the bad ones (`line 4: baseline`) in the order of the file.

    `codes` are all that stand in the file, those of bad rows too.
    """

    rows: tuple[SubjectRow, ...]
    problems: tuple[Problem, ...]
    codes: frozenset[str] = frozenset()


class RecordRow(NamedTuple):
    """A record, the code of its subject, and the line of the file on which it begins, counted from 1."""

    line: int
    subject: str
    record: VisitRecord


class RecordList(NamedTuple):
    """The good rows of a file, and the problems of the bad ones (`line 4: attended`) in the order of the file.

    `owners` has the subject of each bad row by its line; a bad row that is not there may be anybody's.
    """

    rows: tuple[RecordRow, ...]
    problems: tuple[Problem, ...]
    owners: Mapping[int, str]


class _Row(NamedTuple):
    """A row as read: its first line, its cells by column, the problems found in it."""

    line: int
    values: dict[str, str]
    problems: list[Problem]

    def wrong(self, column: str, read: str, message: str, expected: str = "") -> None:
        """Note a problem of a cell, said once."""
        message = message.removesuffix(f"; read {read!r}")
        self.problems.append(Problem(f"line {self.line}: {column}", shown(read), expected, message))


def loads_subjects(data: str | bytes) -> SubjectList:
    """Read `subjects.csv`: columns subject, baseline, and optionally baseline_status, arm, ended, end_reason, language.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Codes that are equal but for case are bad rows, all of them. Raises `InvalidValueError` when
    the file has no such header or is not UTF-8.
    """
    rows = list(_rows(_text_of(data), SUBJECT_COLUMNS))
    same: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.values.get("subject"):
            same[nfc(row.values["subject"]).casefold()].append(row.line)
    found = []
    for row in rows:
        lines = same.get(nfc(row.values.get("subject", "")).casefold(), [])
        if len(lines) > 1:
            row.problems.append(_standing_again(row, lines))
        subject = _subject(row)
        if not row.problems and subject is not None:
            found.append(SubjectRow(row.line, subject))
    codes = frozenset(nfc(row.values["subject"]) for row in rows if row.values.get("subject"))
    return SubjectList(tuple(found), tuple(problem for row in rows for problem in row.problems), codes)


def _text_of(data: str | bytes) -> str:
    if not isinstance(data, (str, bytes)):
        raise InvalidTypeError(f"the bytes or text of a list are meant; read {shown(data)}")
    try:
        return data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidValueError("not UTF-8: save the file as CSV UTF-8", where=f"line {line}") from None


def _rows(text: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    """Yield the rows under the header; a row that is not CSV is one problem and stops nothing else."""
    header_line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().casefold() for name in next(lines, [])]
    except csv.Error as error:
        raise InvalidValueError(f"not CSV: {error}", where="line 1") from None
    while header and not header[-1]:
        header.pop()
    _check_header(header, columns)
    while True:
        line = lines.line_num + 1
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            ending = f"{error}" if lines.line_num <= line else f"{error}: a quote is open to line {lines.line_num}"
            yield _Row(line, {}, [Problem(f"line {line}", "", "", f"not CSV: {ending}")])
            continue
        if any(cell.strip() for cell in cells):
            problems = []
            if any(cell.strip() for cell in cells[len(header) :]):
                expected = f"{len(header)} columns"
                problems.append(Problem(f"line {line}", ",".join(cells)[:200], expected, "more cells than columns"))
            named = zip(header, cells, strict=False)
            yield _Row(line, {name: cell if name == _NOTE else cell.strip() for name, cell in named}, problems)


def _check_header(header: list[str], columns: tuple[str, ...]) -> None:
    for name in header:
        if name not in columns:
            expected = nearest_or(name, columns, ", ".join(columns))
            raise InvalidValueError(f"unknown column {name!r}; expected {expected}", where="line 1")
        if header.count(name) > 1:
            raise InvalidValueError(f"the column {name!r} stands twice", where="line 1")
    missing = [name for name in columns[:_NEEDED] if name not in header]
    if missing:
        raise InvalidValueError(f"no column {' and no column '.join(map(repr, missing))} in the header", where="line 1")


def _standing_again(row: _Row, lines: list[int]) -> Problem:
    others = [line for line in lines[: _NAMED + 1] if line != row.line][:_NAMED]
    more = len(lines) - 1 - len(others)
    named = ", ".join(map(str, others)) + (f" and {more} more" if more else "")
    message = f"the same code, case ignored, stands on line {named}"
    return Problem(f"line {row.line}: subject", row.values["subject"], "each subject once", message)


def _subject(row: _Row) -> Subject | None:
    """Return the subject of a row, or None, with every problem of its cells noted."""
    if not row.values:
        return None
    given: dict[str, Any] = {name: text for name, text in row.values.items() if text and name != "subject"}
    if "baseline" not in given:
        row.wrong("baseline", "", "no baseline", "a date as YYYY-MM-DD")
    for name in ("baseline", "ended"):
        if name in given:
            try:
                given[name] = parse_date(given[name])
            except InvalidValueError as error:
                row.wrong(name, given[name], error.message)
                given[name] = date.max
    code = row.values.get("subject", "")
    if not code:
        row.wrong("subject", "", "no subject", "the subject's code")
        code = "X"
    good = True
    # One column after the other, so that a bad one hides no other.
    alone: dict[str, dict[str, Any]] = {name: {"code": "X", name: value} for name, value in given.items()}
    if "end_reason" in alone:
        alone["end_reason"]["ended"] = date.max
    for name, fields in {"subject": {"code": code}, **alone}.items():
        try:
            Subject(**fields)
        except TrialschedError as error:
            good = False
            row.wrong(name, str(fields.get(name, code)), error.message)
    if not good:
        return None
    try:
        return Subject(code, **given)
    except TrialschedError as error:
        row.wrong(error.where, "", error.message)
        return None


# What was booked and what happened: visits.csv.


def loads(data: str | bytes) -> RecordList:
    r"""Read `visits.csv`: columns subject, visit, and optionally booked, booked_time, attended, mode, outcome, note.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Dates are YYYY-MM-DD; `attended` may be partly known (YYYY-MM, YYYY); `booked` may hold its time
    (YYYY-MM-DDTHH:MM). Raises `InvalidValueError` when the file has no such header or is not UTF-8.

    >>> loads("subject,visit,attended\nP01-007,DOSE1,2026-03-04\n").rows[0].record.attended
    datetime.date(2026, 3, 4)
    """
    found: list[RecordRow] = []
    problems: list[Problem] = []
    owners: dict[int, str] = {}
    known: dict[str, str] = {}  # a file has many rows of few subjects: each code is looked at once
    for row in _rows(_text_of(data), RECORD_COLUMNS):
        code = _code(row, known) if row.values else ""
        record = _record(row) if row.values else None
        if record is not None and not row.problems:
            found.append(RecordRow(row.line, code, record))
            continue
        problems += row.problems
        if code:
            owners[row.line] = code
    return RecordList(tuple(found), tuple(problems), owners)


def load(fp: IO[bytes] | IO[str]) -> RecordList:
    """Read `visits.csv` from an open file; one open for text is opened with `newline=""`."""
    return loads(fp.read())


def _code(row: _Row, known: dict[str, str]) -> str:
    """Return the subject's code of a row, or what stands in its place, with the problem noted."""
    text = row.values.get("subject", "")
    if not text:
        row.wrong("subject", "", "no subject", "the subject's code")
    elif text not in known:
        try:
            known[text] = Subject(text).code
        except TrialschedError as error:
            row.wrong("subject", text, error.message)
    return known.get(text, text)


# Fields that bind each other: looked at one group after the other, so that a bad one hides no other.
_GROUPS: Final = (("visit",), ("booked", "booked_time"), ("attended", "outcome"), ("mode",))


def _record(row: _Row) -> VisitRecord | None:
    """Return the record of a row, or None, with every problem of its cells noted."""
    cells, before = row.values, len(row.problems)
    if not cells.get("visit"):
        row.wrong("visit", "", "no visit", "the visit's code")
    booked, clock = _cell(row, "booked", _moment) or (None, None)
    told = _cell(row, "booked_time", _clock)
    if clock is not None and told not in (None, clock):
        row.wrong("booked_time", cells["booked_time"], f"`booked` says {clock:%H:%M}", "one time, or the same twice")
    attended = _cell(row, "attended", _known_day)
    outcome = _cell(row, "outcome", _outcome)
    if outcome == "attended" and not cells.get("attended"):
        row.wrong("attended", "", "the outcome is 'attended', but no day", "a date as YYYY-MM-DD")
    fields: dict[str, Any] = {
        "visit": cells.get("visit") or "X",
        "booked": booked,
        "booked_time": clock if told is None else told,
        "attended": attended,
        "mode": cells.get("mode") or None,
        "outcome": None if outcome == "attended" else outcome,
        "note": cells.get(_NOTE) or None,
    }
    if len(row.problems) == before:
        try:
            return VisitRecord(**fields)
        except TrialschedError:
            pass  # each of its faults is told below
    bad = {problem.where.rpartition(" ")[2] for problem in row.problems}
    for group in _GROUPS:
        if bad.isdisjoint(group):
            try:
                VisitRecord(**{"visit": "X", **{name: fields[name] for name in group}})
            except TrialschedError as error:
                row.wrong(error.where, cells.get(error.where, ""), error.message)
    return None


def _cell(row: _Row, name: str, reader: Callable[[str], _T]) -> _T | None:
    """Return what a cell says, or None when it is empty or bad, which is noted."""
    text = row.values.get(name)
    if not text:
        return None
    try:
        return reader(text)
    except InvalidValueError as error:
        row.wrong(name, text, error.message)
        return None


_OTHER_ORDER = re.compile(r"[0-9]+\s*[./]\s*[0-9]+")
_PARTLY = re.compile(r"[0-9]{4}(-[0-9]{2})?")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _day(text: str) -> date:
    if _OTHER_ORDER.match(text):
        message = f"read {text[:40]!r}: which is the day and which the month is never guessed; write YYYY-MM-DD"
        raise InvalidValueError(message)
    return parse_date(text)


def _known_day(text: str) -> date | PartialDate:
    return PartialDate.parse(text) if _PARTLY.fullmatch(text) else _day(text)


def _clock(text: str) -> time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise InvalidValueError(f"read {text[:40]!r}, expected a time as 'HH:MM', 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def _moment(text: str) -> tuple[date, time | None]:
    day, letter, clock = text.partition("T")
    return _day(day), _clock(clock) if letter else None


def _outcome(text: str) -> str:
    if text not in _OUTCOMES:
        raise InvalidValueError(f"read {text[:40]!r}, expected {', '.join(_OUTCOMES)} or nothing")
    return text


def dumps(records: Mapping[str, Iterable[VisitRecord]]) -> str:
    """Return the records of subjects, by their codes, as `visits.csv`, in the order given.

    All columns, commas, dates ISO 8601, nothing for None, line feeds. `loads` gives the same records back (an empty
    note as None). Raises `InvalidValueError` or `InvalidTypeError` for what is no code, no record, or a note that no
    file can hold.

    >>> print(dumps({"P01-007": [VisitRecord("DOSE1", booked=date(2026, 3, 4))]}), end="")
    subject,visit,booked,booked_time,attended,mode,outcome,note
    P01-007,DOSE1,2026-03-04,,,,,
    """
    lines = [",".join(RECORD_COLUMNS)]
    for code, several in records.items():
        subject = Subject(code, records=tuple(several))
        for index, record in enumerate(subject.records):
            _check_note(record.note, f"{code} records[{index}].note")
            lines.append(_line(subject.code, record))
    return "\n".join(lines) + "\n"


def dump(records: Mapping[str, Iterable[VisitRecord]], fp: IO[bytes]) -> None:
    """Write `visits.csv` to a file open for bytes, in UTF-8."""
    fp.write(dumps(records).encode())


def _check_note(note: str | None, where: str) -> None:
    if note is None or (note.isascii() and len(note) <= _LONGEST_NOTE):
        return
    if len(note) > _LONGEST_NOTE:
        message = f"a cell holds at most {_LONGEST_NOTE} characters; read {len(note)}"
        raise InvalidValueError(message, where=where)
    try:
        note.encode()
    except UnicodeEncodeError:
        message = f"a lone surrogate, which UTF-8 does not have; read {shown(note)!r}"
        raise InvalidValueError(message, where=where) from None


def _line(code: str, record: VisitRecord) -> str:
    cells = (
        code,
        record.visit,
        record.booked.isoformat() if record.booked else "",
        record.booked_time.isoformat("minutes") if record.booked_time is not None else "",
        str(record.attended) if record.attended else "",
        record.mode or "",
        record.outcome or "",
        record.note or "",
    )
    return ",".join(map(_quoted, cells))


# RFC 4180, section 2: fields with line breaks, double quotes and commas are enclosed in double quotes. Python's writer
# leaves a carriage return alone when lines end with a line feed.
_TO_QUOTE = re.compile(r'[",\r\n]')


def _quoted(text: str) -> str:
    if not _TO_QUOTE.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'

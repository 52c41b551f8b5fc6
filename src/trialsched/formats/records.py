"""Lists of subjects as people keep them: `subjects.csv`."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from trialsched._text import nearest_or, nfc, shown
from trialsched.errors import InvalidTypeError, InvalidValueError, Problem, TrialschedError
from trialsched.offsets import parse_date
from trialsched.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

SUBJECT_COLUMNS: Final = ("subject", "baseline", "baseline_status", "arm", "ended", "end_reason", "language")
_NEEDED: Final = SUBJECT_COLUMNS[:2]
_DELIMITERS: Final = (",", ";", "\t")  # the first wins when none is in the header
_NAMED: Final = 3  # lines named in one message


class SubjectRow(NamedTuple):
    """A subject and the line of the file on which it begins, counted from 1."""

    line: int
    subject: Subject


class SubjectList(NamedTuple):
    """The good rows of a file, and the problems of the bad ones (`line 4: baseline`) in the order of the file."""

    rows: tuple[SubjectRow, ...]
    problems: tuple[Problem, ...]


class _Row(NamedTuple):
    """A row as read: its first line, its cells by column, the problems found in it."""

    line: int
    values: dict[str, str]
    problems: list[Problem]


def loads_subjects(data: str | bytes) -> SubjectList:
    """Read `subjects.csv`: columns subject, baseline, and optionally baseline_status, arm, ended, end_reason, language.

    Commas, semicolons or tabs, with or without byte order mark, any line ends, column names in any case; empty rows
    are passed over. Codes that are equal but for case are bad rows, all of them. Raises `InvalidValueError` when
    the file has no such header or is not UTF-8.
    """
    if not isinstance(data, (str, bytes)):
        raise InvalidTypeError(f"the bytes or text of a list are meant; read {shown(data)}")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidValueError("not UTF-8: save the file as CSV UTF-8", where=f"line {line}") from None
    rows = list(_rows(text))
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
    return SubjectList(tuple(found), tuple(problem for row in rows for problem in row.problems))


def _rows(text: str) -> Iterator[_Row]:
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
    _check_header(header)
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
            yield _Row(line, dict(zip(header, (cell.strip() for cell in cells), strict=False)), problems)


def _check_header(header: list[str]) -> None:
    for name in header:
        if name not in SUBJECT_COLUMNS:
            expected = nearest_or(name, SUBJECT_COLUMNS, ", ".join(SUBJECT_COLUMNS))
            raise InvalidValueError(f"unknown column {name!r}; expected {expected}", where="line 1")
        if header.count(name) > 1:
            raise InvalidValueError(f"the column {name!r} stands twice", where="line 1")
    missing = [name for name in _NEEDED if name not in header]
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
        row.problems.append(Problem(f"line {row.line}: baseline", "", "a date as YYYY-MM-DD", "no baseline"))
    for name in ("baseline", "ended"):
        if name in given:
            try:
                given[name] = parse_date(given[name])
            except InvalidValueError as error:
                row.problems.append(Problem(f"line {row.line}: {name}", given[name], "", error.message))
                given[name] = date.max
    code = row.values.get("subject", "")
    if not code:
        row.problems.append(Problem(f"line {row.line}: subject", "", "the subject's code", "no subject"))
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
            row.problems.append(Problem(f"line {row.line}: {name}", str(fields.get(name, code)), "", error.message))
    if not good:
        return None
    try:
        return Subject(code, **given)
    except TrialschedError as error:
        row.problems.append(Problem(f"line {row.line}: {error.where}", "", "", error.message))
        return None

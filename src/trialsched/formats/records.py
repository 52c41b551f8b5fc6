"""Lists of subjects as people keep them: `subjects.csv`."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from trialsched._text import nearest_or, nfc
from trialsched.errors import InvalidValueError, Problem, TrialschedError
from trialsched.offsets import parse_date
from trialsched.subject import Subject

if TYPE_CHECKING:
    from datetime import date

    from trialsched.subject import BaselineStatus, EndReason

SUBJECT_COLUMNS: Final = ("subject", "baseline", "baseline_status", "arm", "ended", "end_reason", "language")
_NEEDED: Final = SUBJECT_COLUMNS[:2]


class SubjectRow(NamedTuple):
    """A subject and the line of the file on which it begins, counted from 1."""

    line: int
    subject: Subject


class SubjectList(NamedTuple):
    """The good rows of a file, and the problems of the bad ones (`line 4: baseline`)."""

    rows: tuple[SubjectRow, ...]
    problems: tuple[Problem, ...]


def loads_subjects(data: str | bytes) -> SubjectList:
    """Read `subjects.csv`: columns subject, baseline, and optionally baseline_status, arm, ended, end_reason, language.

    Commas or semicolons, with or without byte order mark, any line ends; empty rows are passed over. Codes that
    are equal but for case are bad rows, all of them. Raises `InvalidValueError` when the file has no such header
    or is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"byte {error.start} is not UTF-8: save the file as CSV UTF-8") from None
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    problems: list[Problem] = []
    found: list[SubjectRow] = []
    try:
        header = [name.strip() for name in next(lines, [])]
        while header and not header[-1]:
            header.pop()
        _check_header(header)
        start = lines.line_num + 1
        for cells in lines:
            line, start = start, lines.line_num + 1
            if any(cell.strip() for cell in cells):
                subject = _subject(header, cells, line, problems)
                if subject is not None:
                    found.append(SubjectRow(line, subject))
    except csv.Error as error:
        raise InvalidValueError(f"line {lines.line_num}: not CSV: {error}") from None
    same = defaultdict(list)
    for row in found:
        same[row.subject.code.casefold()].append(row.line)
    for row in found:
        others = [line for line in same[row.subject.code.casefold()] if line != row.line]
        if others:
            message = f"the same code, case ignored, stands on line {', '.join(map(str, others))}"
            problems.append(Problem(f"line {row.line}: subject", row.subject.code, "each subject once", message))
    good = tuple(row for row in found if len(same[row.subject.code.casefold()]) == 1)
    return SubjectList(good, tuple(sorted(problems, key=lambda p: int(p.where.split()[1].rstrip(":")))))


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return ";" if header.count(";") > header.count(",") else ","


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


def _subject(header: list[str], cells: list[str], line: int, problems: list[Problem]) -> Subject | None:
    before = len(problems)
    if any(cell.strip() for cell in cells[len(header) :]):
        problems.append(Problem(f"line {line}", ",".join(cells), f"{len(header)} columns", "more cells than columns"))
    values = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    days: dict[str, date | None] = {}
    for name in ("baseline", "ended"):
        days[name] = None
        if values.get(name):
            try:
                days[name] = parse_date(values[name])
            except InvalidValueError as error:
                problems.append(Problem(f"line {line}: {name}", "", "", error.message))
    if not values.get("baseline"):
        problems.append(Problem(f"line {line}: baseline", "", "a date as YYYY-MM-DD", "no baseline"))
    if len(problems) > before:
        return None
    try:
        return Subject(
            nfc(values["subject"]),
            baseline=days["baseline"],
            arm=values.get("arm") or None,
            ended=days["ended"],
            end_reason=cast("EndReason | None", values.get("end_reason") or None),
            baseline_status=cast("BaselineStatus", values.get("baseline_status") or "planned"),
            language=values.get("language") or None,
        )
    except TrialschedError as error:
        name = "subject" if error.where == "code" else error.where
        problems.append(Problem(f"line {line}: {name}", "", "", error.message))
    return None

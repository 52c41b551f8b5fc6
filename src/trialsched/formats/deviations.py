"""The deviation log: findings as rows of a CSV file, with columns that people fill in and that are never lost.

Made again, it matches its rows by subject, visit, kind, other visit and date.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, Literal, NamedTuple, get_args

from trialsched._dateforms import ISO, check_date_form, known_day_of, written
from trialsched._encodings import not_utf8, utf16
from trialsched._text import guarded, nfc, shown, unguarded
from trialsched.compliance import KINDS, Report
from trialsched.errors import MAX_PROBLEMS, DocumentError, InvalidTypeError, InvalidValueError, Problem

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Iterable, Iterator

    from trialsched.compliance import CheckedVisit, Finding

Levels = Literal["all", "deviation"]

KEY: Final = ("subject", "visit", "kind", "other", "date")
PEOPLES: Final = ("severity", "reason", "action", "reported_on")
COLUMNS: Final = (
    *("subject", "visit", "version", "planned", "window", "actual", "days_out", "kind", "level", "other", "date"),
    *("detail", *PEOPLES, "state"),
)
FOUND: Final = "found"
GONE: Final = "no longer found"
_HINT = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n)", re.IGNORECASE)
_DELIMITERS: Final = (",", ";", "\t")  # the first wins when none is in the header
_ABOVE: Final = 20  # lines above a header in which it is still looked for
_HEAD: Final = 100_000  # bytes that have them and the header
_TOLD: Final = 100  # bytes that tell an encoding
_MAX_BYTES: Final = 20_000_000
_MAX_LINES: Final = 200_000
_MAX_COLUMNS: Final = 200  # every row has them all


class LogRow(NamedTuple):
    """A row of the log as text, dates ISO 8601; `more` has what stands in the columns that people added.

    A row of a kind that is none of `KINDS` is people's own: all of it stays as they wrote it.
    """

    subject: str
    visit: str
    version: str
    planned: str
    window: str
    actual: str
    days_out: str
    kind: str
    level: str
    other: str
    date: str
    detail: str
    severity: str = ""
    reason: str = ""
    action: str = ""
    reported_on: str = ""
    state: str = FOUND
    more: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...] | None:
        """What the row is matched by; None for a row of people's own."""
        return (self.subject, self.visit, self.kind, self.other, self.date) if self.kind in KINDS else None

    @property
    def is_filled_in(self) -> bool:
        """Whether people wrote anything into their columns of the row."""
        return any(map(str.strip, (self.severity, self.reason, self.action, self.reported_on)))

    def told(self) -> dict[str, str | int | None]:
        """Return what the library says in the row, by column: None for nothing, the days that it is out as a number."""
        own = [name for name in COLUMNS if name not in PEOPLES]
        values: dict[str, str | int | None] = {name: getattr(self, name) or None for name in own}
        values["days_out"] = int(self.days_out) if self.days_out else None
        return values


class Shape(NamedTuple):
    """How a file is written: what stands between cells, at line ends, whether a byte order mark comes first.

    `hint` is Excel's line above the header that names the separator, with its end, or nothing.
    """

    delimiter: str = ","
    newline: str = "\n"
    mark: bool = False
    hint: str = ""


PLAIN: Final = Shape()
EXCEL: Final = Shape(";", "\r\n", mark=True)


@dataclass(frozen=True, slots=True)
class DeviationLog:
    """A log as it stands in a file: its rows in their order, its columns in theirs, its shape.

    `header` has the names of `COLUMNS`, once each and in any case, and those of people's own. No two rows have one key.
    Raises `InvalidValueError`.
    """

    rows: tuple[LogRow, ...] = ()
    header: tuple[str, ...] = COLUMNS
    shape: Shape = PLAIN

    def __post_init__(self) -> None:
        """Hold the rows to the header and to each other."""
        own = _check_header(self.header)
        seen: dict[tuple[str, ...], int] = {}
        for index, row in enumerate(self.rows):
            if len(row.more) != len(self.header) - len(own):
                expected = f"{len(self.header) - len(own)} cells of columns that people added"
                raise InvalidValueError(f"read {len(row.more)}, expected {expected}", where=f"rows[{index}].more")
            if row.key is not None and seen.setdefault(row.key, index) != index:
                message = f"the same subject, visit, kind, other visit and date as rows[{seen[row.key]}]"
                raise InvalidValueError(message, where=f"rows[{index}]")


def merge(
    reports: Report | Iterable[Report],
    log: DeviationLog | None = None,
    *,
    level: Levels = "all",
    complete: bool = False,
) -> DeviationLog:
    """Return the log made again: what people wrote stays, what the library writes is as the reports have it.

    A row whose finding is there is `found`; one whose finding is not there any more stays as it was, `no longer
    found`. New findings follow at the end, with `level="deviation"` only those of that level. Rows of subjects
    without a report stay as they are, unless the reports are `complete`: then they are no longer found either.
    Raises `InvalidTypeError` for what is no report, `InvalidValueError` for a subject that has two.

    >>> merge([]).header[:3]
    ('subject', 'visit', 'version')
    """
    if level not in get_args(Levels):
        raise InvalidValueError(f"read {level!r}, expected one of {', '.join(get_args(Levels))}", where="level")
    log = DeviationLog() if log is None else log
    several = (reports,) if isinstance(reports, Report) else tuple(reports)
    found: dict[tuple[str, ...] | None, LogRow] = {}
    subjects: set[str] = set()
    for index, report in enumerate(several):
        if not isinstance(report, Report):
            raise InvalidTypeError(f"a Report of `check` is meant; read {shown(report)}", where=f"reports[{index}]")
        if report.subject.code in subjects:
            message = f"the subject {report.subject.code!r} stands twice"
            raise InvalidValueError(message, where=f"reports[{index}]")
        subjects.add(report.subject.code)
        found |= {row.key: row for row in _rows_of(report)}
    rows = []
    for row in log.rows:
        again = None if row.key is None else found.pop(row.key, None)
        if again is not None:
            again = again._replace(severity=row.severity, reason=row.reason, action=row.action)
            rows.append(again._replace(reported_on=row.reported_on, more=row.more))
        elif row.key is not None and (complete or row.subject in subjects):
            rows.append(row._replace(state=GONE))
        else:
            rows.append(row)
    blank = ("",) * (len(log.header) - len(COLUMNS))
    rows += [row._replace(more=blank) for row in found.values() if level in ("all", row.level)]
    return DeviationLog(tuple(rows), log.header, log.shape)


def _rows_of(report: Report) -> Iterator[LogRow]:
    visits = {visit.code: visit for visit in report}
    for finding in report.findings:
        visit = visits.get(finding.visit)
        yield LogRow(
            subject=report.subject.code,
            visit=finding.visit,
            version=finding.version,
            planned=str(visit.target) if visit else "",
            window=_window(visit) if visit else "",
            actual=_actual(report, finding, visit),
            days_out="" if finding.days_out is None else str(finding.days_out),
            kind=finding.kind,
            level=finding.level,
            other=finding.other or "",
            date=str(finding.date) if finding.date else "",
            detail=finding.detail,
        )


def _window(visit: CheckedVisit) -> str:
    if visit.window is None:
        return ""
    return f"{visit.window}{' (assumed)' if visit.window_basis == 'assumed' else ''}"


def _actual(report: Report, finding: Finding, visit: CheckedVisit | None) -> str:
    """Return the day on which the visit of a finding was attended: the finding's own, where it is one."""
    attended = {str(r.attended) for r in report.subject.records if r.visit == finding.visit and r.attended}
    if finding.date is not None:
        return str(finding.date) if str(finding.date) in attended else ""
    return str(visit.attended) if visit and visit.attended else ""


# Reading and writing.


def loads(data: str | bytes, *, dates: str | None = None) -> DeviationLog:
    """Read a log that people filled in: commas, semicolons or tabs, any line ends, with or without byte order mark.

    Columns may stand in any order, and people's own among them; rows too. Dates are ISO 8601, or of the form `dates`
    (`dd.mm.yyyy`). Empty rows are passed over. Raises `InvalidValueError` when it is no log or not UTF-8,
    `DocumentError` with the first 1,000 problems of bad rows, also of two that have one key. A log is at most
    20 MB, 200,000 lines and 200 columns.
    """
    text = _text_of(data)
    form = _form(dates)
    lines, header, shape = _open(text)
    above = 1 if shape.hint else 0
    own = _check_header(header)
    if len(header) > _MAX_COLUMNS:
        raise InvalidValueError(f"no log that is read: more than {_MAX_COLUMNS} columns", where="line 1")
    rows: list[LogRow] = []
    problems: list[Problem] = []
    at: dict[tuple[str, ...], list[int]] = defaultdict(list)
    while len(problems) <= MAX_PROBLEMS:
        line = above + lines.line_num + 1
        if line > _MAX_LINES + 1:
            raise InvalidValueError(f"no log that is read: more than {_MAX_LINES:,} lines", where=f"line {line}")
        try:
            cells = next(lines)
        except StopIteration:
            break
        except csv.Error as error:
            problems.append(Problem(f"line {line}", "", "", f"not CSV: {error}"))
            continue
        if not any(map(str.strip, cells)):
            continue
        if above + lines.line_num > line:
            problems += _rows_inside(cells, own, shape.delimiter, line)
        if any(map(str.strip, cells[len(header) :])):
            problems.append(Problem(f"line {line}", "", f"{len(header)} columns", "more cells than columns"))
            continue
        row = _row([*map(_unguarded, cells), *[""] * (len(header) - len(cells))], header, own)
        row = _with_iso_dates(row, form, f"line {line}: date", problems)
        rows.append(row)
        if row.key is not None:
            at[row.key].append(line)
    problems += islice(_twice(at), MAX_PROBLEMS + 1)
    if problems:
        raise DocumentError(sorted(problems, key=_line))
    return DeviationLog(tuple(rows), header, shape)


def load(fp: IO[bytes] | IO[str], *, dates: str | None = None) -> DeviationLog:
    """Read a log from an open file; one open for text is opened with `newline=""`."""
    return loads(fp.read(_MAX_BYTES + 1), dates=dates)


def dumps(log: DeviationLog, *, dates: str | None = None, excel: bool = False) -> str:
    """Return the log as CSV in its own shape, or for Excel: byte order mark, semicolons, CRLF.

    Dates are ISO 8601, or of the form `dates`. A text that a spreadsheet would run has a leading apostrophe, which
    `loads` takes off. People's own rows are written as they were read.
    """
    form = _form(dates)
    shape = EXCEL if excel else log.shape
    to_quote = re.compile(rf'["\r\n{shape.delimiter}]')
    own = _check_header(log.header)
    lines = [log.header, *(_cells(_with_dates(row, form), log.header, own) for row in log.rows)]
    written = (shape.delimiter.join(_quoted(_guarded(cell), to_quote) for cell in line) for line in lines)
    return ("\ufeff" if shape.mark else "") + shape.hint + "".join(line + shape.newline for line in written)


def dump(log: DeviationLog, fp: IO[bytes], *, dates: str | None = None, excel: bool = False) -> None:
    """Write the log to a file open for bytes, in UTF-8."""
    fp.write(dumps(log, dates=dates, excel=excel).encode())


def is_ours(data: bytes) -> bool:
    """Return whether a file is a log, whatever else is wrong with it: people may have filled it in.

    It is one by its header, below a few lines of people's own too, in any encoding that has its letters: the columns
    that a row is known by are enough, or most of ours. Findings of `check` have no column that people fill in.
    """
    lines = _decoded(data[:_HEAD]).splitlines(keepends=True)
    return any(_is_header("".join(lines[place : place + _ABOVE])) for place in range(min(len(lines), _ABOVE + 1)))


def _decoded(data: bytes) -> str:
    """Return the text of a file, as good as it can be had."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    low, high = data[:_TOLD:2].count(0), data[1:_TOLD:2].count(0)
    encoding = "utf-8" if low == high else "utf-16-le" if low < high else "utf-16-be"
    return data.decode(encoding, errors="replace")


def _is_header(text: str) -> bool:
    """Return whether a text begins with the header line of a log."""
    try:
        _, header, _ = _open(text)
    except InvalidValueError:
        return False
    names = {name.strip().casefold() for name in header}
    if "generator_version" in names and names.isdisjoint((*PEOPLES, "state")):
        return False
    return names >= set(KEY) or 2 * len(names & set(COLUMNS)) > len(COLUMNS)


def _text_of(data: str | bytes) -> str:
    if not isinstance(data, (str, bytes)):
        raise InvalidTypeError(f"the bytes or text of a log are meant; read {shown(data)}")
    if len(data) > _MAX_BYTES:
        raise InvalidValueError(f"no log that is read: more than {_MAX_BYTES:,} bytes")
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None
    if utf16(text):
        raise not_utf8()
    return text


def _open(text: str) -> tuple[Reader, tuple[str, ...], Shape]:
    """Return the reader behind the header, the header, and the shape that the header line tells."""
    mark = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    hint = _HINT.match(text)
    above = hint[0] if hint else ""
    first = re.match(r"([^\r\n]*)(\r\n|\r|\n)?", text[len(above) :])
    line, newline = (first[1], first[2]) if first else ("", None)
    delimiter = hint[1] if hint else max(_DELIMITERS, key=line.count)
    lines = csv.reader(io.StringIO(text[len(above) :], newline=""), delimiter=delimiter, strict=True)
    try:
        header = tuple(map(_unguarded, next(lines, [])))
    except csv.Error as error:
        raise InvalidValueError(f"not CSV: {error}", where="line 1") from None
    return lines, header, Shape(delimiter, newline or "\n", mark, above)


def _check_header(header: tuple[str, ...]) -> dict[str, int]:
    """Return the places of our columns."""
    own: dict[str, int] = {}
    for place, name in enumerate(header):
        known = name.strip().casefold()
        if known in COLUMNS and own.setdefault(known, place) != place:
            raise InvalidValueError(f"the column {known!r} stands twice", where="line 1")
    missing = [name for name in COLUMNS if name not in own]
    if missing:
        raise InvalidValueError(f"no deviation log: no column {', '.join(map(repr, missing))}", where="line 1")
    return own


def _row(cells: list[str], header: tuple[str, ...], own: dict[str, int]) -> LogRow:
    ours = set(own.values())
    more = tuple(cells[place] for place in range(len(header)) if place not in ours)
    row = LogRow(**{name: cells[place] for name, place in own.items()}, more=more)
    subject, visit, kind, other, day = (nfc(getattr(row, name).strip()) for name in KEY)
    return row._replace(subject=subject, visit=visit, kind=kind, other=other, date=day) if kind in KINDS else row


def _rows_inside(cells: list[str], own: dict[str, int], delimiter: str, first: int) -> Iterator[Problem]:
    """Yield a problem for each row that stands inside a cell, because a quote was forgotten."""
    line = first
    expected = "a quote at the end of each cell that begins with one"
    for cell in cells:
        for inner in re.split(r"\r\n|\r|\n", cell)[1:]:
            line += 1
            parts = next(csv.reader([inner], delimiter=delimiter), [])
            if len(parts) > own["kind"] and parts[own["kind"]].strip() in KINDS:
                message = f"a row of the log stands inside the quotes that line {first} opens"
                yield Problem(f"line {line}", "", expected, message)


def _cells(row: LogRow, header: tuple[str, ...], own: dict[str, int]) -> list[str]:
    more = iter(row.more)
    names = {place: name for name, place in own.items()}
    return [getattr(row, names[place]) if place in names else next(more) for place in range(len(header))]


def _line(problem: Problem) -> int:
    return int(re.findall("[0-9]+", problem.where)[0])


def _twice(at: dict[tuple[str, ...], list[int]]) -> Iterator[Problem]:
    for key, lines in at.items():
        who = " ".join(filter(None, key))
        message = f"the same subject, visit, kind, other visit and date as on line {lines[0]}: {who}"
        yield from (Problem(f"line {line}", "", "one row of each", message) for line in lines[1:])


# A sign before a number is no formula: what people wrote stays as it is, byte for byte.
_NUMBER = re.compile(r"'*[+-]?[0-9]+([.,][0-9]+)*%?")


def _guarded(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else guarded(text)


def _unguarded(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else unguarded(text)


def _quoted(text: str, to_quote: re.Pattern[str]) -> str:
    """Return a cell as RFC 4180, section 2, has it: enclosed where it holds what stands between cells or lines."""
    if not to_quote.search(text):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


# Dates of a declared form, as spreadsheets write them.

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BETWEEN = re.compile(r"(?P<earliest>.+?)\.\.(?P<latest>[^(]+?)(?P<basis> \(assumed\))?")


def _form(dates: str | None) -> str:
    return ISO if dates is None else check_date_form(dates, "dates")


def _iso(text: str, form: str) -> str:
    """Return a date, or what is known of one, as ISO 8601; nothing for nothing. Raises `InvalidValueError`."""
    return str(known_day_of(text.strip(), form)) if text.strip() else ""


def _with_iso_dates(row: LogRow, form: str, where: str, problems: list[Problem]) -> LogRow:
    """Return a row with its dates as ISO 8601; only that of its key has to be readable."""
    if row.key is None:
        return row
    days = {"planned": row.planned, "actual": row.actual, "date": row.date}
    for name, text in days.items():
        try:
            days[name] = _iso(text, form)
        except InvalidValueError as error:
            if name == "date":
                problems.append(Problem(where, shown(text), "", error.message))
    window = row.window
    ends = _BETWEEN.fullmatch(window)
    if ends:
        with suppress(InvalidValueError):
            window = f"{_iso(ends['earliest'], form)}..{_iso(ends['latest'], form)}{ends['basis'] or ''}"
    return row._replace(planned=days["planned"], window=window, actual=days["actual"], date=days["date"])


def _with_dates(row: LogRow, form: str) -> LogRow:
    """Return a row with its whole dates in a form."""
    if form == ISO or row.key is None:
        return row

    def one(found: re.Match[str]) -> str:
        try:
            return written(date.fromisoformat(found[0]), form)
        except ValueError:
            return found[0]

    planned, window, actual, day = (_ISO.sub(one, text) for text in (row.planned, row.window, row.actual, row.date))
    return row._replace(planned=planned, window=window, actual=actual, date=day)

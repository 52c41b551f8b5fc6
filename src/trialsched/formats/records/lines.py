"""Files of rows as spreadsheets save them: encodings, separators, line ends, the header. Row by row, holding none."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import chain
from typing import IO, TYPE_CHECKING, Final, cast

from trialsched._encodings import not_utf8, utf16
from trialsched._text import nearest, nfc, shown, unguarded
from trialsched.errors import InvalidTypeError, InvalidValueError, Problem
from trialsched.formats.records.model import (
    NEEDED,
    NOTE,
    TEXTS,
    BadRow,
    Row,
)
from trialsched.formats.records.swallowed import rows_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}  # the first wins when none is in the header
_HINT = re.compile(r"sep=([,;\t])[\r\n]*", re.IGNORECASE)  # Excel's: which separator the lines below have
MAX_CHARACTERS: Final = 100_000_000
MAX_LINES: Final = 2_000_000
LONGEST_ROW: Final = 1_000_000  # characters, its line breaks too
_CLOSED: Final = "a quote at the end of each cell that begins with one"
_NAMED: Final = 10  # unknown columns named in one message


def opened(data: str | bytes) -> IO[bytes] | IO[str]:
    """Return the bytes or text of a list as a file."""
    if isinstance(data, bytes):
        return io.BytesIO(data)
    if isinstance(data, str):
        return io.StringIO(data, newline="")
    raise InvalidTypeError(f"the bytes or text of a list are meant; read {shown(data)}")


def rows_of(fp: IO[bytes] | IO[str], columns: tuple[str, ...]) -> Iterator[Row | BadRow]:
    """Yield the rows under the header of an open file; one that is not CSV is a bad row and stops nothing else.

    The file is left open. Raises `InvalidValueError` when it has no such header, and where it is not UTF-8.
    """
    if isinstance(fp.read(0), str):
        yield from _rows(cast("IO[str]", fp), columns)
        return
    file = cast("IO[bytes]", fp)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _rows(text, columns)
    finally:
        if not file.closed:
            text.detach()


class _Lines:
    """The lines of a file, within the limits of a list. Raises `InvalidValueError` where one is passed."""

    def __init__(self, text: IO[str]) -> None:
        self.text = text
        self.number = 0  # of lines read
        self.characters = 0  # of the whole file
        self.row = 0  # of the row that is read

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LONGEST_ROW + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self.characters += len(line)
        self.row += len(line)
        if self.row > LONGEST_ROW:
            self._refuse(f"a row of more than {LONGEST_ROW:,} characters")
        if self.characters > MAX_CHARACTERS:
            self._refuse(f"more than {MAX_CHARACTERS:,} characters")
        if self.number > MAX_LINES:
            self._refuse(f"more than {MAX_LINES:,} lines")
        return line

    def _refuse(self, found: str) -> None:
        raise InvalidValueError(f"{found}: no list that is read", where=f"line {self.number}")


def _rows(text: IO[str], columns: tuple[str, ...]) -> Iterator[Row | BadRow]:
    source = _Lines(text)
    above, delimiter, first = _beginning(source)
    lines = csv.reader(chain([first], source), delimiter=delimiter, strict=True)
    try:
        header = _header(lines, columns, f"line {above + 1}")
        while True:
            line = above + lines.line_num + 1
            source.row = 0
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error as error:
                last = above + lines.line_num
                ending = f"{error}" if last <= line else f"{error}: a quote is open to line {last}"
                yield BadRow(line, "", (Problem(f"line {line}", "", "", f"not CSV: {ending}"),))
                continue
            row = _row(line, header, cells, delimiter)
            last = above + lines.line_num
            inside = list(rows_inside(cells, header, delimiter)) if last > line else []
            if inside and isinstance(row, Row):
                message = f"its quotes are open to line {last}, and what looks like rows stands in them"
                row.problems.insert(0, Problem(f"line {line}", "", _CLOSED, message))
            if row is not None:
                yield row
            for below, code in inside:
                where = f"line {line + below}"
                message = f"it stands inside the quotes that line {line} opens"
                yield BadRow(line + below, code, (Problem(where, "", _CLOSED, message),))
    except UnicodeDecodeError as error:
        raise not_utf8(error, above + lines.line_num) from None


def _row(line: int, header: list[str], cells: list[str], delimiter: str) -> Row | BadRow | None:
    """Return the cells by column, or None when all are empty."""
    stripped = [cell.strip() for cell in cells]
    if not any(stripped):
        return None
    if not any(stripped[1:]):
        other = max(_DELIMITERS, key=stripped[0].count)
        if other != delimiter and stripped[0].count(other) >= NEEDED - 1:
            words = f"separated by {_DELIMITERS[other]}, the header by {_DELIMITERS[delimiter]}"
            code = unguarded(nfc(stripped[0].partition(other)[0].strip()))
            return BadRow(line, code, (Problem(f"line {line}", shown(stripped[0]), "", words),))
    row = Row(line, {}, [])
    if any(stripped[len(header) :]):
        expected = f"{len(header)} columns"
        row.problems.append(Problem(f"line {line}", ",".join(cells)[:200], expected, "more cells than columns"))
    for name, text, cell in zip(header, cells, stripped, strict=False):
        kept = text if name == NOTE else cell
        if kept:
            row.values[name] = unguarded(kept) if kept[0] == "'" and name in TEXTS else kept
    return row


def _header(lines: Iterator[list[str]], columns: tuple[str, ...], where: str) -> list[str]:
    """Return the names of the columns, in lower case."""
    try:
        header = [name.strip().casefold() for name in next(lines, [])]
    except csv.Error as error:
        raise InvalidValueError(f"not CSV: {error}", where=where) from None
    while header and not header[-1]:
        header.pop()
    _check_header(header, columns, where)
    return header


def _beginning(text: Iterator[str]) -> tuple[int, str, str]:
    """Return how many lines stand above the header, the separator, and the header's first line."""
    try:
        first = next(text, "").removeprefix("\ufeff")
        hint = _HINT.fullmatch(first)
        header = next(text, "") if hint else first
    except UnicodeDecodeError as error:
        raise not_utf8(error, 0) from None
    if utf16(header):
        raise not_utf8()
    return (1, hint[1], header) if hint else (0, max(_DELIMITERS, key=header.count), header)


def _check_header(header: list[str], columns: tuple[str, ...], where: str) -> None:
    """Raise what is wrong with the names of the columns, all of it."""
    times = Counter(header)
    missing = [name for name in columns[:NEEDED] if name not in times]
    faults = _unknown([name for name in times if name not in columns], columns)
    faults += [f"the column {name!r} stands twice" for name in columns if times[name] > 1]
    if missing:
        faults.append(f"no column {' and no column '.join(map(repr, missing))} in the header")
    if faults:
        raise InvalidValueError("; ".join(faults), where=where)


def _unknown(names: list[str], columns: tuple[str, ...]) -> list[str]:
    """Return what to say of columns that there are not: those like one that there is, then the others together."""
    faults, others = [], []
    for name in names[:_NAMED]:
        like = nearest(name, columns)
        if like:
            faults.append(f"unknown column {shown(name)!r}; expected {like!r}, the nearest one")
        else:
            others.append(repr(shown(name)))
    more = len(names) - _NAMED
    if more > 0:
        others.append(f"{more} more")
    if others:
        named = " and ".join(filter(None, (", ".join(others[:-1]), others[-1])))
        faults.append(f"unknown column{'s' if len(others) > 1 else ''} {named}; expected {', '.join(columns)}")
    return faults

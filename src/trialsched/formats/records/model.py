"""What reading gives: good rows, bad rows, and the columns there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from trialsched._text import shown
from trialsched.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trialsched.subject import Subject, VisitRecord

SUBJECT_COLUMNS: Final = ("subject", "baseline", "baseline_status", "arm", "ended", "end_reason", "language")
RECORD_COLUMNS: Final = ("subject", "visit", "booked", "booked_time", "attended", "mode", "outcome", "note")
NEEDED: Final = 2  # columns, the first ones of both lists
NOTE: Final = "note"  # free text, kept as it stands: blanks at its ends too
TEXTS: Final = frozenset({"subject", "visit", "arm", "language", NOTE})  # may begin with anything
MAX_JSON: Final = 50_000_000  # bytes of a JSON list, which is held whole
LONGEST_CELL: Final = 131_072  # characters that Python's reader of CSV takes


class SubjectRow(NamedTuple):
    """A subject and the line of the file on which it begins, counted from 1; in JSON its place, counted from 0."""

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


class BadRow(NamedTuple):
    """A row that cannot be read: its line, counted from 1, its subject or "" when nobody can tell, its problems."""

    line: int
    subject: str
    problems: tuple[Problem, ...]


class Row(NamedTuple):
    """A row as read: its line, the cells that are not empty by column, the problems found in it.

    `place` stands for the line where there are no lines, in JSON.
    """

    line: int
    values: dict[str, str]
    problems: list[Problem]
    place: str = ""

    def wrong(self, column: str, read: str, message: str, expected: str = "") -> None:
        """Note a problem of a cell, said once."""
        message = message.removesuffix(f"; read {read!r}")
        self.problems.append(Problem(self.where(column), shown(read), expected, message))

    def is_bad(self, column: str) -> bool:
        """Return whether a problem of the cell is noted."""
        return any(problem.where == self.where(column) for problem in self.problems)

    def where(self, column: str) -> str:
        """Return the place of a cell."""
        return f"{self.place}.{column}" if self.place else f"line {self.line}: {column}"

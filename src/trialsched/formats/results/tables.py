"""Rows of cells as CSV and as Markdown."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from trialsched._text import guarded, printable
from trialsched.formats.results.facts import cell

if TYPE_CHECKING:
    from collections.abc import Iterable

BOM: Final = "\ufeff"


def csv_lines(rows: Iterable[Iterable[object]], *, excel: bool = False) -> str:
    """Return rows as CSV: nothing for None, `true` and `false`, texts that a spreadsheet would run with `'` first.

    Commas and line feeds; for Excel semicolons and CRLF, the byte order mark being the caller's.
    """
    out = io.StringIO()
    delimiter = ";" if excel else ","
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if excel else "\n")
    writer.writerows([_csv_cell(value, delimiter) for value in row] for row in rows)
    return out.getvalue()


def _csv_cell(value: object, delimiter: str) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(printable(value, None), delimiter) if isinstance(value, str) else value


def markdown_lines(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of a table in Markdown; nothing in its cells acts as markup."""
    names = list(columns)
    lines = [names, ["---"] * len(names), *(map(cell, row) for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]

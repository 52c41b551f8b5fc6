"""Tables for people who review a trial: the worklist, adherence, the deviation log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trialsched.cli.tables import _STYLES, Text, _console, _day, _legend, _show, _table, _window
from trialsched.formats.results import origin_of
from trialsched.formats.results.checks import booked_in_words
from trialsched.formats.results.reviews import COUNTED, by_place, left_in_words, rates_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from rich.table import Table

    from trialsched.adherence import Adherence
    from trialsched.compliance import CheckedVisit, Report
    from trialsched.formats.deviations import LogRow
    from trialsched.worklist import WorkItem

_WIDE_NEXT, _WIDE_LOG = 160, 140  # columns of a terminal that all columns of the tables need
_LEAST, _RATE = 3, 5  # letters that stay together of the matrix ('in~', 'out') and of rates ('31/37')
_NEXT = ("Subject", "Visit", "Status", "Days left", "Target", "Window", "Booked", "Next")
_NEXT_NARROW = ("Subject", "Visit", "Status", "Days left", "Next")
_LOG = ("Subject", "Visit", "Version", "Planned", "Window", "Actual", "Days out", "Kind", "Level", "Other")
_LOG_NARROW = ("Subject", "Visit", "Actual", "Days out", "Kind", "Level")
_SHORT = {"upcoming": ".", "not-expected": "-", "done": "done"}
_SHORT_LEGEND = (
    "in, out: done in or out of the window   ?: done, undecided   done: without window   *: treatment withheld   "
    ".: upcoming   -: not expected"
)


def worklist_table(
    items: Sequence[WorkItem], reports: Sequence[Report], period: tuple[date, date], *, piped: bool
) -> str:
    """Show what is to be done, a table for each place where people have to be."""
    first, last = period
    parts: list[Table | Text] = [Text(f"From {first} to {last}: {len(items)} to do", "bold")]
    names = _NEXT if _console(piped=piped).width >= _WIDE_NEXT else _NEXT_NARROW
    marks: set[str] = set()
    for place, found in by_place(items):
        table = _table(*names, whole=names[:-1])
        for item in found:
            cells = _next_cells(item, narrow=names is _NEXT_NARROW)
            marks |= {mark for mark in "!~?" if any(mark in cells[name].plain for name in names[:-1])}
            table.add_row(*(cells[name] for name in names))
        parts += [Text(f"{place}: {len(found)}", "bold"), table]
    parts += [_legend(marks)] if marks else []
    return _show([*parts, *_ending(reports)], piped=piped)


def _next_cells(item: WorkItem, *, narrow: bool) -> dict[str, Text]:
    """Return the cells of an item by column; without target and window their marks stand behind the days left."""
    visit = item.visit
    moves, assumed = " ?" if visit.provisional else "", " ~" if visit.window_basis == "assumed" else ""
    return {
        "Subject": Text(item.subject),
        "Visit": Text(visit.code),
        "Status": Text(visit.status, _STYLES.get(visit.status, "")),
        "Days left": Text(f"{left_in_words(item)}{f'{assumed}{moves}' if narrow else ''}", justify="right"),
        "Target": _day(visit.target, moves),
        "Window": _window(visit.planned, weekdays=False),
        "Booked": Text(booked_in_words(visit)),
        "Next": Text(item.next_step),
    }


def adherence_table(found: Adherence, reports: Sequence[Report], *, piped: bool) -> str:
    """Show subjects by visits, and the rates."""
    matrix = _table("Subject", *found.visits, whole=("Subject",), least=_LEAST)
    for row in found.subjects:
        matrix.add_row(Text(row.subject), *map(_cell, row.cells))
    rates = _table(
        "Windows", "Visit", *(name.capitalize() for name in COUNTED), whole=("Visit", "Windows"), least=_RATE
    )
    for line in rates_in_words(found):
        rates.add_row(*map(Text, line))
    assumed = any(cell and cell.window_basis == "assumed" for row in found.subjects for cell in row.cells)
    parts: list[Table | Text] = [matrix, Text(_SHORT_LEGEND, "dim")]
    parts += [_legend({"~"})] if assumed else []
    return _show([*parts, rates, *_ending(reports)], piped=piped)


def _cell(visit: CheckedVisit | None) -> Text:
    if visit is None:
        return Text("")
    words = {"undecided": "?", None: _SHORT.get(visit.status, visit.status)}.get(visit.verdict, visit.verdict or "")
    words += "*" if visit.outcome == "withheld" else ""
    assumed = visit.window_basis == "assumed"
    style = "red" if visit.verdict == "out" and not assumed else _STYLES.get(visit.status, "dim")
    return Text(words + ("~" if assumed else ""), style)


def deviations_table(rows: Iterable[LogRow], reports: Sequence[Report], *, piped: bool) -> str:
    """Show the rows of a log without people's columns."""
    names = _LOG if _console(piped=piped).width >= _WIDE_LOG else _LOG_NARROW
    table = _table(*names, whole=names)
    number = 0
    for row in rows:
        number += 1
        cells = (getattr(row, name.lower().replace(" ", "_")) for name in names)
        table.add_row(*map(Text, cells), style=_STYLES.get(row.level, ""))
    said = Text(f"{number} finding{'' if number == 1 else 's'}", "bold")
    return _show([*([table] if number else []), said, *_ending(reports)], piped=piped)


def _ending(reports: Sequence[Report]) -> list[Text]:
    """Return the day, and where it all comes from."""
    return [
        Text(f"as of {reports[0].as_of}; {origin_of(protocol)}", "dim")
        for protocol in (reports[0].protocols if reports else ())
    ]

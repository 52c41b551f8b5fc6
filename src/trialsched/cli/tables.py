"""Tables for people: rich's, Saturdays, Sundays and assumed windows marked, no colour when piped."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from rich import box
from rich import text as rich_text
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from trialsched._text import printable
from trialsched.cli.inputs import describe
from trialsched.formats.results import in_words, origin_of, shift_of
from trialsched.formats.results.checks import (
    Sums,
    booked_in_words,
    finding_in_words,
    from_target_in_words,
    judged_in_words,
    not_planned,
)
from trialsched.formats.results.facts import study_days_in_words
from trialsched.offsets import DateRange, PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from rich.console import JustifyMethod

    from trialsched.compliance import CheckedVisit, Report
    from trialsched.plan import Change, Plan, PlannedVisit
    from trialsched.protocol import Protocol

_PIPED_WIDTH = 200
_WIDE, _NARROW = 125, 100  # columns of a terminal that labels, and facts and weekdays of windows, need
_WIDEST = 146  # that a report needs without folding a cell
_ENDLESS = 100_000
_DATE = 10  # letters of a date, which is not broken
_FRIDAY = 5
_MARKS = {
    "!": "! Saturday or Sunday",
    "~": "~ assumed window, not in the protocol",
    "?": "? rests on a provisional baseline or a partly known date",
}


class Text(rich_text.Text):
    """A text of rich's that is safe to print: the only one that tables are made of; no markup is read."""

    def __init__(self, text: str, style: str = "", *, justify: JustifyMethod | None = None) -> None:
        """Take any text."""
        super().__init__(printable(text), style, justify=justify)


def _console(*, piped: bool) -> Console:
    if piped:
        return Console(file=io.StringIO(), width=_PIPED_WIDTH, color_system=None, highlight=False, legacy_windows=False)
    return Console(file=sys.stdout, highlight=False)


def _show(parts: list[Table | Text], *, piped: bool) -> str:
    """Print to the terminal and return '', or return the plain text of a pipe or file.

    Where a table has too little room its lines are longer: rich would leave columns out without a word.
    """
    console = _console(piped=piped)
    width = console.width
    for part in parts:
        console.width = max(width, _needed(part, console)) if isinstance(part, Table) else width
        console.print(part, soft_wrap=isinstance(part, Text))
    text = console.file.getvalue() if isinstance(console.file, io.StringIO) else ""
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _needed(table: Table, console: Console) -> int:
    """Return how wide a table is when its columns are folded as far as may be, the widest first, as rich does it."""
    whole: list[int] = []
    folded: list[int] = []
    longest = 0
    options = console.options.update_width(_ENDLESS)
    for column in table.columns:
        cells = [Measurement.get(console, options, cell) for cell in (column.header, *column.cells)]
        (whole if column.no_wrap else folded).append(max(cell.maximum for cell in cells))
        if not column.no_wrap:
            longest = max(longest, min(column.min_width or 1, max(cell.minimum for cell in cells)))
        column.min_width = None
    return sum(whole) + sum(min(width, longest) for width in folded) + 3 * len(table.columns) - 1


def _table(*columns: str, whole: tuple[str, ...] = (), least: int = _DATE) -> Table:
    """Return a table; the columns named `whole` are never broken into two lines, of others `least` letters never."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold", no_wrap=column in whole, min_width=least)
    return table


def _day(day: date, mark: str = "", *, weekday: bool = True) -> Text:
    free = day.isoweekday() > _FRIDAY
    name = f" {_SHORT[day.weekday()]}" if weekday else ""
    return Text(f"{day.isoformat()}{name}{' !' if free else ''}{mark}", "yellow" if free else "")


_SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _window(row: PlannedVisit, *, weekdays: bool) -> Text:
    if row.window_basis == "none":
        return Text("none", "dim")
    if row.earliest is None or row.latest is None:
        return Text("empty: limits leave no day", "red")
    assumed = row.window_basis == "assumed"
    ends = (f"{day} {_SHORT[day.weekday()]}" if weekdays else f"{day}" for day in (row.earliest, row.latest))
    words = " .. ".join(ends)
    return Text(words + (" ~" if assumed else ""), "dim" if assumed else "")


def _facts(row: PlannedVisit) -> list[str]:
    facts = []
    if row.attended is not None:
        facts.append(f"{row.outcome or 'attended'} {row.attended}")
    elif row.outcome:
        facts.append(row.outcome)
    if row.booked is not None and (row.attended is None or (row.outcome and row.booked != row.attended)):
        clock = f" {row.booked_time:%H:%M}" if row.booked_time else ""
        facts.append(f"booked {row.booked}{clock}")
    return facts


def plan_table(plans: Iterable[Plan], *, piped: bool) -> str:
    """Show plans; return their plain text when piped, '' when printed to the terminal."""
    parts: list[Table | Text] = []
    marks = set()
    origins: dict[str, None] = {}
    width = _console(piped=piped).width
    names = ["Visit", *([""] if width >= _WIDE else []), "Target", "Window", "Study day", "Mode"]
    names += ["Facts"] if width >= _NARROW else []
    for plan in plans:
        parts.append(_head(plan))
        table = _table(*names, whole=("Visit", "Target", "Window", "Study day", "Mode"))
        below = []
        for row in plan:
            day = _day(row.target)
            facts = ", ".join([*_facts(row), *(["provisional"] if row.provisional else [])])
            below += [Text(f"{row.code}: {facts}")] if facts and width < _NARROW else []
            marks |= {mark for mark in "!~" if mark in day.plain or (mark == "~" and row.window_basis == "assumed")}
            label = [Text(row.label.best())] if width >= _WIDE else []
            cells = (Text(row.code), *label, day, _window(row, weekdays=width >= _NARROW), Text(str(row.study_day)))
            table.add_row(*cells, Text(row.mode), *([Text(facts)] if width >= _NARROW else []))
        parts += [table, *below]
        origins[origin_of(plan.protocol)] = None
        parts += [Text(f"recorded, not planned: {in_words(record)}") for record in plan.other_records]
        parts += [Text(f"note: {note}") for note in plan.notes]
    if marks:
        parts.append(_legend(marks))
    parts += [Text(origin, "dim") for origin in origins]
    return _show(parts, piped=piped)


def _legend(marks: set[str]) -> Text:
    return Text("   ".join(words for mark, words in _MARKS.items() if mark in marks), "dim")


def _head(plan: Plan) -> Text:
    subject = plan.subject
    status = " (provisional)" if subject.baseline_status == "provisional" else ""
    moved = "" if plan.day_zero == plan.baseline else f", day zero {plan.day_zero} ({plan.day_zero_source})"
    arm = f", arm {subject.arm}" if subject.arm else ""
    ended = f", ended {subject.ended}" if subject.ended else ""
    days = study_days_in_words(plan)
    dates = f"baseline {plan.baseline}{status}{moved}{days and f', {days}'}{ended}"
    return Text(f"{subject.code}{arm}: {dates}; protocol {describe(plan.protocol)}", "bold")


_CHECKED = ("Visit", "Status", "Target", "Window", "Booked", "Attended", "Days out", "From target")
_CHECKED_NARROW = ("Visit", "Status", "Target", "Window", "Facts", "Days out")
_STYLES = {"missed": "red", "lapsed": "yellow", "overdue": "yellow", "due": "bold", "done": "", "deviation": "bold red"}


def check_table(reports: Iterable[Report], *, piped: bool) -> str:
    """Show what happened and what is out, a table for each subject and a line for each finding, the sums last."""
    parts: list[Table | Text] = []
    ends: dict[str, None] = {}
    marks: set[str] = set()
    sums = Sums()
    wide = _console(piped=piped).width >= _WIDEST
    names = _CHECKED if wide else _CHECKED_NARROW
    for report in reports:
        several = len(report.protocols) > 1
        table = _table(*names, *(["Version"] if several else []), whole=(*names, "Version") if wide else names[:3])
        for visit in report:
            cells = _checked(visit, wide=wide)
            table.add_row(*cells, *([Text(visit.version)] if several else []))
            marks |= {mark for mark in _MARKS if any(mark in cell.plain for cell in cells[2:4])}
        parts += [_head(report.plan), table]
        told = [Text(finding_in_words(one), _STYLES.get(one.level, "")) for one in report.findings]
        told += [Text(f"recorded, not planned: {in_words(record)}") for record in not_planned(report)]
        told += [Text(f"about the plan: {note}") for note in report.plan.notes]
        parts += [*told, Text("")] if told else []
        sums.add(report)
        ends |= {f"as of {report.as_of}; {origin_of(protocol)}": None for protocol in report.protocols}
    parts.append(Text(f"{sums}", "bold"))
    parts += [_legend(marks)] if marks else []
    return _show([*parts, *(Text(end, "dim") for end in ends)], piped=piped)


def _checked(visit: CheckedVisit, *, wide: bool) -> tuple[Text, ...]:
    status = Text(visit.status, _STYLES.get(visit.status, "dim"))
    target = _day(visit.target, " ?" if visit.provisional else "", weekday=wide)
    attended, out = judged_in_words(visit)
    style = "" if visit.verdict != "out" else "yellow" if visit.window_basis == "assumed" else "red"
    window, days_out, distance = _window(visit.planned, weekdays=False), Text(out, style), from_target_in_words(visit)
    if wide:
        booked = Text(booked_in_words(visit))
        return (Text(visit.code), status, target, window, booked, Text(attended), days_out, Text(distance))
    facts = _facts(visit.planned)
    if visit.days_from_target:
        facts[0] += f" ({distance} from target)"
    return (Text(visit.code), status, target, window, Text(", ".join(facts)), days_out)


def changes_table(subject: str, changes: tuple[Change, ...], *, piped: bool) -> str:
    """Show what differs between two plans of a subject."""
    if not changes:
        return _show([Text(f"{subject}: nothing moves")], piped=piped)
    table = _table("Visit", "What", "Old", "New", "Days")
    for change in changes:
        days = shift_of(change)
        moved = "" if not days else f"{days:+d}"
        table.add_row(*map(Text, (change.visit, change.kind, _value(change.old), _value(change.new), moved)))
    return _show([Text(subject, "bold"), table], piped=piped)


def _value(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, DateRange):
        return f"{value.earliest} .. {value.latest}"
    return str(value) if isinstance(value, (str, PartialDate)) else str(value).removesuffix(":00")


def protocol_table(protocol: Protocol, *, piped: bool) -> str:
    """Show the visits of a protocol as they are written."""
    table = _table("Visit", "", "When", "Window", "Mode", "Arms", "Limits and cycle")
    assumed = False
    for visit in protocol.expanded:
        timing = visit.timing
        assumed = assumed or timing.assumed
        limits = [f"not before {timing.not_before}"] if timing.not_before else []
        limits += [f"not after {timing.not_after}"] if timing.not_after else []
        limits += ["counts from the target"] if timing.counts_from == "target" else []
        window = str(timing.window or "none") + (" ~" if timing.assumed else "")
        when = str(timing.when) if timing.when else "day 0"
        cells = (visit.code, visit.label.best(), when, window, visit.mode, " ".join(visit.arms), "; ".join(limits))
        table.add_row(*map(Text, cells))
    title = protocol.meta.title.best()
    parts: list[Table | Text] = [Text(f"{describe(protocol)}{': ' if title else ''}{title}", "bold"), table]
    if protocol.study_days_from is not None:
        parts.append(Text(f"{protocol.study_days_from} is study day 1"))
    for spacing in protocol.spacings:
        words = f"{spacing.first} to {spacing.second}: at least {spacing.at_least}{' ~' if spacing.assumed else ''}"
        parts.append(Text(words))
        assumed = assumed or spacing.assumed
    parts += [Text("~ assumed, not in the protocol", "dim")] if assumed else []
    parts.append(Text(origin_of(protocol), "dim"))
    return _show(parts, piped=piped)


def protocol_list(protocols: Iterable[Protocol], *, piped: bool) -> str:
    """Show bundled protocols, a line each."""
    table = _table("Id", "Version", "Visits", "Title")
    for protocol in protocols:
        cells = (protocol.id, protocol.version, str(len(protocol.expanded)), protocol.meta.title.best())
        table.add_row(*map(Text, cells))
    return _show([table], piped=piped)

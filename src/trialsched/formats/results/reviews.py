"""The worklist, adherence and rows of the deviation log as machines and spreadsheets read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from trialsched._text import shown
from trialsched._version import __version__
from trialsched.adherence import RATES, Counts, adherence
from trialsched.compliance import Report
from trialsched.errors import InvalidValueError
from trialsched.formats.results.checks import CheckFormat, _block, _checked, _head, _window
from trialsched.formats.results.facts import cell, dates_as_json, origin_of, protocol_as_json
from trialsched.formats.results.tables import BOM, csv_lines, markdown_lines
from trialsched.worklist import worklist

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from trialsched.adherence import Adherence, RateName, Rates
    from trialsched.compliance import CheckedVisit
    from trialsched.worklist import WorkItem

WORKLIST_SCHEMA: Final = "trialsched/worklist/1"
ADHERENCE_SCHEMA: Final = "trialsched/adherence/1"
DEVIATIONS_SCHEMA: Final = "trialsched/deviations/1"
COUNTED: Final = tuple(name.replace("_", " ") for name in Counts._fields)
ALL_VISITS: Final = "all visits"  # with a blank: no visit's code
_ITEM: Final = (
    *("visit", "mode_planned", "status", "days_left", "next_step", "target", "earliest", "latest", "window_basis"),
    *("booked", "booked_time", "provisional", "version"),
)
_STAMP: Final = ("as_of", "protocol_id", "protocol_version", "protocol_variant", "protocol_sha256", "generator_version")
_PLACES: Final = {"on-site": "On site", "phone": "By phone", "video": "By video", "home": "At home"}


def dumps_worklist(  # noqa: PLR0913 - a period, and how it is written
    reports: Report | Iterable[Report],
    first: date,
    last: date,
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    excel: bool = False,
    in_force: Mapping[str, date] | None = None,
) -> str:
    """Return the worklist of a period, both ends included, as JSON, CSV, or Markdown with a section for each mode.

    `excel` and `in_force` are those of `dumps_check`. Reports are of one day, a subject has one. Raises
    `InvalidValueError` or `InvalidTypeError`.
    """
    several = _several(reports, format, excel=excel)
    items = worklist(several, first, last)
    if format == "json":
        head = {**_head(several[0] if several else None, in_force or {}), "schema": WORKLIST_SCHEMA}
        period = {"first": first.isoformat(), "last": last.isoformat()}
        return _document({**head, **period, "items": list(map(_item, items))})
    if format == "csv":
        stamps = {protocol.version: _stamp([report], [protocol]) for report in several for protocol in report.protocols}
        cells = ([*map(item.get, ("subject", *_ITEM)), *stamps[item["version"]]] for item in map(_item, items))
        return _csv(("subject", *_ITEM), cells, excel=excel)
    lines = [f"# From {first} to {last}", ""]
    for place, found in by_place(items):
        columns = ("subject", "visit", "status", "days left", "window", "next")
        lines += [f"## {place} ({len(found)})", "", *markdown_lines(columns, map(_cells, found)), ""]
    return "\n".join([*lines, *([] if items else ["Nothing to do.", ""]), *_ending(several), ""])


def by_place(items: Iterable[WorkItem]) -> list[tuple[str, list[WorkItem]]]:
    """Return items by where people have to be: on site, by phone, by video, at home."""
    found: dict[str, list[WorkItem]] = {}
    for item in items:
        found.setdefault(_PLACES[item.visit.mode_planned], []).append(item)
    return list(found.items())


def _cells(item: WorkItem) -> tuple[str, ...]:
    visit = item.visit
    return (item.subject, visit.code, visit.status, left_in_words(item), _window(visit), item.next_step)


def left_in_words(item: WorkItem) -> str:
    """Return the days that are left, nothing without a window."""
    return "" if item.days_left is None else str(item.days_left)


def _item(item: WorkItem) -> dict[str, Any]:
    visit = item.visit
    return {
        "subject": item.subject,
        "visit": visit.code,
        "status": visit.status,
        "mode_planned": visit.mode_planned,
        "target": visit.target.isoformat(),
        "earliest": visit.earliest and visit.earliest.isoformat(),
        "latest": visit.latest and visit.latest.isoformat(),
        "window_basis": visit.window_basis,
        **{name: value for name, value in dates_as_json(visit).items() if name != "attended"},
        "provisional": visit.provisional,
        "version": visit.version,
        "days_left": item.days_left,
        "next_step": item.next_step,
    }


def dumps_adherence(
    reports: Report | Iterable[Report],
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    rates: bool = False,
    excel: bool = False,
    in_force: Mapping[str, date] | None = None,
) -> str:
    """Return adherence as JSON, CSV or Markdown. The CSV has a row for each subject, with `rates` the rates instead.

    Per cents have one decimal, a half is rounded up; where nothing was due there is none: null in JSON, nothing in CSV,
    `none expected` in Markdown. `excel` and `in_force` are those of `dumps_check`. Raises as `adherence`.
    """
    several = _several(reports, format, excel=excel)
    if rates and format != "csv":
        raise InvalidValueError(f"it is for CSV; read the format {format!r}", where="rates")
    found = adherence(several)
    if format == "json":
        head = {**_head(several[0] if several else None, in_force or {}), "schema": ADHERENCE_SCHEMA}
        return _document({**head, **_adherence_as_json(found)})
    if format == "csv":
        stamp = _stamp(several, several[0].protocols if several else ())
        columns, body = _rate_columns(found) if rates else _matrix(found)
        return _csv(columns, ([*row, *stamp] for row in body), excel=excel)
    columns, body = _matrix(found)
    lines = ["# Subjects by visits", "", *markdown_lines(columns, body), "", "# Rates", ""]
    lines += markdown_lines(("windows", "visit", *COUNTED), rates_in_words(found))
    return "\n".join([*lines, "", *_ending(several), ""])


def each_rate(found: Adherence) -> Iterator[tuple[str, str, Counts]]:
    """Yield the counts with the basis of their windows and their visit, those of all visits first."""
    both: tuple[tuple[str, Rates], ...] = (("protocol", found.protocol), ("assumed", found.assumed))
    for basis, rates in both:
        yield basis, ALL_VISITS, rates.overall
        for visit, counts in rates.visits:
            yield basis, visit, counts


def rates_in_words(found: Adherence) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the rates for people: '17/20 85.0 %', or 'none expected'."""
    for basis, visit, counts in each_rate(found):
        shares = {str(rate): _share(counts, rate) for rate in RATES}
        yield (basis, visit, *(shares.get(name, str(number)) for name, number in counts._asdict().items()))


def _share(counts: Counts, rate: RateName) -> str:
    percent = counts.percent(rate)
    return "none expected" if percent is None else f"{getattr(counts, rate)}/{counts.due} {percent} %"


def cell_in_words(visit: CheckedVisit | None) -> str:
    """Return the status of a visit in the table, and how its window was kept: 'done out ~', `~` being assumed."""
    if visit is None:
        return ""
    withheld = "withheld" if visit.outcome == "withheld" else ""
    return " ".join(
        filter(None, (visit.status, visit.verdict, withheld, "~" if visit.window_basis == "assumed" else ""))
    )


def _adherence_as_json(found: Adherence) -> dict[str, Any]:
    subjects = []
    for row in found.subjects:
        cells = {code: _cell(visit) for code, visit in zip(found.visits, row.cells, strict=True) if visit is not None}
        subjects.append({"subject": row.subject, "visits": cells})
    rates = [{"window_basis": basis, "visit": visit, **_counts(counts)} for basis, visit, counts in each_rate(found)]
    for rate in rates:
        rate["visit"] = None if rate["visit"] == ALL_VISITS else rate["visit"]
    return {"visits": list(found.visits), "rates": rates, "subjects": subjects}


def _cell(visit: CheckedVisit) -> dict[str, Any]:
    names = ("status", "verdict", "outcome", "window_basis")
    return {name: getattr(visit, name) for name in names}


def _counts(counts: Counts) -> dict[str, Any]:
    return {**counts._asdict(), "percent": {rate: counts.percent(rate) for rate in RATES}}


def _matrix(found: Adherence) -> tuple[tuple[str, ...], list[list[str]]]:
    rows = [[row.subject, *map(cell_in_words, row.cells)] for row in found.subjects]
    return ("subject", *found.visits), rows


def _rate_columns(found: Adherence) -> tuple[tuple[str, ...], list[list[object]]]:
    rows: list[list[object]] = []
    for basis, visit, counts in each_rate(found):
        rows.append([basis, visit, *counts, *map(counts.percent, RATES)])
    return ("window_basis", "visit", *Counts._fields, *(f"{rate}_percent" for rate in RATES)), rows


def dumps_deviations(
    rows: Iterable[Mapping[str, str | int | None]],
    reports: Report | Iterable[Report],
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    in_force: Mapping[str, date] | None = None,
) -> str:
    """Return rows of a deviation log, as `LogRow.told` gives them, as JSON or Markdown with where they come from.

    The log itself, which people write in, is of `formats.deviations`.
    """
    several = _several(reports, format, excel=False)
    if format == "csv":
        raise InvalidValueError("the log as CSV is written by formats.deviations", where="format")
    told = [dict(row) for row in rows]
    if format == "json":
        head = {**_head(several[0] if several else None, in_force or {}), "schema": DEVIATIONS_SCHEMA}
        return _document({**head, "rows": told})
    lines = ["# Deviation log", ""]
    lines += [*markdown_lines(told[0], (row.values() for row in told)), ""] if told else ["No findings.", ""]
    return "\n".join([*lines, *_ending(several), ""])


# What they share.


def _several(reports: Report | Iterable[Report], form: str, *, excel: bool) -> list[Report]:
    if form not in get_args(CheckFormat):
        raise InvalidValueError(
            f"read {shown(form)}, expected one of {', '.join(get_args(CheckFormat))}", where="format"
        )
    if excel and form != "csv":
        raise InvalidValueError(f"it is for CSV; read the format {form!r}", where="excel")
    return list(_checked([reports] if isinstance(reports, Report) else reports))


def _document(values: dict[str, Any]) -> str:
    """Write a document with a row of its lists on a line each."""
    fields = (f'  "{key}": {_block(value, "  ")}' for key, value in values.items())
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _csv(columns: Iterable[str], rows: Iterable[Iterable[object]], *, excel: bool) -> str:
    return (BOM if excel else "") + csv_lines([(*columns, *_STAMP), *rows], excel=excel)


def _stamp(reports: list[Report], protocols: Iterable[Any]) -> list[object]:
    """Return the day, the protocols, each value by versions, and the version of the library."""
    named = [protocol_as_json(protocol).values() for protocol in protocols]
    values = ["; ".join(dict.fromkeys(str(value or "") for value in column)) for column in zip(*named, strict=True)]
    return [reports[0].as_of.isoformat() if reports else "", *(values or [""] * 4), __version__]


def _ending(reports: list[Report]) -> list[str]:
    if not reports:
        return ["No subjects."]
    stamps = (f"Stamp: {cell(origin_of(protocol))}." for protocol in reports[0].protocols)
    return "\n\n".join([f"As of {reports[0].as_of}.", *stamps]).split("\n")

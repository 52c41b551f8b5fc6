"""Reports as machines and spreadsheets read them: one JSON document, CSV of visits or of findings, Markdown."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, Literal, get_args

from trialsched._text import json_text, shown
from trialsched._version import __version__
from trialsched.compliance import Report
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.formats.results.facts import (
    GENERATOR,
    cell,
    dates_as_json,
    end_as_json,
    facts_as_json,
    facts_in_words,
    in_words,
    origin_of,
    protocol_as_json,
    record_as_json,
)
from trialsched.formats.results.tables import BOM, csv_lines, markdown_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from trialsched.compliance import CheckedVisit, Finding
    from trialsched.protocol import Protocol
    from trialsched.subject import VisitRecord

CheckFormat = Literal["json", "csv", "markdown"]

CHECK_SCHEMA: Final = "trialsched/check/1"
_VISIT: Final = (
    *("visit", "status", "verdict", "settled_first", "settled_last", "target", "earliest", "latest", "window_basis"),
    *("booked", "booked_time", "attended", "outcome", "provisional", "version", "mode_planned", "mode_actual"),
    *("days_out", "days_from_target"),
)
_FINDING: Final = ("visit", "kind", "level", "other", "version", "days_out", "date", "detail")
_STAMP: Final = (
    *("as_of", "protocol_id", "protocol_version", "protocol_variant", "protocol_sha256", "generator_version"),
)


def dumps_check(
    reports: Report | Iterable[Report],
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    findings: bool = False,
    excel: bool = False,
    in_force: Mapping[str, date] | None = None,
) -> str:
    """Return reports as text: one JSON document of all subjects, CSV, or Markdown.

    The CSV has a row for each visit, with `findings` for each finding instead; with `excel` a byte order mark,
    semicolons and CRLF. `in_force` are a site's dates by version, as `check` takes them: the JSON names them.
    Dates are ISO 8601; JSON has null, CSV nothing where there is none. The same reports give the same bytes.

    The reports are of one day, and by versions that the first of them is by as well, a subject has one: else
    `InvalidValueError`, and for what is no report `InvalidTypeError`.
    """
    return "".join(iter_check(reports, format=format, findings=findings, excel=excel, in_force=in_force))


def dump_check(  # noqa: PLR0913 - what `dumps_check` takes, and the file
    reports: Report | Iterable[Report],
    fp: IO[bytes],
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    findings: bool = False,
    excel: bool = False,
    in_force: Mapping[str, date] | None = None,
) -> None:
    """Write reports to a file open for bytes, in UTF-8, one after the other, as they come."""
    for piece in iter_check(reports, format=format, findings=findings, excel=excel, in_force=in_force):
        fp.write(piece.encode())


def iter_check(
    reports: Report | Iterable[Report],
    *,
    format: CheckFormat = "json",  # noqa: A002 - the word of the verb
    findings: bool = False,
    excel: bool = False,
    in_force: Mapping[str, date] | None = None,
) -> Iterator[str]:
    """Yield the text of `dumps_check` piece by piece, as the reports come: a piece for each, and what is around them.

    What stands against a report is raised when it comes; the pieces before it are no whole document.
    """
    if format not in get_args(CheckFormat):
        raise InvalidValueError(
            f"read {shown(format)}, expected one of {', '.join(get_args(CheckFormat))}", where="format"
        )
    for name, given in (("findings", findings), ("excel", excel)):
        if given and format != "csv":
            raise InvalidValueError(f"it is for CSV; read the format {format!r}", where=name)
    several = _checked([reports] if isinstance(reports, Report) else reports)
    if format == "json":
        return _json(several, in_force or {})
    return _csv(several, findings=findings, excel=excel) if format == "csv" else _markdown(several)


def check_as_json(reports: Report | Iterable[Report], *, in_force: Mapping[str, date] | None = None) -> dict[str, Any]:
    """Return the values of the JSON document of reports; see `dumps_check`."""
    several = list(_checked([reports] if isinstance(reports, Report) else reports))
    first = several[0] if several else None
    return {**_head(first, in_force or {}), "subjects": [_subject(report) for report in several]}


def _checked(reports: Iterable[Report]) -> Iterator[Report]:
    """Yield the reports, each held to the first."""
    first: Report | None = None
    protocols: list[Protocol] = []
    seen: set[str] = set()
    for index, report in enumerate(reports):
        where = f"reports[{index}]"
        if not isinstance(report, Report):
            raise InvalidTypeError(f"a Report is meant; read {shown(report)}", where=where)
        if first is None:
            first, protocols = report, list(report.protocols)
        if report.as_of != first.as_of:
            message = f"reports of one day are meant; read {report.as_of} beside {first.as_of}"
            raise InvalidValueError(message, where=where)
        for protocol in report.protocols:
            if protocol not in protocols:
                message = f"the first report is not by {protocol.id} {protocol.version}, write its document apart"
                raise InvalidValueError(message, where=where)
        if report.subject.code in seen:
            raise InvalidValueError(f"the subject {report.subject.code!r} stands twice", where=where)
        seen.add(report.subject.code)
        yield report


# JSON.


def _head(first: Report | None, in_force: Mapping[str, date]) -> dict[str, Any]:
    return {
        "schema": CHECK_SCHEMA,
        "generator": dict(GENERATOR),
        "protocols": [_protocol(protocol, in_force) for protocol in (first.protocols if first else ())],
        "as_of": first.as_of.isoformat() if first else None,
    }


def _protocol(protocol: Protocol, in_force: Mapping[str, date]) -> dict[str, Any]:
    start = in_force.get(protocol.version, protocol.meta.in_force)
    return {**protocol_as_json(protocol), "in_force": start and start.isoformat()}


def _subject(report: Report) -> dict[str, Any]:
    return {
        "subject": report.subject.code,
        "visits": [_visit(visit) for visit in report],
        "findings": [_finding(finding) for finding in report.findings],
        **facts_as_json(report.plan),
        **end_as_json(report.subject),
        "notes": list(report.plan.notes),
        "other_records": [record_as_json(record) for record in not_planned(report)],
    }


def not_planned(report: Report) -> list[VisitRecord]:
    """Return the records of codes that are no visit of the report, as unscheduled contacts."""
    codes = {visit.code for visit in report}
    return [record for record in report.subject.records if record.visit not in codes]


def _visit(visit: CheckedVisit) -> dict[str, Any]:
    settled = visit.settled_by
    return {
        "visit": visit.code,
        "status": visit.status,
        "verdict": visit.verdict,
        "settled_by": settled and [settled.earliest.isoformat(), settled.latest.isoformat()],
        "target": visit.target.isoformat(),
        "earliest": visit.earliest and visit.earliest.isoformat(),
        "latest": visit.latest and visit.latest.isoformat(),
        "window_basis": visit.window_basis,
        **dates_as_json(visit),
        "outcome": visit.outcome,
        "provisional": visit.provisional,
        "version": visit.version,
        "mode_planned": visit.mode_planned,
        "mode_actual": visit.mode_actual,
        "days_out": visit.days_out,
        "days_from_target": visit.days_from_target,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "level": finding.level,
        "visit": finding.visit,
        "other": finding.other,
        "version": finding.version,
        "days_out": finding.days_out,
        "date": str(finding.date) if finding.date else None,
        "detail": finding.detail,
    }


def _json(reports: Iterator[Report], in_force: Mapping[str, date]) -> Iterator[str]:
    """Write the document with a visit and a finding on a line each: a person can read it and compare two of them."""
    first = next(reports, None)
    head = [f'  "{key}": {_block(value, "  ")},\n' for key, value in _head(first, in_force).items()]
    yield "".join(["{\n", *head, '  "subjects": ['])
    between = "\n    "
    while first is not None:
        fields = [f'      "{key}": {_block(value, "      ")}' for key, value in _subject(first).items()]
        lines = ",\n".join(fields)
        yield f"{between}{{\n{lines}\n    }}"
        between, first = ",\n    ", next(reports, None)
    yield "]\n}\n" if between == "\n    " else "\n  ]\n}\n"


def _block(value: object, indent: str) -> str:
    """Return a value on one line, a list of values on a line each."""
    if not isinstance(value, list) or not value:
        return json_text(value)
    lines = ",\n".join(f"{indent}  {json_text(one)}" for one in value)
    return f"[\n{lines}\n{indent}]"


# CSV.


def _csv(reports: Iterator[Report], *, findings: bool, excel: bool) -> Iterator[str]:
    columns = _FINDING if findings else _VISIT
    yield (BOM if excel else "") + csv_lines([("subject", *columns, *_STAMP)], excel=excel)
    for report in reports:
        stamps = {protocol.version: _stamp(report, protocol) for protocol in report.protocols}
        rows = map(_finding, report.findings) if findings else map(_flat, report)
        cells = ([report.subject.code, *map(row.get, columns), *stamps[row["version"]]] for row in rows)
        yield csv_lines(cells, excel=excel)


def _flat(visit: CheckedVisit) -> dict[str, Any]:
    row = _visit(visit)
    row["settled_first"], row["settled_last"] = row["settled_by"] or (None, None)
    return row


def _stamp(report: Report, protocol: Protocol) -> list[Any]:
    """Return the values of the stamp: the day, the protocol that judges, the version of the library."""
    return [report.as_of.isoformat(), *protocol_as_json(protocol).values(), __version__]


# Markdown.

_MARKDOWN: Final = ("visit", "status", "target", "window", "booked", "attended", "days out", "from target")


def _markdown(reports: Iterator[Report]) -> Iterator[str]:
    first: Report | None = None
    sums = Sums()
    for report in reports:
        first = first or report
        sums.add(report)
        several = len(report.protocols) > 1
        rows = [(*_cells(visit), *([visit.version] if several else [])) for visit in report]
        lines = [f"## {cell(report.subject.code)}", "", f"{facts_in_words(report.plan)}.", ""]
        lines += markdown_lines((*_MARKDOWN, *(["version"] if several else [])), rows)
        told = [finding_in_words(finding) for finding in report.findings]
        told += [f"recorded, not planned: {in_words(record)}" for record in not_planned(report)]
        told += [f"about the plan: {note}" for note in report.plan.notes]
        lines += ["", *(f"* {cell(words)}" for words in told)] if told else []
        yield "\n".join([*lines, "", ""])
    day = f"As of {first.as_of}: " if first else ""
    stamps = [f"\nStamp: {cell(origin_of(protocol))}.\n" for protocol in (first.protocols if first else ())]
    yield "".join([f"{day}{sums}.\n", *stamps])


def _cells(visit: CheckedVisit) -> tuple[str, ...]:
    target = f"{visit.target}{' (provisional)' if visit.provisional else ''}"
    judged = (*judged_in_words(visit), from_target_in_words(visit))
    return (visit.code, visit.status, target, _window(visit), booked_in_words(visit), *judged)


def _window(visit: CheckedVisit) -> str:
    if visit.window is None:
        return visit.window_basis
    return f"{visit.window}{' (assumed)' if visit.window_basis == 'assumed' else ''}"


def booked_in_words(visit: CheckedVisit) -> str:
    """Return the day agreed, and its time."""
    clock = f" {visit.booked_time:%H:%M}" if visit.booked_time is not None else ""
    return f"{visit.booked}{clock}" if visit.booked is not None else ""


def judged_in_words(visit: CheckedVisit) -> tuple[str, str]:
    """Return when a visit happened, and how far that is out: '+3', '0', 'at least -2', 'undecided', or nothing."""
    attended = f"{visit.attended}{f' ({visit.outcome})' if visit.outcome else ''}" if visit.attended else ""
    if visit.days_out is None:
        return attended, visit.verdict or ""
    least = "at least " if visit.days_from_target is None else ""
    return attended, f"{least}{visit.days_out:+d}" if visit.days_out else "0"


def from_target_in_words(visit: CheckedVisit) -> str:
    """Return how many days after its target a visit was attended: '+4', '-2', '0'; nothing without a whole date."""
    days = visit.days_from_target
    if days is None:
        return ""
    return f"{days:+d}" if days else "0"


def finding_in_words(finding: Finding) -> str:
    """Return a finding in a line: 'deviation: DOSE2 early: attended ...'."""
    return f"{finding.level}: {finding.visit} {finding.kind}: {finding.detail}"


class Sums:
    """How many subjects, visits and findings of each level there are."""

    def __init__(self) -> None:
        """Begin with none."""
        self.subjects = self.visits = self.deviations = self.notes = 0

    def add(self, report: Report) -> None:
        """Count what a report has."""
        deviations = sum(finding.level == "deviation" for finding in report.findings)
        self.subjects += 1
        self.visits += len(report)
        self.deviations += deviations
        self.notes += len(report.findings) - deviations

    def __str__(self) -> str:
        """Print the sums: '1 subject, 17 visits, 2 deviations, 0 notes'."""
        counted = (
            (self.subjects, "subject"),
            (self.visits, "visit"),
            (self.deviations, "deviation"),
            (self.notes, "note"),
        )
        return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in counted)

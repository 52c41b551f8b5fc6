"""Plans as machines and spreadsheets read them: JSON, JSON lines, CSV, Markdown."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Final, Literal, get_args

from trialsched._text import json_text
from trialsched._version import __version__
from trialsched.errors import InvalidValueError
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
from trialsched.formats.results.tables import csv_lines, markdown_lines
from trialsched.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.plan import PlannedVisit

Format = Literal["json", "jsonl", "csv", "markdown"]

PLAN_SCHEMA: Final = "trialsched/plan/1"


def dumps(plans: Plan | Iterable[Plan], *, format: Format = "json") -> str:  # noqa: A002 - the word of the verb
    """Return plans as text. JSON takes one plan, the others any number. Raises `InvalidValueError`.

    Dates are ISO 8601; JSON has null, CSV nothing where there is none. Lines end with a line feed.
    """
    if format not in get_args(Format):
        raise InvalidValueError(f"read {format!r}, expected one of {', '.join(get_args(Format))}", where="format")
    several = [plans] if isinstance(plans, Plan) else list(plans)
    if format == "json":
        if len(several) != 1:
            raise InvalidValueError("one JSON document holds one plan; for several use 'jsonl', one a line")
        return json_text(as_json(several[0]), indent=2) + "\n"
    if format == "jsonl":
        return "".join(json_text(as_json(plan)) + "\n" for plan in several)
    return _csv(several) if format == "csv" else _markdown(several)


def dump(plans: Plan | Iterable[Plan], fp: IO[bytes], *, format: Format = "json") -> None:  # noqa: A002 - the word of the verb
    """Write plans to a file open for bytes, in UTF-8."""
    fp.write(dumps(plans, format=format).encode())


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the values of a plan's JSON document."""
    return {
        "schema": PLAN_SCHEMA,
        "generator": dict(GENERATOR),
        "protocol": protocol_as_json(plan.protocol),
        "subject": plan.subject.code,
        **facts_as_json(plan),
        "visits": [_visit(row) for row in plan],
        "notes": list(plan.notes),
        **end_as_json(plan.subject),
        "other_records": [record_as_json(record) for record in plan.other_records],
    }


def _visit(row: PlannedVisit) -> dict[str, Any]:
    return {
        "visit": row.code,
        "label": dict(row.label),
        "epoch": row.epoch,
        "mode": row.mode,
        "target": row.target.isoformat(),
        "earliest": row.earliest and row.earliest.isoformat(),
        "latest": row.latest and row.latest.isoformat(),
        "window_basis": row.window_basis,
        "protocol_day": row.protocol_day,
        "study_day": row.study_day,
        "weekday": row.weekday,
        **dates_as_json(row),
        "outcome": row.outcome,
        "provisional": row.provisional,
        "why": row.why,
    }


def _flat(plan: Plan, languages: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of a plan as columns, what they count from and the stamp of their origin last."""
    stamp = facts_as_json(plan) | {f"protocol_{key}": value for key, value in protocol_as_json(plan.protocol).items()}
    stamp["generator_version"] = __version__
    rows = []
    for values in map(_visit, plan):
        label = values.pop("label")
        labels = {f"label_{language}": label.get(language) for language in languages}
        rows.append({"subject": plan.subject.code, "visit": values.pop("visit"), **labels, **values, **stamp})
    return rows


def _csv(plans: list[Plan]) -> str:
    languages = sorted({language for plan in plans for row in plan for language in row.label})
    rows = [row for plan in plans for row in _flat(plan, languages)]
    return csv_lines([list(rows[0]), *(row.values() for row in rows)]) if rows else ""


_MARKDOWN = ("visit", "target", "weekday", "earliest", "latest", "window_basis", "study_day", "mode")
_FACTS = ("booked", "attended", "outcome")


def _markdown(plans: list[Plan]) -> str:
    parts = []
    for plan in plans:
        columns = (*_MARKDOWN, *_FACTS)
        body = []
        for values in map(_visit, plan):
            if values["booked_time"]:
                values["booked"] += f" {values['booked_time']}"
            if values["provisional"]:
                values["target"] += " (provisional)"
            body.append([values[name] for name in columns])
        lines = [f"## {cell(plan.subject.code)}", "", f"{facts_in_words(plan)}.", "", *markdown_lines(columns, body)]
        told = [*plan.notes, *(f"recorded, not planned: {in_words(record)}" for record in plan.other_records)]
        lines += ["", *(f"* {cell(note)}" for note in told)] if told else []
        lines += ["", f"Stamp: {cell(origin_of(plan.protocol))}.", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)

"""Plans as machines and spreadsheets read them: JSON, JSON lines, CSV, Markdown; and plans read back from JSON.

The field names are a contract: adding is allowed, renaming is a new schema number.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO, TYPE_CHECKING, Any, Final, Literal, get_args

from trialsched._text import shown, unprintable
from trialsched._version import __version__
from trialsched.errors import InvalidValueError
from trialsched.offsets import DateRange, PartialDate, parse_date
from trialsched.plan import Plan, changes
from trialsched.protocol import MODES, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trialsched.plan import Change, PlannedVisit
    from trialsched.protocol import Protocol
    from trialsched.subject import VisitRecord

Format = Literal["json", "jsonl", "csv", "markdown"]

PLAN_SCHEMA: Final = "trialsched/plan/1"
CHANGES_SCHEMA: Final = "trialsched/changes/1"
_GENERATOR: Final = {"name": "trialsched", "version": __version__}


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
        return json.dumps(as_json(several[0]), indent=2, ensure_ascii=False) + "\n"
    if format == "jsonl":
        return "".join(json.dumps(as_json(plan), ensure_ascii=False) + "\n" for plan in several)
    return _csv(several) if format == "csv" else _markdown(several)


def dump(plans: Plan | Iterable[Plan], fp: IO[bytes], *, format: Format = "json") -> None:  # noqa: A002 - the word of the verb
    """Write plans to a file open for bytes, in UTF-8."""
    fp.write(dumps(plans, format=format).encode())


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the values of a plan's JSON document."""
    subject = plan.subject
    return {
        "schema": PLAN_SCHEMA,
        "generator": dict(_GENERATOR),
        "protocol": _protocol(plan.protocol),
        "subject": subject.code,
        "arm": subject.arm,
        "baseline": plan.baseline.isoformat(),
        "baseline_status": subject.baseline_status,
        "day_zero": plan.day_zero.isoformat(),
        "day_zero_source": plan.day_zero_source,
        "visits": [_visit(row) for row in plan],
        "notes": list(plan.notes),
        "ended": subject.ended and subject.ended.isoformat(),
        "end_reason": subject.end_reason,
        "other_records": [_record(record) for record in plan.other_records],
    }


def _record(record: VisitRecord) -> dict[str, Any]:
    return {
        "visit": record.visit,
        **_dates(record),
        "mode": record.mode,
        "outcome": record.outcome,
    }


def _dates(of: VisitRecord | PlannedVisit) -> dict[str, str | None]:
    return {
        "booked": of.booked.isoformat() if of.booked else None,
        "booked_time": of.booked_time.isoformat("minutes") if of.booked_time is not None else None,
        "attended": str(of.attended) if of.attended else None,
    }


def _protocol(protocol: Protocol) -> dict[str, Any]:
    names = {"id": protocol.id, "version": protocol.version, "variant": protocol.meta.variant}
    return {**names, "sha256": protocol.fingerprint}


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
        **_dates(row),
        "outcome": row.outcome,
        "provisional": row.provisional,
        "why": row.why,
    }


def _flat(plan: Plan, languages: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of a plan as columns, what they count from and the stamp of their origin last."""
    document = as_json(plan)
    stamp = {key: document[key] for key in ("arm", "baseline", "baseline_status", "day_zero", "day_zero_source")}
    stamp |= {f"protocol_{key}": value for key, value in document["protocol"].items()}
    stamp["generator_version"] = __version__
    rows = []
    for values in document["visits"]:
        label = values.pop("label")
        labels = {f"label_{language}": label.get(language) for language in languages}
        values["provisional"] = "true" if values["provisional"] else "false"
        rows.append({"subject": plan.subject.code, "visit": values.pop("visit"), **labels, **values, **stamp})
    return rows


def _csv(plans: list[Plan]) -> str:
    languages = sorted({language for plan in plans for row in plan for language in row.label})
    rows = [row for plan in plans for row in _flat(plan, languages)]
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()


_MARKDOWN = ("visit", "target", "weekday", "earliest", "latest", "window_basis", "study_day", "mode")
_FACTS = ("booked", "attended", "outcome")


def _markdown(plans: list[Plan]) -> str:
    parts = []
    for plan in plans:
        provisional = " (provisional)" if plan.subject.baseline_status == "provisional" else ""
        arm = f"Arm {_cell(plan.subject.arm)}. " if plan.subject.arm else ""
        columns = (*_MARKDOWN, *_FACTS)
        body = []
        for values in map(_visit, plan):
            if values["booked_time"]:
                values["booked"] += f" {values['booked_time']}"
            if values["provisional"]:
                values["target"] += " (provisional)"
            body.append(" | ".join(_cell(values[name]) for name in columns))
        head = [" | ".join(columns), " | ".join("---" for _ in columns)]
        lines = [f"## {_cell(plan.subject.code)}", ""]
        day_zero = f"day zero {plan.day_zero} ({plan.day_zero_source})"
        ended = (
            f", ended {plan.subject.ended} ({plan.subject.end_reason or 'no reason given'})"
            if plan.subject.ended
            else ""
        )
        lines += [f"{arm}Baseline {plan.baseline}{provisional}, {day_zero}{ended}.", ""]
        lines += [f"| {line} |" for line in head + body]
        told = [*plan.notes, *(f"recorded, not planned: {in_words(record)}" for record in plan.other_records)]
        lines += ["", *(f"* {_cell(note)}" for note in told)] if told else []
        lines += ["", f"Stamp: {_cell(origin_of(plan.protocol))}.", ""]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def in_words(record: VisitRecord) -> str:
    """Return what a record says in a few words: 'UNS1 attended 2026-04-09'."""
    words = [record.outcome or "attended", str(record.attended)] if record.attended else [record.outcome or ""]
    words += [f"booked {record.booked}"] if record.booked and not record.attended else []
    return " ".join(filter(None, [record.visit, *words]))


def origin_of(protocol: Protocol) -> str:
    """Return what stamps an output for people: protocol, fingerprint, version of the library."""
    variant = f" ({protocol.meta.variant})" if protocol.meta.variant else ""
    return (
        f"protocol {protocol.id} {protocol.version}{variant}, sha256 {protocol.fingerprint}; trialsched {__version__}"
    )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    for character in "\\|*_`<[]!&~#":
        text = text.replace(character, f"\\{character}")
    return text


# Reading plans back.


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A row of a plan read from its JSON: what `changes` compares."""

    code: str
    target: date
    window: DateRange | None
    booked: date | None
    booked_time: time | None
    attended: date | PartialDate | None
    mode: Mode


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan read from its JSON."""

    subject: str
    protocol: dict[str, Any]
    rows: tuple[ResultRow, ...]


def loads(data: str | bytes) -> PlanResult:
    """Read one plan from its JSON. Keys that a later version added are passed over. Raises `InvalidValueError`."""
    try:
        raw = json.loads(data, object_pairs_hook=_object)
    except (ValueError, RecursionError, TypeError) as error:
        raise InvalidValueError(f"not JSON: {error}") from None
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != PLAN_SCHEMA:
        raise InvalidValueError(f"read {shown(schema)!r}, expected {PLAN_SCHEMA!r}", where="schema")
    subject = _word(raw, "subject", "")
    protocol = raw.get("protocol")
    if not isinstance(protocol, dict):
        raise InvalidValueError("expected an object", where="protocol")
    visits = raw.get("visits")
    if not isinstance(visits, list):
        raise InvalidValueError("expected a list", where="visits")
    rows = tuple(_row(visit, f"visits[{index}]") for index, visit in enumerate(visits))
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if row.code in seen:
            raise InvalidValueError(f"the visit {row.code!r} stands twice", where=f"visits[{index}].visit")
        seen.add(row.code)
    variant = None if protocol.get("variant") is None else _word(protocol, "variant", "protocol.")
    names = {key: _word(protocol, key, "protocol.") for key in ("id", "version", "sha256")}
    return PlanResult(subject, {"id": names["id"], "version": names["version"], "variant": variant, **names}, rows)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def load(fp: IO[bytes] | IO[str]) -> PlanResult:
    """Read one plan from an open file."""
    return loads(fp.read())


def _word(raw: dict[str, Any], key: str, where: str) -> str:
    """Return a text of one printable line, as codes and versions are."""
    value = raw.get(key)
    if not isinstance(value, str) or not value or unprintable(value):
        raise InvalidValueError(f"read {shown(value)!r}, expected a text of one line", where=f"{where}{key}")
    return value


def _row(raw: object, where: str) -> ResultRow:
    if not isinstance(raw, dict):
        raise InvalidValueError("expected an object", where=where)
    place = f"{where}."

    def text(key: str) -> str | None:
        if key not in raw:
            raise InvalidValueError("the field is missing", where=f"{place}{key}")
        return None if raw[key] is None else _word(raw, key, place)

    def day(key: str) -> date | None:
        value = text(key)
        return None if value is None else parse_date(value, f"{place}{key}")

    target, earliest, latest, booked = day("target"), day("earliest"), day("latest"), day("booked")
    if target is None:
        raise InvalidValueError("read null, expected a date", where=f"{place}target")
    if (earliest is None) != (latest is None):
        raise InvalidValueError("a window has two ends or none", where=f"{place}latest")
    if earliest and latest and latest < earliest:
        raise InvalidValueError(f"{latest} is before {earliest}, where the window begins", where=f"{place}latest")
    mode = text("mode")
    if mode not in MODES:
        raise InvalidValueError(f"read {mode!r}, expected one of {', '.join(MODES)}", where=f"{place}mode")
    clock = text("booked_time")
    if clock is not None and (booked is None or not _CLOCK.fullmatch(clock)):
        expected = "HH:MM" if booked else "null, since no day is booked"
        raise InvalidValueError(f"read {clock!r}, expected {expected}", where=f"{place}booked_time")
    window = DateRange(earliest, latest) if earliest and latest else None
    at = time.fromisoformat(clock) if clock else None
    attended = _attended(text("attended"), f"{place}attended")
    return ResultRow(_word(raw, "visit", place), target, window, booked, at, attended, mode)


_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _attended(text: str | None, where: str) -> date | PartialDate | None:
    if text is None or len(text) >= len("YYYY-MM-DD"):
        return None if text is None else parse_date(text, where)
    try:
        return PartialDate.parse(text)
    except InvalidValueError as error:
        raise InvalidValueError(error.message, where=where) from None


def _whose(plan: Plan | PlanResult) -> tuple[str, dict[str, Any]]:
    if isinstance(plan, Plan):
        return plan.subject.code, _protocol(plan.protocol)
    return plan.subject, plan.protocol


def dumps_changes(old: Plan | PlanResult, new: Plan | PlanResult) -> str:
    """Return what differs between two plans of a subject as JSON, with the protocols that gave them."""
    rows = [
        {"visit": c.visit, "kind": c.kind, "old": _value(c.old), "new": _value(c.new), "days": shift_of(c)}
        for c in changes(old, new)
    ]
    (_, before), (subject, after) = _whose(old), _whose(new)
    origin = {"protocol": after, "old_protocol": before, "subject": subject}
    document = {"schema": CHANGES_SCHEMA, "generator": dict(_GENERATOR), **origin, "changes": rows}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _value(value: object) -> object:
    if isinstance(value, DateRange):
        return {"earliest": value.earliest.isoformat(), "latest": value.latest.isoformat()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return value.isoformat() if isinstance(value, date) else None if value is None else str(value)


def shift_of(change: Change) -> int | None:
    """Return by how many days a target, booking or attended date moved, None for anything else."""
    old, new = change.old, change.new
    if isinstance(old, date) and isinstance(new, date):
        return new.toordinal() - old.toordinal()
    return None

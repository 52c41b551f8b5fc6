"""What differs between two plans of a subject, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from trialsched._text import json_text
from trialsched.formats.results.facts import GENERATOR, protocol_as_json
from trialsched.offsets import DateRange
from trialsched.plan import Plan, changes

if TYPE_CHECKING:
    from trialsched.formats.results.reading import PlanResult
    from trialsched.plan import Change

CHANGES_SCHEMA: Final = "trialsched/changes/1"


def _whose(plan: Plan | PlanResult) -> tuple[str, dict[str, Any]]:
    if isinstance(plan, Plan):
        return plan.subject.code, protocol_as_json(plan.protocol)
    return plan.subject, plan.protocol


def dumps_changes(old: Plan | PlanResult, new: Plan | PlanResult) -> str:
    """Return what differs between two plans of a subject as JSON, with the protocols that gave them."""
    rows = [
        {"visit": c.visit, "kind": c.kind, "old": _value(c.old), "new": _value(c.new), "days": shift_of(c)}
        for c in changes(old, new)
    ]
    (_, before), (subject, after) = _whose(old), _whose(new)
    origin = {"protocol": after, "old_protocol": before, "subject": subject}
    document = {"schema": CHANGES_SCHEMA, "generator": dict(GENERATOR), **origin, "changes": rows}
    return json_text(document, indent=2) + "\n"


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

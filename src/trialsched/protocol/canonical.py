"""The document of each part of a protocol, as plain JSON values in reading order, defaults left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trialsched.protocol.parts import Repeat

if TYPE_CHECKING:
    from trialsched.protocol.parts import EligibilityRule, Spacing, Visit


def without_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is None, empty, or false."""
    return {key: value for key, value in values.items() if value not in (None, False, [], {})}


def _numbers(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def visit_document(visit: Visit) -> dict[str, Any]:
    """Return one table of `visits`."""
    timing = visit.timing
    window = timing.window and str(timing.window)
    repeat: str | dict[str, Any] | None = None
    if isinstance(visit.repeat, Repeat):
        origin = visit.repeat.origin
        repeat = {"every": str(visit.repeat.every), "times": visit.repeat.times}
        if origin != "first":
            repeat["from"] = origin
    else:
        repeat = visit.repeat
    document = {
        "code": visit.code,
        "label": dict(visit.label),
        "epoch": visit.epoch,
        "mode": visit.mode,
        "when": timing.when and str(timing.when),
        "repeat": repeat,
        "counts_from": None if timing.counts_from == "reference" else timing.counts_from,
        "window": None if timing.assumed else window,
        "assumed_window": window if timing.assumed else None,
        "not_before": timing.not_before and str(timing.not_before),
        "not_after": timing.not_after and str(timing.not_after),
        "arms": list(visit.arms),
        "procedures": list(visit.procedures),
    }
    numbers = {"number": visit.numbering.number, "nominal_day": visit.numbering.nominal_day}
    return {**without_defaults(document), **{k: _numbers(v) for k, v in numbers.items() if v is not None}}


def spacing_document(spacing: Spacing) -> dict[str, Any]:
    """Return one table of `spacing`."""
    document = {"from": spacing.first, "to": spacing.second, "at_least": str(spacing.at_least)}
    return without_defaults({**document, "assumed": spacing.assumed})


def rule_document(rule: EligibilityRule) -> dict[str, Any]:
    """Return one table of `eligibility`."""
    document = {"id": rule.id, "text": dict(rule.text), "fact": rule.fact, rule.comparison: str(rule.period)}
    return without_defaults({**document, "reference": rule.reference})

"""What every result says of where it comes from: who wrote it, the protocol, the subject, the records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from trialsched._text import printable
from trialsched._version import __version__

if TYPE_CHECKING:
    from trialsched.compliance import CheckedVisit
    from trialsched.plan import Plan, PlannedVisit
    from trialsched.protocol import Protocol
    from trialsched.subject import Subject, VisitRecord

GENERATOR: Final = {"name": "trialsched", "version": __version__}


def protocol_as_json(protocol: Protocol) -> dict[str, Any]:
    """Return what names a protocol: id, version, variant, fingerprint."""
    names = {"id": protocol.id, "version": protocol.version, "variant": protocol.meta.variant}
    return {**names, "sha256": protocol.fingerprint}


def origin_of(protocol: Protocol) -> str:
    """Return what stamps an output for people: protocol, fingerprint, version of the library."""
    variant = f" ({protocol.meta.variant})" if protocol.meta.variant else ""
    return (
        f"protocol {protocol.id} {protocol.version}{variant}, sha256 {protocol.fingerprint}; trialsched {__version__}"
    )


def facts_as_json(plan: Plan) -> dict[str, Any]:
    """Return the arm, and what the dates of a plan count from."""
    return {
        "arm": plan.subject.arm,
        "baseline": plan.baseline.isoformat(),
        "baseline_status": plan.subject.baseline_status,
        "day_zero": plan.day_zero.isoformat(),
        "day_zero_source": plan.day_zero_source,
    }


def facts_in_words(plan: Plan) -> str:
    """Return the arm, what the dates of a plan count from, and the end of participation, as Markdown."""
    subject = plan.subject
    arm = f"Arm {cell(subject.arm)}. " if subject.arm else ""
    provisional = " (provisional)" if subject.baseline_status == "provisional" else ""
    ended = f", ended {subject.ended} ({subject.end_reason or 'no reason given'})" if subject.ended else ""
    days = study_days_in_words(plan)
    day_zero = f"day zero {plan.day_zero} ({plan.day_zero_source})"
    return f"{arm}Baseline {plan.baseline}{provisional}, {day_zero}{days and f', {cell(days)}'}{ended}"


def study_days_in_words(plan: Plan) -> str:
    """Return what study days count from when it is not the anchor, else nothing."""
    code = plan.protocol.study_days_from
    return f"study days from {code} {plan.study_day_one} ({plan.study_day_one_source})" if code else ""


def end_as_json(subject: Subject) -> dict[str, Any]:
    """Return the end of participation."""
    return {"ended": subject.ended and subject.ended.isoformat(), "end_reason": subject.end_reason}


def record_as_json(record: VisitRecord) -> dict[str, Any]:
    """Return a record's fields."""
    return {"visit": record.visit, **dates_as_json(record), "mode": record.mode, "outcome": record.outcome}


def dates_as_json(of: VisitRecord | PlannedVisit | CheckedVisit) -> dict[str, str | None]:
    """Return when it was booked for and when it happened."""
    return {
        "booked": of.booked.isoformat() if of.booked else None,
        "booked_time": of.booked_time.isoformat("minutes") if of.booked_time is not None else None,
        "attended": str(of.attended) if of.attended else None,
    }


def in_words(record: VisitRecord) -> str:
    """Return what a record says in a few words: 'UNS1 attended 2026-04-09'."""
    words = [record.outcome or "attended", str(record.attended)] if record.attended else [record.outcome or ""]
    words += [f"booked {record.booked}"] if record.booked and not record.attended else []
    return " ".join(filter(None, [record.visit, *words]))


# CommonMark 0.31, section 2.5: a character reference cannot act as markup. A backslash is understood
# by every program before the other ones only: `\<` is a tag in some.
_AS_REFERENCE = re.compile(r"[<>&|~`$^{}]|[.:@](?=[^\W\d]|//)")
_NAMED: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_BEHIND_BACKSLASH = re.compile(r"[\\*_\[\]!#]")


def cell(value: object) -> str:
    r"""Return a text of Markdown, on one line, in which nothing acts as markup or as an address.

    >>> print(cell("<img> at www.example.org, V_1"))
    &lt;img&gt; at www&#46;example&#46;org, V\_1
    """
    text = "" if value is None else printable(str(value), None)
    # the references are made last, else their own signs would be behind backslashes
    kept = _BEHIND_BACKSLASH.sub(lambda found: f"\\{found[0]}", text)
    return _AS_REFERENCE.sub(_reference, kept)


def _reference(found: re.Match[str]) -> str:
    character = found[0]
    return _NAMED.get(character, f"&#{ord(character)};")

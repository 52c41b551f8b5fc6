"""From the cells of a row to a subject or a record: every bad cell is told, whatever the others say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final, TypeVar

from trialsched._dateforms import ISO, clock_of, day_of, known_day_of, moment_of
from trialsched.errors import InvalidValueError, TrialschedError
from trialsched.formats.records.model import NOTE
from trialsched.subject import Subject, VisitRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from trialsched.formats.records.model import Row

_OUTCOMES: Final = ("attended", "missed", "withheld")
_T = TypeVar("_T")


def subject_of(row: Row, form: str = ISO) -> Subject | None:
    """Return the subject of a row, or None, with every problem of its cells noted."""
    given: dict[str, Any] = {name: text for name, text in row.values.items() if name != "subject"}
    for name in ("baseline", "ended"):
        if name in given or row.is_bad(name):
            given[name] = _cell(row, name, day_of, form) or date.max
    code = row.values.get("subject", "")
    if not code:
        if not row.is_bad("subject"):
            row.wrong("subject", "", "no subject", "the subject's code")
        code = "X"
    good = True
    # One column after the other, so that a bad one hides no other.
    alone: dict[str, dict[str, Any]] = {name: {"code": "X", name: value} for name, value in given.items()}
    if "end_reason" in alone:
        alone["end_reason"]["ended"] = date.max
    for name, fields in {"subject": {"code": code}, **alone}.items():
        try:
            Subject(**fields)
        except TrialschedError as error:
            good = False
            row.wrong(name, str(fields.get(name, code)), error.message)
    if not good:
        return None
    try:
        subject = Subject(code, **given)
    except TrialschedError as error:
        row.wrong(error.where, "", error.message)
        return None
    return None if row.problems else subject


# Fields that bind each other: looked at one group after the other, so that a bad one hides no other.
_GROUPS: Final = (("visit",), ("booked", "booked_time"), ("attended", "outcome"), ("mode",))


def record_of(row: Row, form: str = ISO) -> VisitRecord | None:
    """Return the record of a row, or None, with every problem of its cells noted."""
    cells = row.values
    if not cells.get("visit") and not row.is_bad("visit"):
        row.wrong("visit", "", "no visit", "the visit's code")
    booked, clock = _cell(row, "booked", moment_of, form) or (None, None)
    told = _cell(row, "booked_time", clock_of, form)
    if clock is not None and told not in (None, clock):
        row.wrong("booked_time", cells["booked_time"], f"`booked` says {clock:%H:%M}", "one time, or the same twice")
    attended = _cell(row, "attended", known_day_of, form)
    outcome = _cell(row, "outcome", _outcome, form)
    if outcome == "attended" and attended is None and not row.is_bad("attended"):
        row.wrong("attended", "", "the outcome is 'attended', but no day", "a date as YYYY-MM-DD")
    fields: dict[str, Any] = {
        "visit": cells.get("visit") or "X",
        "booked": booked,
        "booked_time": clock if told is None else told,
        "attended": attended,
        "mode": cells.get("mode"),
        "outcome": None if outcome == "attended" else outcome,
        "note": cells.get(NOTE),
    }
    if not row.problems:
        try:
            return VisitRecord(**fields)
        except TrialschedError:
            pass  # each of its faults is told below
    bad = {problem.where for problem in row.problems}
    for group in _GROUPS:
        if bad.isdisjoint(map(row.where, group)):
            try:
                VisitRecord(**{"visit": "X", **{name: fields[name] for name in group}})
            except TrialschedError as error:
                row.wrong(error.where, cells.get(error.where, ""), error.message)
    return None


def _cell(row: Row, name: str, reader: Callable[[str, str], _T], form: str) -> _T | None:
    """Return what a cell says, or None when it is empty or bad, which is noted."""
    text = row.values.get(name)
    if text is None:
        return None
    try:
        return reader(text, form)
    except InvalidValueError as error:
        row.wrong(name, text, error.message)
        return None


def _outcome(text: str, _: str) -> str:
    if text not in _OUTCOMES:
        raise InvalidValueError(f"read {text[:40]!r}, expected {', '.join(_OUTCOMES)} or nothing")
    return text

"""Reading `trial.toml`, what a trial's folder says of its other files. Strict: every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from trialsched._dateforms import check_date_form
from trialsched.errors import InvalidValueError, TrialError
from trialsched.formats.documents.parsing import Kind, in_order, note, parse, place
from trialsched.formats.documents.tables import TrialTable
from trialsched.offsets import parse_date
from trialsched.protocol import Found, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from trialsched.formats.documents.parsing import Format

TRIAL_SCHEMA: Final = "trialsched/trial/1"
_KIND = Kind("trial", TRIAL_SCHEMA)
_KNOWN: Mapping[tuple[Any, ...], set[str]] = {
    (): {field.alias or name for name, field in TrialTable.model_fields.items()}
}


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """What `trial.toml` says: each is None or empty where it says nothing.

    `date_format` and `study_key_file` are as written; `in_force` has dates by version of the protocol.
    """

    date_format: str | None = None
    study_key_file: str | None = None
    in_force: Mapping[str, date] = field(default_factory=dict, hash=False)


def loads_trial(data: str | bytes, *, format: Format = "toml") -> TrialSettings:  # noqa: A002 - the word of the verb
    r"""Read a `trial.toml`. Raises `TrialError` with all its problems.

    Documents are at most 1 MB and 32 levels deep.

    >>> loads_trial('schema = "trialsched/trial/1"\n[in_force]\n2 = 2026-06-01').in_force["2"]
    datetime.date(2026, 6, 1)
    """
    found = Found()
    raw = parse(found, data, format, _KIND.name) or {}
    if raw or not found.problems:
        _check(found, raw)
    if found.problems:
        raise TrialError(in_order(found.problems, raw))
    in_force = {plain_text(version, "in_force"): _day(day) for version, day in (raw.get("in_force") or {}).items()}
    return TrialSettings(raw.get("date_format"), raw.get("study_key_file"), in_force)


def _check(found: Found, raw: dict[str, Any]) -> None:
    errors: list[Any] = []
    try:
        TrialTable.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for fault in errors:
        there = place(fault["loc"])
        if there.startswith("in_force.") and isinstance(fault["input"], dict):
            message = "a table, not a date"
            found.add(there, "", 'a version with a dot in quotes, as "1.0" = 2026-06-01', message)
        else:
            note(found, _KIND, fault, _KNOWN)
    form = raw.get("date_format")
    if isinstance(form, str):
        try:
            check_date_form(form)
        except InvalidValueError as error:
            found.add("date_format", form, "", error.message)
    key = raw.get("study_key_file")
    if isinstance(key, str):
        found.attempt("study_key_file", key, plain_text, key, "")
    versions = raw.get("in_force")
    seen = set()
    for version in versions if isinstance(versions, dict) else ():
        where = place(("in_force", version))
        same = found.attempt(where, version, plain_text, version, "")
        if same in seen:
            found.add(where, version, "each version once", "the version stands twice")
        seen.add(same)


def _day(read: str | date) -> date:
    return parse_date(read) if isinstance(read, str) else read

"""Reading and writing documents of clinics. Strict: every problem of a document at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomli_w
from pydantic import ValidationError

from trialsched._text import json_text, toml_text
from trialsched.clinic import (
    DEFAULT_DURATION,
    MAX_DURATIONS,
    SCHEMA,
    Clinic,
    Contact,
    Durations,
    as_duration,
    check_language,
    check_zone,
)
from trialsched.errors import ClinicError, InvalidTypeError, Problem
from trialsched.formats.documents.parsing import Kind, check_format, in_order, note, parse, place, read_file
from trialsched.formats.documents.tables import ClinicTable, ContactTable
from trialsched.protocol import Found

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from trialsched.formats.documents.parsing import Format

_KIND = Kind("clinic", SCHEMA)
_KNOWN = {
    (): {field.alias or name for name, field in ClinicTable.model_fields.items()},
    ("contact",): set(ContactTable.model_fields),
}


def loads_clinic(data: str | bytes, *, format: Format = "toml") -> Clinic:  # noqa: A002 - the word of the verb
    """Read a clinic's document. Raises `ClinicError` with all its problems.

    Documents are at most 1 MB and 32 levels deep.
    """
    found = Found()
    raw = parse(found, data, format, _KIND.name)
    clinic = None if raw is None else _build(found, raw)
    if clinic is None or found.problems:
        raise ClinicError(in_order(found.problems, raw or {}))
    return clinic


def load_clinic(source: str | PathLike[str]) -> Clinic:
    """Read a clinic from a `.toml` or `.json` file.

    Raises `ClinicError`, `InvalidValueError` for another name, and `OSError` for a file that cannot be read.
    """
    data, form = read_file(source, _KIND.name)
    return loads_clinic(data, format=form)


def dumps_clinic(clinic: Clinic, *, format: Format = "toml") -> str:  # noqa: A002 - the word of the verb
    """Return the document as text, what is not known left out; `loads_clinic` gives an equal clinic back."""
    check_format(format)
    if not isinstance(clinic, Clinic):
        raise InvalidTypeError(f"a Clinic is meant; read {clinic!r}", where="clinic")
    if format == "json":
        return json_text(clinic.document(), indent=2) + "\n"
    return toml_text(tomli_w.dumps(clinic.document(), multiline_strings=True))


def _build(found: Found, raw: dict[str, Any]) -> Clinic | None:
    """Make every value by itself, so that a bad one hides no problem of the others."""
    bad = set()
    try:
        ClinicTable.model_validate(raw)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            note(found, _KIND, fault, _KNOWN)
            bad.add(place(fault["loc"][:2]))
    contact, durations = (_table(raw, name, bad) for name in ("contact", "durations"))
    if len(durations) > MAX_DURATIONS:
        _made(found, "durations", len(durations), Durations, durations)
        durations = {}
    for name, check in (("zone", check_zone), ("language", check_language)):
        if raw.get(name) is not None and name not in bad:
            _made(found, name, raw[name], check, raw[name])
    for name, value in contact.items():
        _made(found, f"contact.{name}", value, Contact, **{name: value})
    for key, value in durations.items():
        where = place(("durations", key))
        _made(found, where, key, Durations, {key: DEFAULT_DURATION})
        _made(found, where, value, as_duration, value, where)
    if found.problems:
        return None
    return Clinic(raw["zone"], raw.get("language"), Contact(**contact), durations)


def _table(raw: dict[str, Any], name: str, bad: set[str]) -> dict[str, Any]:
    """Return what is good of a table so far: keys that are known, values of the right type."""
    table = raw.get(name)
    if not isinstance(table, dict):
        return {}
    return {key: value for key, value in table.items() if place((name, key)) not in bad}


def _made(
    found: Found, where: str, read: object, make: Callable[..., object], *args: object, **keywords: object
) -> None:
    """Note what is wrong with the value of a key."""
    quiet = Found()
    quiet.attempt("", read, make, *args, **keywords)
    found.problems += [Problem(where, p.read, p.expected, p.message) for p in quiet.problems]

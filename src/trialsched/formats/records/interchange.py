"""Subjects with their records as JSON, for other programs: strict, every fault at once, with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, Final

from trialsched import _json
from trialsched._dateforms import ISO_ONLY
from trialsched._text import json_text, nearest_or, nfc, shown
from trialsched._version import __version__
from trialsched.errors import MAX_PROBLEMS, DocumentError, InvalidTypeError, InvalidValueError, Problem
from trialsched.formats.records.cells import record_of, subject_of
from trialsched.formats.records.model import MAX_JSON, RECORD_COLUMNS, SUBJECT_COLUMNS, Row, SubjectList, SubjectRow
from trialsched.formats.records.writing import check_note, checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trialsched.subject import Subject, VisitRecord

SUBJECTS_SCHEMA: Final = "trialsched/subjects/1"
_GENERATOR: Final = {"name": "trialsched", "version": __version__}
_KEYS: Final = ("schema", "generator", "subjects")
_RECORDS: Final = "records"
_LONE: Final = re.compile("[\ud800-\udfff]")
_RECORD_KEYS: Final = RECORD_COLUMNS[1:]  # the subject is the object around it


def dumps_json(subjects: Iterable[Subject]) -> str:
    """Return subjects with their records as JSON, in the order given; null where there is none.

    `loads_json` gives the same subjects back. Raises `InvalidValueError` or `InvalidTypeError` for what is no subject,
    for codes that are equal but for case, and for a note with a lone surrogate.
    """
    rows = [_subject(subject) for subject in checked(subjects)]
    document = {"schema": SUBJECTS_SCHEMA, "generator": dict(_GENERATOR), "subjects": rows}
    return json_text(document, indent=2) + "\n"


def _subject(subject: Subject) -> dict[str, Any]:
    for index, record in enumerate(subject.records):
        check_note(record.note, f"{subject.code} records[{index}].note")
    return {
        "subject": subject.code,
        "baseline": subject.baseline and subject.baseline.isoformat(),
        "baseline_status": subject.baseline_status,
        "arm": subject.arm,
        "ended": subject.ended and subject.ended.isoformat(),
        "end_reason": subject.end_reason,
        "language": subject.language,
        _RECORDS: [_record(record) for record in subject.records],
    }


def _record(record: VisitRecord) -> dict[str, Any]:
    return {
        "visit": record.visit,
        "booked": record.booked and record.booked.isoformat(),
        "booked_time": record.booked_time.isoformat("minutes") if record.booked_time is not None else None,
        "attended": str(record.attended) if record.attended else None,
        "mode": record.mode,
        "outcome": record.outcome,
        "note": record.note,
    }


def loads_json(data: str | bytes) -> SubjectList:
    """Read subjects with their records from the JSON of `dumps_json`; a key that is missing says the same as null.

    A subject's `line` is its place in the list, counted from 0; one with a bad record is not among the rows. Problems
    are at places as `subjects[3].records[0].attended`. Raises `InvalidValueError` when it is no such document, or more
    than 50 MB or 1,000,000 objects, `DocumentError` with the first 1,000 problems when there are more.

    >>> loads_json('{"schema": "trialsched/subjects/1", "subjects": [{"subject": "P01-007"}]}').rows[0].subject.code
    'P01-007'
    """
    rows: list[tuple[Row, Subject | None]] = []
    same: dict[str, list[int]] = defaultdict(list)
    told = 0
    for index, raw in enumerate(_document(data)):
        row, subject = _read_subject(raw, f"subjects[{index}]", index)
        rows.append((row, subject))
        if row.values.get("subject"):
            same[nfc(row.values["subject"]).casefold()].append(index)
        told += len(row.problems)
        if told > MAX_PROBLEMS:
            break
    for row, _ in rows:
        places = same.get(nfc(row.values.get("subject", "")).casefold(), [])
        if len(places) > 1:
            other = places[0] if places[0] != row.line else places[1]
            message = f"the same code, case ignored, is that of subjects[{other}]"
            code = row.values["subject"]
            row.problems.insert(0, Problem(row.where("subject"), shown(code), "each subject once", message))
    problems = tuple(problem for row, _ in rows for problem in row.problems)
    if len(problems) > MAX_PROBLEMS:
        raise DocumentError(problems)
    return SubjectList(
        tuple(SubjectRow(row.line, subject) for row, subject in rows if subject is not None and not row.problems),
        problems,
        frozenset(nfc(row.values["subject"]) for row, _ in rows if row.values.get("subject")),
    )


def load_json(fp: IO[bytes] | IO[str]) -> SubjectList:
    """Read subjects with their records from an open file, as `loads_json`."""
    return loads_json(fp.read(MAX_JSON + 1))


def _document(data: str | bytes) -> list[Any]:
    """Return the raw subjects of a document, or raise when it is none."""
    if not isinstance(data, (str, bytes)):
        raise InvalidTypeError(f"the bytes or text of a JSON document are meant; read {shown(data)}")
    if len(data) > MAX_JSON:
        raise InvalidValueError(f"larger than {MAX_JSON:,} bytes; a list of that size is CSV")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InvalidValueError("not UTF-8", where=f"line {line}") from None
    raw = _json.loads(text)
    if not isinstance(raw, _json.Object):
        raise InvalidValueError("read no object, expected one with 'schema' and 'subjects'")
    if raw.get("schema") != SUBJECTS_SCHEMA:
        raise InvalidValueError(f"read {shown(raw.get('schema'))!r}, expected {SUBJECTS_SCHEMA!r}", where="schema")
    for key in raw:
        if key not in _KEYS:
            raise InvalidValueError(f"unknown key {shown(key)!r}; expected {nearest_or(key, _KEYS, ', '.join(_KEYS))}")
    if raw.twice:
        raise InvalidValueError("the key stands twice", where=raw.twice[0])
    if not isinstance(raw.get("subjects"), list):
        raise InvalidValueError(f"read {shown(raw.get('subjects'))}, expected a list", where="subjects")
    return list(raw["subjects"])


def _read_subject(raw: object, place: str, index: int) -> tuple[Row, Subject | None]:
    row = _row(raw, place, index, SUBJECT_COLUMNS, (_RECORDS,))
    records = raw.get(_RECORDS) if isinstance(raw, _json.Object) else None
    if records is None:
        records = []
    elif not isinstance(records, list):
        row.wrong(_RECORDS, shown(records), "no list", "a list of records")
        records = []
    subject = subject_of(row, ISO_ONLY) if isinstance(raw, _json.Object) else None
    found = []
    for number, one in enumerate(records):
        if len(row.problems) > MAX_PROBLEMS:
            break
        inner = _row(one, f"{place}.{_RECORDS}[{number}]", number, _RECORD_KEYS)
        record = record_of(inner, ISO_ONLY) if isinstance(one, _json.Object) else None
        row.problems.extend(inner.problems)
        if record is not None:
            found.append(record)
    return row, None if subject is None else replace(subject, records=tuple(found))


def _row(raw: object, place: str, index: int, keys: tuple[str, ...], also: tuple[str, ...] = ()) -> Row:
    """Return the texts of an object by key, with every other kind of value noted."""
    row = Row(index, {}, [], place)
    if not isinstance(raw, _json.Object):
        row.problems.append(Problem(place, shown(raw), "an object", "no object"))
        return row
    for key in raw.twice:
        row.wrong(shown(key), "", "the key stands twice")
    for key, value in raw.items():
        if key in also:
            continue
        if key not in keys:
            expected = nearest_or(key, (*keys, *also), ", ".join((*keys, *also)))
            row.problems.append(Problem(row.where(shown(key)), "", expected, "unknown key"))
        elif isinstance(value, str):
            row.values[key] = value
            if not value.isascii() and _LONE.search(value):
                row.wrong(key, shown(value), "a lone surrogate, which UTF-8 does not have")
        elif value is not None:
            row.wrong(key, shown(value), "no text", "a text or null")
    return row

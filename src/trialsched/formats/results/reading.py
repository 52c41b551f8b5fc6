"""Plans read back from their JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, time
from typing import IO, Any, Final

from trialsched import _json
from trialsched._text import shown, unprintable
from trialsched.errors import InvalidValueError
from trialsched.formats.results.plans import PLAN_SCHEMA
from trialsched.offsets import DateRange, PartialDate, parse_date
from trialsched.protocol import MODES, Mode

MAX_BYTES: Final = 10_000_000


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
    """Read one plan from its JSON. Keys that a later version added are passed over. Raises `InvalidValueError`.

    It is at most 10 MB; UTF-8, or UTF-16 as PowerShell redirects output.
    """
    raw = _json.loads(_text_of(data))
    schema = raw.get("schema") if isinstance(raw, dict) else None
    if schema != PLAN_SCHEMA:
        raise InvalidValueError(f"read {shown(schema)!r}, expected {PLAN_SCHEMA!r}", where="schema")
    _no_key_twice(raw, "")
    subject = _word(raw, "subject", "")
    protocol = raw.get("protocol")
    if not isinstance(protocol, dict):
        raise InvalidValueError("expected an object", where="protocol")
    _no_key_twice(protocol, "protocol")
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


def load(fp: IO[bytes] | IO[str]) -> PlanResult:
    """Read one plan from an open file."""
    return loads(fp.read(MAX_BYTES + 1))


def _text_of(data: str | bytes) -> str:
    if not isinstance(data, (str, bytes)):
        raise InvalidValueError(f"not JSON: {type(data).__name__}")
    if len(data) > MAX_BYTES:
        raise InvalidValueError(f"not a plan: larger than {MAX_BYTES:,} bytes")
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"not JSON: {error.encoding} cannot be read: {error.reason}") from None


def _no_key_twice(table: dict[str, Any], where: str) -> None:
    for key in getattr(table, "twice", ()):
        raise InvalidValueError(f"the key {shown(key)!r} stands twice", where=where)


def _word(raw: dict[str, Any], key: str, where: str) -> str:
    """Return a text of one printable line, as codes and versions are."""
    value = raw.get(key)
    if not isinstance(value, str) or not value or unprintable(value):
        raise InvalidValueError(f"read {shown(value)!r}, expected a text of one line", where=f"{where}{key}")
    return value


def _row(raw: object, where: str) -> ResultRow:
    if not isinstance(raw, dict):
        raise InvalidValueError("expected an object", where=where)
    _no_key_twice(raw, where)
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

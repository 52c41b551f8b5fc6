"""The lines of a journal: how one is written, and what is wrong with those that are read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, Final, Literal, NamedTuple, get_args

from trialsched._text import nfc, shown, unprintable
from trialsched.errors import MAX_PROBLEMS, InvalidTypeError, InvalidValueError, Problem, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SCHEMA: Final = "trialsched/journal/1"
FIRST_PREV: Final = "0" * 64
Action = Literal["init", "record", "adopt", "discard"]
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

MAX_BYTES: Final = 200_000_000
_MAX_LINES: Final = 1_000_000_000
_LONGEST_BY: Final = 200
_LONGEST_REASON: Final = 2_000
_AT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Change(NamedTuple):
    """What a line says happened: the action, of whom, of which visit, and the fields before and after.

    Without a subject it speaks of the whole folder, without a visit of the subject's row.
    """

    action: Action
    subject: str | None
    visit: str | None
    was: Mapping[str, Any] | None
    is_: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a change, who made it, when, why, and the sha256 of the line before it.

    `seq` counts from 1, `at` is in UTC and whole seconds; `is_` is `is` in the line. Raises `InvalidTypeError` or
    `InvalidValueError`.
    """

    seq: int
    at: datetime
    by: str
    action: Action
    subject: str | None
    visit: str | None
    was: Mapping[str, Any] | None
    is_: Mapping[str, Any] | None
    reason: str | None
    prev: str

    def __post_init__(self) -> None:
        """Hold the fields to their types."""
        if type(self.seq) is not int or not 1 <= self.seq <= _MAX_LINES:
            raise InvalidValueError(f"a whole number from 1 is meant; read {shown(self.seq)}", where="seq")
        if not isinstance(self.at, datetime) or self.at.utcoffset() != timedelta(0) or self.at.microsecond:
            raise InvalidValueError(f"a time in UTC, in whole seconds, is meant; read {shown(self.at)}", where="at")
        object.__setattr__(self, "by", _words(self.by, _LONGEST_BY, "by"))
        if self.reason is not None:
            object.__setattr__(self, "reason", _words(self.reason, _LONGEST_REASON, "reason"))
        if self.action not in ACTIONS:
            raise InvalidValueError(f"one of {', '.join(ACTIONS)} is meant; read {shown(self.action)}", where="action")
        for name in ("subject", "visit"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InvalidTypeError(f"a code is meant; read {shown(value)}", where=name)
        for name in ("was", "is_"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, dict):
                raise InvalidTypeError(f"an object is meant; read {shown(value)}", where=name.rstrip("_"))
        if not isinstance(self.prev, str) or not _HASH.fullmatch(self.prev):
            raise InvalidValueError(f"64 hexadecimal digits are meant; read {shown(self.prev)}", where="prev")

    @property
    def line(self) -> bytes:
        """The line without its newline: JSON, keys sorted, no blanks, UTF-8 unescaped, NFC."""
        values = {name.rstrip("_"): getattr(self, name) for name in _NAMES}
        at = f"{self.at.replace(tzinfo=None).isoformat()}Z"
        return _canonical({"schema": SCHEMA, **values, "at": at}).encode()

    @property
    def hash(self) -> str:
        """The sha256 of the line, in 64 hexadecimal digits."""
        return sha256(self.line).hexdigest()


_NAMES: Final = tuple(field.name for field in fields(Entry))
_KEYS: Final = frozenset({"schema", *(name.rstrip("_") for name in _NAMES)})
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def _canonical(document: Mapping[str, Any]) -> str:
    text = _encode(document)
    return text if text.isascii() else _encode(_composed(document))


def _composed(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a value with every text in NFC: the texts, not their JSON, where an escape may stand before an accent."""
    if isinstance(value, str):
        return nfc(value)
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    return [_composed(item) for item in value] if isinstance(value, list) else value


def _words(value: object, longest: int, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidTypeError(f"a text is meant; read {shown(value)}", where=where)
    text = nfc(value)
    if not 1 <= len(text) <= longest or text != text.strip() or unprintable(text):
        message = f"1 to {longest} characters on one line without blanks at the ends are meant; read {shown(value)!r}"
        raise InvalidValueError(message, where=where)
    return text


class Journal(NamedTuple):
    """What a file of lines holds: the good entries, what is wrong (`line 3`), and the hash of every whole line.

    `tail` is what stands after the last newline: a line that was torn while it was written, or nothing.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    hashes: tuple[str, ...]
    tail: bytes = b""

    @property
    def last(self) -> str:
        """The hash of the last whole line, 64 zeros when there is none."""
        return self.hashes[-1] if self.hashes else FIRST_PREV

    @property
    def tail_entry(self) -> Entry | None:
        """The entry of a tail that lacks its newline and nothing else, bound to the line before it; else None."""
        if self.problems or not self.tail:
            return None
        found = _read(self.tail)
        if isinstance(found, str) or (found.seq, found.prev) != (len(self.hashes) + 1, self.last):
            return None
        return found


def loads(data: bytes) -> Journal:
    """Read a journal; every line that was edited, is missing or is out of its place is a problem that names it.

    A changed line is known by the hash that the next line has of it. What only a reader of the whole can find (a line
    whose `was` is not what the lines before it give) is found by `replay`; a tail that was cut off at a newline is
    found by nobody who has not kept the last hash. Raises `InvalidTypeError` for anything but bytes, and
    `InvalidValueError` for more than 200 MB. Reading stops behind 1,000 problems.
    """
    if not isinstance(data, bytes):
        raise InvalidTypeError(f"the bytes of a journal are meant; read {shown(data)}")
    if len(data) > MAX_BYTES:
        raise InvalidValueError(f"no journal that is read: more than {MAX_BYTES:,} bytes")
    tail = data[data.rfind(b"\n") + 1 :]
    entries: list[Entry] = []
    faults: dict[int, tuple[str, str]] = {}  # by line: what was read and the message, the first of each
    hashes: list[str] = []
    unfit: dict[int, None] = {}  # lines that have another hash of the line before
    due = 1  # the number that the next line should have
    previous = FIRST_PREV
    for number, raw in enumerate(_lines(data), 1):
        found = _read(raw)
        if isinstance(found, str):
            faults.setdefault(number, (shown(raw.decode(errors="replace")), found))
            due += 1
        else:
            if found.seq != due:
                faults.setdefault(number, (f"seq {found.seq}", _out_of_place(found.seq, due)))
            elif found.prev != previous and number == 1:
                faults.setdefault(1, (found.prev, "the first line follows no other: its prev is 64 zeros"))
            elif found.prev != previous:
                unfit[number] = None
            entries.append(found)
            due = found.seq + 1
        previous = sha256(raw).hexdigest()
        hashes.append(previous)
        if len(faults) + len(unfit) > MAX_PROBLEMS:
            tail = b""  # not reached
            break
    for number in unfit:
        surely = number < len(hashes) and not {number, number + 1} & faults.keys() and number + 1 not in unfit
        faults.setdefault(number - 1, (f"sha256 {hashes[number - 2]}", _changed(number, surely=surely)))
    problems = (Problem(f"line {number}", read, "", message) for number, (read, message) in sorted(faults.items()))
    return Journal(tuple(entries), listed(problems), tuple(hashes), tail)


def _lines(data: bytes) -> Iterator[bytes]:
    """Yield every whole line."""
    start = 0
    while (end := data.find(b"\n", start)) >= 0:
        yield data[start:end]
        start = end + 1


def load(fp: IO[bytes]) -> Journal:
    """Read a journal from a file open for bytes."""
    return loads(fp.read(MAX_BYTES + 1))


def _out_of_place(seq: int, due: int) -> str:
    if seq < due:
        return f"its number is {seq} where {due} is due: it stands twice, or out of its place"
    missing = f"line {due} is" if seq == due + 1 else f"lines {due} to {seq - 1} are"
    return f"its number is {seq} where {due} is due: {missing} missing"


def _changed(following: int, *, surely: bool) -> str:
    """Return what is said of a line that another line was written behind; surely when that one is as it was."""
    if surely:
        return f"changed after line {following} was written behind it, which has another hash of it"
    return f"changed, or line {following} was, which has another hash of it"


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


def _read(raw: bytes) -> Entry | str:
    """Return the entry of a line, or what is wrong with the line."""
    try:
        text = raw.decode()
        document = _decode(text)
        canonical = _canonical(document)
    except (ValueError, RecursionError):  # beyond any number, or deeper than Python goes: none of ours
        return "no line of JSON"
    if not isinstance(document, dict) or document.keys() != _KEYS:
        return f"not the keys {', '.join(sorted(_KEYS))}"
    if document["schema"] != SCHEMA:
        return f"the schema is {shown(document['schema'])!r}, not {SCHEMA!r}"
    if canonical != text:
        return "not in canonical form: keys sorted, no blanks, nothing escaped that need not be, NFC"
    try:
        return Entry(**{name: document[name.rstrip("_")] for name in _NAMES} | {"at": _time(document["at"])})
    except (InvalidValueError, InvalidTypeError) as error:
        return str(error)


def _time(text: object) -> datetime:
    if isinstance(text, str) and _AT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # no such day, or no such hour
    raise InvalidValueError(f"a time as YYYY-MM-DDTHH:MM:SSZ is meant; read {shown(text)!r}", where="at")


def dumps(entries: Iterable[Entry]) -> bytes:
    """Return the lines of entries, each with its newline."""
    return b"".join(entry.line + b"\n" for entry in entries)


def dump(entries: Iterable[Entry], fp: IO[bytes]) -> None:
    """Write the lines of entries to a file open for bytes."""
    fp.write(dumps(entries))


def append(
    last: Entry | None, changes: Iterable[Change], *, at: datetime, by: str, reason: str | None = None
) -> tuple[Entry, ...]:
    """Return the entries that say these changes after the last entry, or first when it is None.

    `by` is who says so, `at` an aware time, which is kept in UTC and whole seconds. Raises `InvalidTypeError` or
    `InvalidValueError`, also for a change that no line of JSON can say.
    """
    if not isinstance(at, datetime) or at.utcoffset() is None:
        raise InvalidTypeError(f"a time with its zone is meant; read {shown(at)}", where="at")
    seq, prev = (last.seq, last.hash) if last else (0, FIRST_PREV)
    found = []
    for index, one in enumerate(changes):
        seq += 1
        entry = Entry(seq, at.astimezone(UTC).replace(microsecond=0), by, *one, reason, prev)
        found.append(entry)
        try:
            prev = entry.hash
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidValueError(f"no line can say it: {error}", where=f"changes[{index}]") from None
    return tuple(found)

"""What a journal gives when it is read from its first line: the rows of both lists, and how two such states differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from trialsched._text import nfc, shown
from trialsched.errors import InvalidValueError, TrialschedError
from trialsched.formats.journal.lines import Change, Entry
from trialsched.offsets import PartialDate
from trialsched.subject import Subject, VisitRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SUBJECT_FIELDS: Final = ("baseline", "baseline_status", "arm", "ended", "end_reason", "language")
_RECORD_FIELDS: Final = ("booked", "booked_time", "attended", "mode", "outcome", "note")


class Row(NamedTuple):
    """A row of `visits.csv`: the code of a subject and a record."""

    subject: str
    record: VisitRecord


@dataclass(frozen=True, slots=True)
class State:
    """Both lists: the subjects without their records, in order, and the rows of records, in order."""

    subjects: tuple[Subject, ...] = ()
    rows: tuple[Row, ...] = ()


EMPTY: Final = State()


def state_of(subjects: Iterable[Subject], rows: Iterable[tuple[str, VisitRecord]]) -> State:
    """Return the state of two lists, texts in NFC as the journal has them, an empty note as none."""
    return State(
        tuple(replace(subject, records=()) for subject in subjects), tuple(Row(nfc(s), _plain(r)) for s, r in rows)
    )


def _plain(record: VisitRecord) -> VisitRecord:
    if record.note is None or (record.note and record.note.isascii()):
        return record
    return replace(record, note=nfc(record.note) or None)


def _fields(value: Subject | VisitRecord | None) -> dict[str, str]:
    """Return the fields that hold anything, as texts, in the order of the columns."""
    if value is None:
        return {}
    names = _SUBJECT_FIELDS if isinstance(value, Subject) else _RECORD_FIELDS
    given = ((name, getattr(value, name)) for name in names)
    return {name: _text(item) for name, item in given if item is not None}


def _text(value: object) -> str:
    return value.isoformat("minutes") if isinstance(value, time) else str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one row between two states: None where there is no row.

    `visit` is None for a row of `subjects.csv`. `record` counts the records of one visit of a subject from 1, in the
    order of the rows; 0 for a subject.
    """

    subject: str
    visit: str | None
    record: int
    was: Subject | VisitRecord | None
    is_: Subject | VisitRecord | None

    @property
    def cells(self) -> tuple[tuple[str, str, str], ...]:
        """The columns that differ, each with what it was and what it is, empty for nothing."""
        was, is_ = _fields(self.was), _fields(self.is_)
        names = _RECORD_FIELDS if self.visit is not None else _SUBJECT_FIELDS
        return tuple((n, was.get(n, ""), is_.get(n, "")) for n in names if was.get(n) != is_.get(n))

    @property
    def overwrites(self) -> bool:
        """Whether a value that was recorded becomes another or goes; a day without an outcome says attended."""
        if self.was is None or self.is_ is None:
            return self.was is not None
        held = isinstance(self.was, VisitRecord) and self.was.attended is not None
        return any(was or (held and name == "outcome") for name, was, _ in self.cells)


def differences(old: State, new: State) -> tuple[Difference, ...]:
    """Return what differs, in an order in which it can be said to the journal; nothing when only rows are moved.

    The order of rows says nothing, and a list that was sorted says the same. Records of one visit that are in both
    states are paired first, then the others in their order. Subjects that are new or changed come first, then
    records, then subjects that are gone.
    """
    before, after = ({subject.code: subject for subject in state.subjects} for state in (old, new))
    found = [
        Difference(code, None, 0, before.get(code), subject)
        for code, subject in after.items()
        if before.get(code) != subject
    ]
    had, has = _groups(old), _groups(new)
    for subject, visit in dict.fromkeys((*had, *has)):
        one, other = had.get((subject, visit), []), has.get((subject, visit), [])
        if one != other:
            found += _paired(subject, visit, one, other)
    found += [Difference(code, None, 0, subject, None) for code, subject in before.items() if code not in after]
    return tuple(found)


def _groups(state: State) -> dict[tuple[str, str], list[VisitRecord]]:
    groups: dict[tuple[str, str], list[VisitRecord]] = defaultdict(list)
    for subject, record in state.rows:
        groups[subject, record.visit].append(record)
    return groups


def _paired(subject: str, visit: str, old: list[VisitRecord], new: list[VisitRecord]) -> list[Difference]:
    """Return what differs between the records of one visit: changed, new, and gone ones from the last."""
    same = Counter(old) & Counter(new)
    left, told = _others(old, same), _others(new, same)
    pairs = min(len(left), len(told))
    found = [Difference(subject, visit, n, was, is_) for (n, was), (_, is_) in zip(left, told, strict=False)]
    found += [Difference(subject, visit, n, None, is_) for n, (_, is_) in enumerate(told[pairs:], len(old) + 1)]
    return found + [Difference(subject, visit, n, was, None) for n, was in reversed(left[pairs:])]


def _others(records: list[VisitRecord], same: Counter[VisitRecord]) -> list[tuple[int, VisitRecord]]:
    """Return the records but those that are the same, each with its number."""
    same, found = same.copy(), []
    for number, record in enumerate(records, 1):
        if same[record]:
            same[record] -= 1
        else:
            found.append((number, record))
    return found


# What is written into `was` and `is`, and read back from them.


def begin(state: State) -> Change:
    """Return the change that begins a journal with two lists as they are."""
    subjects = [{"subject": subject.code, **_fields(subject)} for subject in state.subjects]
    records = [{"subject": code, "visit": record.visit, **_fields(record)} for code, record in state.rows]
    return Change("init", None, None, None, {"subjects": subjects, "records": records})


def change(difference: Difference, action: Literal["record", "adopt"] = "record") -> Change:
    """Return the change that says a difference."""

    def told(value: Subject | VisitRecord | None) -> dict[str, Any] | None:
        number = {"record": difference.record} if difference.visit is not None else {}
        return None if value is None else {**number, **_fields(value)}

    return Change(action, difference.subject, difference.visit, told(difference.was), told(difference.is_))


def replay(entries: Iterable[Entry], after: State = EMPTY) -> State:
    """Return the state that entries give, one after the other, from nothing or from another state.

    Raises `InvalidValueError`, its place the line (`line 3: was`), for an entry that does not fit to what the
    entries before it give: no journal of ours has such a line.
    """
    told = _Replaying(after)
    for entry in entries:
        _taken(told, entry)
    return State(tuple(told.subjects.values()), tuple(row for row in told.rows if row is not None))


def unexplained(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the entries that change or take out a recorded value and give no reason: no command of ours writes one.

    Raises what `replay` raises.
    """
    told = _Replaying(EMPTY)
    found = []
    for entry in entries:
        difference = _taken(told, entry)
        if difference is not None and difference.overwrites and entry.reason is None:
            found.append(entry)
    return tuple(found)


def _taken(told: _Replaying, entry: Entry) -> Difference | None:
    try:
        return told.take(entry)
    except TrialschedError as error:
        where = f"line {entry.seq}" + (f": {error.where}" if error.where else "")
        raise InvalidValueError(error.message, where=where) from None


class _Replaying:
    """The rows while entries are taken; a row that is gone leaves its place empty."""

    def __init__(self, state: State) -> None:
        self.subjects: dict[str, Subject] = {}
        self.rows: list[Row | None] = []
        self.places: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.count: Counter[str] = Counter()  # rows of each subject
        for subject in state.subjects:
            self._put(subject)
        for row in state.rows:
            self._add(row)

    def take(self, entry: Entry) -> Difference | None:
        """Take an entry, and return what it makes of one row; None for one of the whole folder."""
        if (entry.action == "init") != (entry.seq == 1):
            raise InvalidValueError("a journal begins with init, once", where="action")
        if entry.action in {"init", "discard"}:
            for name in ("subject", "visit", "was"):
                if getattr(entry, name) is not None:
                    raise InvalidValueError(f"{entry.action} is of the whole folder: null is meant", where=name)
        if entry.action == "init":
            self._begin(entry.is_ or {})
        elif entry.action == "discard":
            pass  # the lists were written again from the journal: they are what they were
        elif entry.subject is None:
            raise InvalidValueError("no subject", where="subject")
        elif entry.was == entry.is_:
            raise InvalidValueError("what was is what is: nothing is said", where="is")
        elif entry.visit is None:
            return self._subject(entry.subject, entry.was, entry.is_)
        else:
            return self._record(entry.subject, entry.visit, entry.was, entry.is_)
        return None

    def _begin(self, given: Mapping[str, Any]) -> None:
        lists = [given.get(name) for name in ("subjects", "records")]
        if len(given) != len(lists) or not all(isinstance(one, list) for one in lists):
            raise InvalidValueError("the lists `subjects` and `records` are meant", where="is")
        for index, fields in enumerate(lists[0] or ()):
            self._put(_subject_of(*_named(fields, f"is.subjects[{index}]", "subject")))
        for index, fields in enumerate(lists[1] or ()):
            code, visit, rest = _named(fields, f"is.records[{index}]", "subject", "visit")
            self._add(Row(code, _record_of(visit, rest, "is")))

    def _put(self, subject: Subject) -> None:
        if subject.code in self.subjects:
            raise InvalidValueError(f"there is a subject {subject.code!r} already", where="subject")
        self.subjects[subject.code] = subject

    def _add(self, row: Row) -> None:
        if row.subject not in self.subjects:
            raise InvalidValueError(f"there is no subject {row.subject!r}", where="subject")
        self.places[row.subject, row.record.visit].append(len(self.rows))
        self.rows.append(row)
        self.count[row.subject] += 1

    def _subject(self, code: str, was: Mapping[str, Any] | None, is_: Mapping[str, Any] | None) -> Difference:
        before = self.subjects.get(code)
        if was != (None if before is None else _fields(before)):
            raise _not_so(before, was)
        told = None if is_ is None else _subject_of(code, is_)
        if told is None and self.count[code]:
            raise InvalidValueError(f"{code} is taken out, but has records", where="is")
        if told is None:
            del self.subjects[code]
        elif before is None:
            self._put(told)
        else:
            self.subjects[code] = told
        return Difference(code, None, 0, before, told)

    def _record(
        self, code: str, visit: str, was: Mapping[str, Any] | None, is_: Mapping[str, Any] | None
    ) -> Difference:
        places = self.places[code, visit]
        number, before = _numbered(was, "was")
        if is_ is None:
            told = None
        else:
            said, fields = _numbered(is_, "is")
            told = Row(code, _record_of(visit, fields, "is"))
            if said != (len(places) + 1 if was is None else number):
                raise InvalidValueError(f"it is not record {said} of the visit", where="is.record")
        if was is None:
            if told is not None:
                self._add(told)
            return Difference(code, visit, len(places), None, told and told.record)
        row = self.rows[places[number - 1]] if number <= len(places) else None
        if row is None or _fields(row.record) != before:
            raise _not_so(row and row.record, was)
        self.rows[places[number - 1]] = told
        if told is None:
            del places[number - 1]
            self.count[code] -= 1
        return Difference(code, visit, number, row.record, told and told.record)


def _not_so(before: Subject | VisitRecord | None, was: object) -> InvalidValueError:
    has = shown(_fields(before)) if before is not None else "no such row"
    return InvalidValueError(f"not what the lines before give, which is {has}; read {shown(was)}", where="was")


def _named(fields: object, where: str, *names: str) -> tuple[Any, ...]:
    """Return the values of some keys, and the other fields."""
    if not isinstance(fields, dict) or not all(isinstance(fields.get(name), str) for name in names):
        raise InvalidValueError(f"an object with {' and '.join(names)} is meant; read {shown(fields)}", where=where)
    return (*(fields[name] for name in names), {k: v for k, v in fields.items() if k not in names})


def _numbered(fields: Mapping[str, Any] | None, where: str) -> tuple[int, dict[str, Any]]:
    """Return the number of a record, and its fields."""
    if fields is None:
        return 0, {}
    rest = dict(fields)
    number = rest.pop("record", None)
    if type(number) is not int or number < 1:
        raise InvalidValueError(f"a whole number from 1 is meant; read {shown(number)}", where=f"{where}.record")
    return number, rest


def _subject_of(code: str, fields: Mapping[str, Any]) -> Subject:
    given: dict[str, Any] = {name: fields[name] for name in ("arm", "end_reason", "language") if name in fields}
    given |= {name: _day(fields[name]) for name in ("baseline", "ended") if name in fields}
    subject = Subject(code, **given, baseline_status=fields.get("baseline_status", "planned"))
    if subject.baseline is None or subject.code != code or _fields(subject) != fields:
        raise InvalidValueError(f"not the facts of a subject: {shown(fields)}", where="is")
    return subject


def _record_of(visit: str, fields: Mapping[str, Any], where: str) -> VisitRecord:
    given = {name: fields.get(name) for name in ("mode", "outcome", "note")}
    booked = _day(fields["booked"]) if "booked" in fields else None
    clock = _clock(fields["booked_time"]) if "booked_time" in fields else None
    attended = _known_day(fields["attended"]) if "attended" in fields else None
    record = VisitRecord(visit, booked, clock, attended, **given)
    if record.visit != visit or _fields(_plain(record)) != fields:  # an unknown key, or a value in another form
        raise InvalidValueError(f"not the fields of a record: {shown(dict(fields))}", where=where)
    return record


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None  # what comes of it is not what was read, and is refused


_MONTH: Final = len("2026-03")


def _known_day(text: object) -> date | PartialDate | None:
    if isinstance(text, str) and len(text) <= _MONTH:
        return PartialDate.parse(text)
    return _day(text)


def _clock(text: object) -> time | None:
    try:
        return time.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None

"""Facts about one person in a trial: the planned baseline, what was booked, what happened, the end. Frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from typing import TYPE_CHECKING, Literal, get_args

from trialsched._text import nfc
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import PartialDate, plain_date
from trialsched.protocol import MODES, Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

Outcome = Literal["missed", "withheld"]
EndReason = Literal["completed", "withdrawn", "screen-failure", "lost-to-follow-up", "death", "other"]
BaselineStatus = Literal["planned", "provisional"]

END_REASONS: tuple[EndReason, ...] = get_args(EndReason)
_LONGEST_CODE = 64


def _word(value: object, where: str) -> str:
    if not isinstance(value, str):
        message = f"a text is meant; read {value!r}"
        raise InvalidTypeError(message, where=where)
    text = nfc(value)
    if not 1 <= len(text) <= _LONGEST_CODE or not text.isprintable() or text != text.strip():
        message = f"1 to {_LONGEST_CODE} printable characters without blanks at the ends are meant; read {value[:80]!r}"
        raise InvalidValueError(message, where=where)
    return text


def _one_of(value: object, choices: tuple[str, ...], where: str) -> None:
    if value is not None and value not in choices:
        message = f"one of {', '.join(choices)} is meant; read {value!r}"
        raise InvalidValueError(message, where=where)


@dataclass(frozen=True, slots=True)
class VisitRecord:
    """What was booked or happened for one visit code; the code may be foreign to the protocol.

    `booked` and `booked_time` are what was agreed (naive, minutes, local at the clinic), `attended` is when it
    happened, as far as known. `mode` is how it was done. Outcome `missed`: it did not happen; `withheld`: the
    subject came on `attended`, the planned treatment was not given. Raises `InvalidTypeError` or
    `InvalidValueError`.
    """

    visit: str
    booked: date | None = None
    booked_time: time | None = None
    attended: date | PartialDate | None = None
    mode: Mode | None = None
    outcome: Outcome | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Hold the fields to their types and to each other."""
        object.__setattr__(self, "visit", _word(self.visit, "visit"))
        if self.booked is not None:
            object.__setattr__(self, "booked", plain_date(self.booked, "booked"))
        if self.booked_time is not None:
            _check_time(self.booked_time, self.booked)
        if self.attended is not None and not isinstance(self.attended, PartialDate):
            object.__setattr__(self, "attended", plain_date(self.attended, "attended"))
        _one_of(self.mode, MODES, "mode")
        _one_of(self.outcome, get_args(Outcome), "outcome")
        if self.note is not None and not isinstance(self.note, str):
            message = f"a text is meant; read {self.note!r}"
            raise InvalidTypeError(message, where="note")
        if self.outcome == "missed" and self.attended is not None:
            message = f"the visit is said to be missed and to have happened on {self.attended}"
            raise InvalidValueError(message, where="outcome")
        if self.outcome == "withheld" and self.attended is None:
            message = "withheld means that the subject came: the day is needed in `attended`"
            raise InvalidValueError(message, where="attended")


def _check_time(value: object, booked: date | None) -> None:
    if not isinstance(value, time):
        message = f"a datetime.time is meant; read {value!r}"
        raise InvalidTypeError(message, where="booked_time")
    if value.tzinfo is not None or value.second or value.microsecond:
        message = f"a local time in whole minutes without zone is meant; read {value!r}"
        raise InvalidValueError(message, where="booked_time")
    if booked is None:
        message = "a time without the day it is booked for"
        raise InvalidValueError(message, where="booked_time")


@dataclass(frozen=True, slots=True)
class Subject:
    """One person under a code, and the facts. Changing a fact gives a new subject.

    `baseline` is the planned day 0, never overwritten by what happened. `records` are kept in the order given;
    several for one code are allowed. `ended` is the last day of participation. Raises `InvalidTypeError` or
    `InvalidValueError`.

    >>> Subject("P01-007", baseline=date(2026, 3, 2)).attended("DOSE1", date(2026, 3, 4)).records[0].attended
    datetime.date(2026, 3, 4)
    """

    code: str
    baseline: date | None = None
    arm: str | None = None
    records: tuple[VisitRecord, ...] = ()
    ended: date | None = None
    end_reason: EndReason | None = None
    baseline_status: BaselineStatus = "planned"
    language: str | None = None

    def __post_init__(self) -> None:
        """Hold the fields to their types and to each other."""
        object.__setattr__(self, "code", _word(self.code, "code"))
        for name in ("baseline", "ended"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, plain_date(value, name))
        if self.arm is not None:
            object.__setattr__(self, "arm", _word(self.arm, "arm"))
        object.__setattr__(self, "records", _records(self.records))
        _one_of(self.end_reason, END_REASONS, "end_reason")
        if self.end_reason is not None and self.ended is None:
            message = f"the reason {self.end_reason!r} without the day of the end"
            raise InvalidValueError(message, where="end_reason")
        if self.baseline_status not in get_args(BaselineStatus):
            message = f"one of {', '.join(get_args(BaselineStatus))} is meant; read {self.baseline_status!r}"
            raise InvalidValueError(message, where="baseline_status")
        if self.language is not None:
            object.__setattr__(self, "language", _word(self.language, "language"))

    def with_record(self, record: VisitRecord) -> Subject:
        """Return the subject with one more record."""
        return replace(self, records=(*self.records, record))

    def attended(self, code: str, day: date | PartialDate, mode: Mode | None = None) -> Subject:
        """Return the subject with the visit's record set to attended; a missed or withheld is cleared.

        It corrects the record: a withheld visit that was held on another day is one more, with `with_record`.
        Raises `InvalidValueError` when the code has several records.
        """
        record = self._only(code)
        day = day if isinstance(day, PartialDate) else plain_date(day, "day")
        return self._set(record, replace(record, attended=day, mode=mode or record.mode, outcome=None))

    def booked(self, code: str, day: date, time: time | None = None) -> Subject:
        """Return the subject with the visit's record set to booked; a missed is cleared, an earlier time too.

        A booking after the day on which the visit was withheld is a new appointment, and a record of its own.
        Raises `InvalidValueError` when the code has several records.
        """
        record = self._only(code)
        day = plain_date(day, "day")
        if record.outcome == "withheld" and _last_day(record.attended) < day:
            return self.with_record(VisitRecord(code, booked=day, booked_time=time))
        outcome = None if record.outcome == "missed" else record.outcome
        return self._set(record, replace(record, booked=day, booked_time=time, outcome=outcome))

    def missed(self, code: str) -> Subject:
        """Return the subject with the visit recorded as not having happened; attended and mode are cleared."""
        record = self._only(code)
        return self._set(record, replace(record, attended=None, mode=None, outcome="missed"))

    def withheld(self, code: str, day: date | PartialDate) -> Subject:
        """Return the subject who came that day and was not given the planned treatment."""
        record = self._only(code)
        return self._set(record, replace(record, attended=day, outcome="withheld"))

    def end(self, day: date, reason: EndReason | None = None) -> Subject:
        """Return the subject whose participation ended on that day."""
        return replace(self, ended=plain_date(day, "day"), end_reason=reason)

    def known_on(self, day: date) -> Subject:
        """Return what was known on a day: attended dates and an end after it are dropped, undated facts stay.

        A partly known date is dropped when all of it lies after the day.
        """
        day = plain_date(day, "day")
        subject = replace(self, records=tuple(_known_on(record, day) for record in self.records))
        if self.ended is not None and self.ended > day:
            subject = replace(subject, ended=None, end_reason=None)
        return subject

    def _only(self, code: str) -> VisitRecord:
        code = _word(code, "visit")
        records = [record for record in self.records if record.visit == code]
        if len(records) > 1:
            message = f"{code} has {len(records)} records: which one is meant? use with_record or replace the records"
            raise InvalidValueError(message, where=code)
        return records[0] if records else VisitRecord(code)

    def _set(self, old: VisitRecord, new: VisitRecord) -> Subject:
        if old not in self.records:
            return self.with_record(new)
        return replace(self, records=tuple(new if record == old else record for record in self.records))


def _records(records: Iterable[VisitRecord]) -> tuple[VisitRecord, ...]:
    try:
        checked = tuple(records)
    except TypeError:
        message = f"VisitRecords are meant, as a tuple; read {records!r}"
        raise InvalidTypeError(message, where="records") from None
    for index, record in enumerate(checked):
        if not isinstance(record, VisitRecord):
            message = f"a VisitRecord is meant; read {record!r}"
            raise InvalidTypeError(message, where=f"records[{index}]")
    return checked


def _last_day(attended: date | PartialDate | None) -> date:
    return attended.days.latest if isinstance(attended, PartialDate) else attended or date.max


def _known_on(record: VisitRecord, day: date) -> VisitRecord:
    attended = record.attended
    first = attended.days.earliest if isinstance(attended, PartialDate) else attended
    if first is None or first <= day:
        return record
    return replace(record, attended=None, outcome=None)

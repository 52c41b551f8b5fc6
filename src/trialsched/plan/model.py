"""The plan of one subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from trialsched._text import unknown_visit
from trialsched.protocol import Protocol, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from trialsched.plan.rows import DayZeroSource, PlannedVisit, ReferenceSource
    from trialsched.subject import Subject, VisitRecord


class Answer(NamedTuple):
    """What `schedule` found, apart from whose plan it is."""

    rows: tuple[PlannedVisit, ...]
    day_zero: date
    day_zero_source: DayZeroSource
    study_day_one: date
    study_day_one_source: ReferenceSource
    notes: tuple[str, ...] = ()
    other_records: tuple[VisitRecord, ...] = ()


class Plan:
    """Every visit of one subject, in protocol order; immutable.

    `plan["M06"]` is a row, `for row in plan` goes through them, `"M06" in plan` asks for a code. `notes` say in
    English what was passed over, `other_records` are those of codes that are not in the plan.
    """

    __slots__ = ("_answer", "_protocol", "_subject")

    def __init__(self, protocol: Protocol, subject: Subject, answer: Answer) -> None:
        """Take what `schedule` found."""
        self._protocol = protocol
        self._subject = subject
        self._answer = answer

    @property
    def protocol(self) -> Protocol:
        """The protocol it follows."""
        return self._protocol

    @property
    def subject(self) -> Subject:
        """The subject it is for."""
        return self._subject

    @property
    def rows(self) -> tuple[PlannedVisit, ...]:
        """The rows in protocol order."""
        return self._answer.rows

    @property
    def baseline(self) -> date:
        """The planned day 0; the anchor's target."""
        return self._answer.rows[program(self._protocol, self._subject.arm).places[self._protocol.anchor]].target

    @property
    def day_zero(self) -> date:
        """The reference date of the anchor visit: attended, else booked, else the baseline."""
        return self._answer.day_zero

    @property
    def day_zero_source(self) -> DayZeroSource:
        """Where day zero comes from."""
        return self._answer.day_zero_source

    @property
    def study_day_one(self) -> date:
        """The reference date of the visit that study days count from; day zero unless the protocol names another."""
        return self._answer.study_day_one

    @property
    def study_day_one_source(self) -> ReferenceSource:
        """Where study day 1 comes from."""
        return self._answer.study_day_one_source

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over and why, in English."""
        return self._answer.notes

    @property
    def other_records(self) -> tuple[VisitRecord, ...]:
        """Records of codes that are not in this plan, in the order given."""
        return self._answer.other_records

    def __getitem__(self, code: str) -> PlannedVisit:
        """Return the row of a visit code. Raises `UnknownVisitError`, also a `KeyError`, naming the nearest."""
        index = program(self._protocol, self._subject.arm).places
        row = index.get(code) if isinstance(code, str) else None
        if row is None:
            raise unknown_visit(code, index)
        return self._answer.rows[row]

    def __contains__(self, code: object) -> bool:
        """Return whether the plan has a visit code."""
        return isinstance(code, str) and code in program(self._protocol, self._subject.arm).places

    def __iter__(self) -> Iterator[PlannedVisit]:
        """Yield the rows in protocol order."""
        return iter(self._answer.rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._answer.rows)

    def _value(self) -> tuple[Protocol, Subject, Answer]:
        return (self._protocol, self._subject, self._answer)

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return self._value() == other._value() if isinstance(other, Plan) else NotImplemented

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self._protocol, self._subject))

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from the content."""
        return (Plan, self._value())

    def __repr__(self) -> str:
        """Print whose plan it is."""
        return f"<Plan of {self._subject.code!r} by {self._protocol.id} {self._protocol.version}, {len(self)} visits>"

"""The plan of one subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trialsched._text import unknown_visit
from trialsched.protocol import Protocol, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from trialsched.plan.rows import DayZeroSource, PlannedVisit
    from trialsched.subject import Subject, VisitRecord


class Plan:
    """Every visit of one subject, in protocol order; immutable.

    `plan["M06"]` is a row, `for row in plan` goes through them, `"M06" in plan` asks for a code. `notes` say in
    English what was passed over, `other_records` are those of codes that are not in the plan.
    """

    __slots__ = ("_day_zero", "_day_zero_source", "_notes", "_other_records", "_protocol", "_rows", "_subject")

    def __init__(  # noqa: PLR0913, PLR0917 - made by `schedule`
        self,
        protocol: Protocol,
        subject: Subject,
        rows: tuple[PlannedVisit, ...],
        day_zero: date,
        day_zero_source: DayZeroSource,
        notes: tuple[str, ...] = (),
        other_records: tuple[VisitRecord, ...] = (),
    ) -> None:
        """Take what `schedule` found."""
        self._protocol = protocol
        self._subject = subject
        self._rows = rows
        self._day_zero = day_zero
        self._day_zero_source = day_zero_source
        self._notes = notes
        self._other_records = other_records

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
        return self._rows

    @property
    def baseline(self) -> date:
        """The planned day 0; the anchor's target."""
        return self._rows[program(self._protocol, self._subject.arm).places[self._protocol.anchor]].target

    @property
    def day_zero(self) -> date:
        """The reference date of the anchor visit: attended, else booked, else the baseline."""
        return self._day_zero

    @property
    def day_zero_source(self) -> DayZeroSource:
        """Where day zero comes from."""
        return self._day_zero_source

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over and why, in English."""
        return self._notes

    @property
    def other_records(self) -> tuple[VisitRecord, ...]:
        """Records of codes that are not in this plan, in the order given."""
        return self._other_records

    def __getitem__(self, code: str) -> PlannedVisit:
        """Return the row of a visit code. Raises `UnknownVisitError`, also a `KeyError`, naming the nearest."""
        index = program(self._protocol, self._subject.arm).places
        row = index.get(code) if isinstance(code, str) else None
        if row is None:
            raise unknown_visit(code, index)
        return self._rows[row]

    def __contains__(self, code: object) -> bool:
        """Return whether the plan has a visit code."""
        return code in program(self._protocol, self._subject.arm).places

    def __iter__(self) -> Iterator[PlannedVisit]:
        """Yield the rows in protocol order."""
        return iter(self._rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def _value(self) -> tuple[Any, ...]:
        days = (self._day_zero, self._day_zero_source)
        return (self._protocol, self._subject, self._rows, *days, self._notes, self._other_records)

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

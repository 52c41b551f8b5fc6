"""What differs between two plans."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias
from typing import Protocol as TypingProtocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, time

    from trialsched.offsets import DateRange, PartialDate
    from trialsched.protocol import Mode

ChangeKind = Literal["added", "removed", "target", "window", "booked", "attended", "mode"]
ChangeValue: TypeAlias = "date | DateRange | PartialDate | str | None"  # a datetime is a date: booked with its time


class RowLike(TypingProtocol):
    """What `changes` reads of a row."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def target(self) -> date: ...  # noqa: D102
    @property
    def window(self) -> DateRange | None: ...  # noqa: D102
    @property
    def booked(self) -> date | None: ...  # noqa: D102
    @property
    def booked_time(self) -> time | None: ...  # noqa: D102
    @property
    def attended(self) -> date | PartialDate | None: ...  # noqa: D102
    @property
    def mode(self) -> Mode: ...  # noqa: D102


class PlanLike(TypingProtocol):
    """What `changes` reads of a plan: a `Plan`, or one read back from its JSON."""

    @property
    def rows(self) -> Sequence[RowLike]: ...  # noqa: D102


class Change(NamedTuple):
    """What differs for one visit between two plans.

    Kind `added`: `new` is its target; `removed`: `old` was; otherwise the value of that name, None where there
    is none. A booking with a time is a `datetime`.
    """

    visit: str
    kind: ChangeKind
    old: ChangeValue
    new: ChangeValue


def changes(old: PlanLike, new: PlanLike) -> tuple[Change, ...]:
    """Return what differs between two plans of one subject: rows of the new plan in order, then removed ones."""
    before = {row.code: row for row in old.rows}
    found = []
    for row in new.rows:
        was = before.pop(row.code, None)
        if was is None:
            found.append(Change(row.code, "added", None, row.target))
            continue
        values = zip(_compared(was), _compared(row), strict=True)
        found += [Change(row.code, kind, a, b) for (kind, a), (_, b) in values if a != b or type(a) is not type(b)]
    return (*found, *(Change(row.code, "removed", row.target, None) for row in before.values()))


def _compared(row: RowLike) -> tuple[tuple[ChangeKind, ChangeValue], ...]:
    booked = row.booked
    if booked is not None and row.booked_time is not None:
        booked = datetime.combine(booked, row.booked_time)
    return (
        ("target", row.target),
        ("window", row.window),
        ("booked", booked),
        ("attended", row.attended),
        ("mode", row.mode),
    )

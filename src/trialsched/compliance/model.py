"""What `check` says: a status for each planned visit, and findings, which are facts about a departure.

People judge how severe a departure is; nothing here does.
"""

from __future__ import annotations

from datetime import date
from itertools import repeat
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from trialsched._text import unknown_visit
from trialsched.offsets import DateRange, PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import time

    from trialsched.plan import Plan, PlannedVisit, WindowBasis
    from trialsched.protocol import Mode, Protocol
    from trialsched.subject import Outcome, Subject, VisitRecord

Status = Literal["done", "missed", "not-expected", "upcoming", "due", "overdue", "lapsed"]
Verdict = Literal["in", "out", "undecided"]
Level = Literal["deviation", "note"]
FindingKind = Literal[
    "early",
    "late",
    "missed",
    "withheld",
    "lapsed",
    "wrong-mode",
    "mode-upgrade",
    "too-close",
    "out-of-order",
    "in-other-window",
    "duplicate",
    "unknown-visit",
    "after-end",
    "in-the-future",
    "empty-window",
    "booked-outside",
]

STATUSES: tuple[Status, ...] = get_args(Status)
KINDS: tuple[FindingKind, ...] = get_args(FindingKind)
"""The kinds in the order in which findings of one visit are told."""


class Finding(NamedTuple):
    """One departure: its kind and level, the visit, the other visit it is measured against, the version, a sentence.

    `days_out` is negative before the window, positive after it; for a spacing the days that are missing, negative
    too; None where there is no number. Of a partly known date it is the least that is certain. `date` is the day on
    which it was recorded as attended or booked, None for what has no day (`missed`, `lapsed`, `empty-window`).
    `version` is that of the protocol that judges. No two findings of a subject agree in kind, visit, other and date.
    """

    kind: FindingKind
    level: Level
    visit: str
    other: str | None
    version: str
    days_out: int | None
    date: date | PartialDate | None
    detail: str


class CheckedVisit(NamedTuple):
    """A planned visit with its status. Read it by name: fields may be added at the end.

    `version` is that of the protocol that judges. `days_out` is 0 inside the window, negative before `earliest`,
    positive after `latest`, None without window or attended date, or while it is undecided; of a partly known date
    that is surely outside it is the least that it can be. `settled_by` are the days inside the window that an
    undecided date could be.
    """

    planned: PlannedVisit
    status: Status
    version: str
    days_out: int | None
    settled_by: DateRange | None

    @property
    def verdict(self) -> Verdict | None:
        """Attended inside the window, outside, or `undecided` for a partly known date; None when it is not judged."""
        if self.settled_by is not None:
            return "undecided"
        return None if self.days_out is None else "out" if self.days_out else "in"

    @property
    def days_from_target(self) -> int | None:
        """Days from the target to the attended date, negative before; None for a partly known one."""
        attended = self.planned.attended
        return (attended - self.planned.target).days if isinstance(attended, date) else None

    @property
    def code(self) -> str:
        """The visit's code."""
        return self.planned.visit.code

    @property
    def target(self) -> date:
        """The day that the protocol asks for."""
        return self.planned.target

    @property
    def earliest(self) -> date | None:
        """The first day of the window, or None."""
        return self.planned.earliest

    @property
    def latest(self) -> date | None:
        """The last day of the window, or None."""
        return self.planned.latest

    @property
    def window(self) -> DateRange | None:
        """The closed range from `earliest` to `latest`, or None."""
        return self.planned.window

    @property
    def window_basis(self) -> WindowBasis:
        """Where the window comes from: `protocol`, `assumed`, `none`, or `empty`."""
        return self.planned.window_basis

    @property
    def provisional(self) -> bool:
        """Whether the row rests on a provisional baseline or a partly known date."""
        return self.planned.provisional

    @property
    def mode_planned(self) -> Mode:
        """The mode in the protocol."""
        return self.planned.mode

    @property
    def record(self) -> VisitRecord | None:
        """The record judged."""
        return self.planned.record

    @property
    def attended(self) -> date | PartialDate | None:
        """When it happened, as far as known; also when the treatment was withheld."""
        return self.planned.attended

    @property
    def mode_actual(self) -> Mode | None:
        """How it was done, None while it was not, or when nobody said."""
        record = self.planned.record
        return record.mode if record is not None and record.attended is not None else None

    @property
    def outcome(self) -> Outcome | None:
        """The outcome of the record judged: `missed`, `withheld` or None."""
        return self.planned.outcome

    @property
    def booked(self) -> date | None:
        """The date agreed."""
        return self.planned.booked

    @property
    def booked_time(self) -> time | None:
        """The time agreed, local at the clinic."""
        return self.planned.booked_time


def _measured(row: PlannedVisit) -> tuple[int | None, DateRange | None]:
    """Return how many days the attended date is out, and the days that would settle it.

    Of a partly known date the least that is certain; while it is undecided none, and the days inside that it could be.
    """
    _, _, earliest, latest, _, grounds = row
    if earliest is None or latest is None:
        return None, None
    records = grounds.records
    attended = records[0].attended if len(records) == 1 else row.attended
    if isinstance(attended, PartialDate):
        return _partly(attended.days, DateRange(earliest, latest))
    if attended is None:
        return None, None
    if attended < earliest:
        return (attended - earliest).days, None
    return (attended - latest).days if attended > latest else 0, None


def _partly(could_be: DateRange, window: DateRange) -> tuple[int | None, DateRange | None]:
    inside = could_be & window
    if inside is not None:
        return (0, None) if inside == could_be else (None, inside)
    before = could_be.latest < window.earliest
    return (could_be.latest - window.earliest if before else could_be.earliest - window.latest).days, None


class Judged(NamedTuple):
    """The planned visits of a subject and their statuses, as columns: a checked visit is made when it is asked for.

    `versions` is that of the protocol that judges all of them, or one for each.
    """

    rows: tuple[PlannedVisit, ...]
    statuses: tuple[Status, ...]
    versions: str | tuple[str, ...]

    def version(self, place: int) -> str:
        """Return the version that judges the visit in a place."""
        return self.versions if isinstance(self.versions, str) else self.versions[place]

    def visit(self, place: int) -> CheckedVisit:
        """Return the checked visit in a place."""
        row = self.rows[place]
        return CheckedVisit(row, self.statuses[place], self.version(place), *_measured(row))

    def visits(self) -> tuple[CheckedVisit, ...]:
        """Return all checked visits; those inside their windows, which are most of what is done, without a call."""
        versions = repeat(self.versions) if isinstance(self.versions, str) else self.versions
        found: list[CheckedVisit] = []
        new, cls, add = tuple.__new__, CheckedVisit, found.append
        for row, status, version in zip(self.rows, self.statuses, versions, strict=False):
            if status != "done":
                add(new(cls, (row, status, version, None, None)))
                continue
            _, _, earliest, latest, _, grounds = row
            if earliest is not None and latest is not None and len(grounds.records) == 1:
                attended = grounds.records[0].attended
                if type(attended) is date and earliest <= attended <= latest:
                    add(new(cls, (row, status, version, 0, None)))
                    continue
            add(new(cls, (row, status, version, *_measured(row))))
        return tuple(found)


class Report:
    """What was planned, what happened and what is out for one subject on a day; immutable.

    `report["M06"]` is a checked visit, `for visit in report` goes through them in protocol order; visits of an
    earlier version that were attended, and that the version in force on `as_of` does not have, come last.
    """

    __slots__ = ("_as_of", "_findings", "_judged", "_plan", "_plans", "_visits")

    def __init__(
        self,
        plans: tuple[Plan, ...],
        plan: Plan,
        as_of: date,
        judged: Judged,
        findings: tuple[Finding, ...],
    ) -> None:
        """Take what `check` found."""
        self._plans = plans
        self._plan = plan
        self._as_of = as_of
        self._judged = judged
        self._findings = findings
        self._visits: tuple[CheckedVisit, ...] | None = None  # made when they are asked for, most are never

    @property
    def subject(self) -> Subject:
        """The subject."""
        return self._plan.subject

    @property
    def as_of(self) -> date:
        """The day on which it is asked; it moves statuses only."""
        return self._as_of

    @property
    def plan(self) -> Plan:
        """The plan by the version in force on `as_of`."""
        return self._plan

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans by all versions, in the order in which they came into force."""
        return self._plans

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """All versions of the protocol, in the order in which they came into force."""
        return tuple(plan.protocol for plan in self._plans)

    @property
    def visits(self) -> tuple[CheckedVisit, ...]:
        """The planned visits in protocol order."""
        if self._visits is None:
            self._visits = self._judged.visits()
        return self._visits

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings by visit in protocol order, then kind, then date."""
        return self._findings

    def __getitem__(self, code: str) -> CheckedVisit:
        """Return the checked visit of a code. Raises `UnknownVisitError`, also a `KeyError`, naming the nearest."""
        for visit in self.visits:
            if visit.code == code:
                return visit
        raise unknown_visit(code, [visit.code for visit in self.visits])

    def __iter__(self) -> Iterator[CheckedVisit]:
        """Yield the checked visits in protocol order."""
        return iter(self.visits)

    def __len__(self) -> int:
        """Return the number of planned visits."""
        return len(self._judged.rows)

    def _value(self) -> tuple[object, ...]:
        return (self._plans, self._plan, self._as_of, self._judged, self._findings)

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return self._value() == other._value() if isinstance(other, Report) else NotImplemented

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self._plans, self._as_of))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the content."""
        return (Report, self._value())

    def __repr__(self) -> str:
        """Print whose report it is."""
        number = len(self._findings)
        findings = f"{number} finding{'' if number == 1 else 's'}"
        return f"<Report of {self.subject.code!r} as of {self._as_of}, {len(self)} visits, {findings}>"

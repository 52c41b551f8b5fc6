"""How well the windows were kept: subjects by visits, and rates of those that were expected.

Windows of the protocol and assumed ones are never counted together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from trialsched._text import shown
from trialsched.compliance import CheckedVisit, Report
from trialsched.errors import InvalidTypeError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

RateName = Literal["in_window", "done", "missed", "lapsed"]
RATES: Final[tuple[RateName, ...]] = ("in_window", "done", "missed", "lapsed")
_TENTHS: Final = 1000  # of a per cent, in the whole


class Counts(NamedTuple):
    """How many visits were due, and what became of them; `due` = `done` + `missed` + `lapsed`.

    Due is a visit with a window whose last day is before `as_of`, or that is done; never one that is not expected.
    `done` includes those of which the treatment was `withheld`; `in_window` and `undecided` (by a partly known date)
    are of those done, the rest of which are outside.

    >>> Counts(due=3, in_window=2, undecided=0, done=3, withheld=0, missed=0, lapsed=0).percent("in_window")
    66.7
    """

    due: int
    in_window: int
    undecided: int
    done: int
    withheld: int
    missed: int
    lapsed: int

    def percent(self, rate: RateName) -> float | None:
        """Return a count as per cent of those due with one decimal, a half rounded up; None when none was due."""
        if not self.due:
            return None
        count: int = getattr(self, rate)
        return (2 * _TENTHS * count + self.due) // (2 * self.due) / 10


class VisitCounts(NamedTuple):
    """The counts of one visit code over all subjects."""

    visit: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Rates:
    """The counts of windows of one basis: of all visits together, and of each visit that has such a window."""

    overall: Counts
    visits: tuple[VisitCounts, ...]


class SubjectRow(NamedTuple):
    """A subject's visits in the order of `Adherence.visits`; None for one that is not in the subject's plan."""

    subject: str
    cells: tuple[CheckedVisit | None, ...]


@dataclass(frozen=True, slots=True)
class Adherence:
    """Subjects by visits, and the rates: of windows that the protocol states, and of assumed ones.

    `visits` are codes in protocol order: those of the version in force, then those of others. `as_of` is None when
    there was no report.
    """

    as_of: date | None
    visits: tuple[str, ...]
    subjects: tuple[SubjectRow, ...]
    protocol: Rates
    assumed: Rates


def adherence(reports: Report | Iterable[Report]) -> Adherence:
    """Return who kept which window, and the rates. Each subject has one report, all of them of one day.

    Visits without a window stand in the table and in no rate. Raises `InvalidTypeError` for what is no report,
    `InvalidValueError` for a subject that stands twice or a report of another day.
    """
    several = (reports,) if isinstance(reports, Report) else tuple(reports)
    _check(several)
    codes = _codes(several)
    rows = []
    for report in several:
        visits = {visit.code: visit for visit in report}
        rows.append(SubjectRow(report.subject.code, tuple(map(visits.get, codes))))
    return Adherence(
        as_of=several[0].as_of if several else None,
        visits=codes,
        subjects=tuple(rows),
        protocol=_rates(several, codes, "protocol"),
        assumed=_rates(several, codes, "assumed"),
    )


def _check(reports: tuple[Report, ...]) -> None:
    seen: set[str] = set()
    for index, report in enumerate(reports):
        where = f"reports[{index}]"
        if not isinstance(report, Report):
            raise InvalidTypeError(f"a Report of `check` is meant; read {shown(report)}", where=where)
        if report.subject.code in seen:
            raise InvalidValueError(f"the subject {report.subject.code!r} stands twice", where=where)
        if report.as_of != reports[0].as_of:
            message = f"reports of one day are meant; read {report.as_of} beside {reports[0].as_of}"
            raise InvalidValueError(message, where=where)
        seen.add(report.subject.code)


def _codes(reports: tuple[Report, ...]) -> tuple[str, ...]:
    """Return the codes of all visits there are, in the order of the protocols, the one in force first."""
    there = {visit.code for report in reports for visit in report}
    protocols = [report.plan.protocol for report in reports]
    protocols += [protocol for report in reports for protocol in report.protocols]
    known = {id(protocol): protocol for protocol in protocols}
    order = dict.fromkeys(code for protocol in known.values() for code in protocol.codes)
    return tuple(code for code in order if code in there)


def _rates(reports: tuple[Report, ...], codes: tuple[str, ...], basis: Literal["protocol", "assumed"]) -> Rates:
    of: dict[str, list[CheckedVisit]] = {code: [] for code in codes}
    there: set[str] = set()
    for report in reports:
        for visit in report:
            if visit.window_basis == basis:
                there.add(visit.code)
                if _is_due(visit, report.as_of):
                    of[visit.code].append(visit)
    each = tuple(VisitCounts(code, _count(of[code])) for code in codes if code in there)
    return Rates(_count(visit for visits in of.values() for visit in visits), each)


def _is_due(visit: CheckedVisit, as_of: date) -> bool:
    if visit.latest is None or visit.status == "not-expected":
        return False
    return visit.latest < as_of or visit.status == "done"


def _count(visits: Iterable[CheckedVisit]) -> Counts:
    several = list(visits)

    return Counts(
        due=len(several),
        in_window=sum(visit.verdict == "in" for visit in several),
        undecided=sum(visit.verdict == "undecided" for visit in several),
        done=sum(visit.status == "done" for visit in several),
        withheld=sum(visit.outcome == "withheld" for visit in several),
        missed=sum(visit.status == "missed" for visit in several),
        lapsed=sum(visit.status == "lapsed" for visit in several),
    )

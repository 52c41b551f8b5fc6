"""From plans and a day to a report: `check`, the statuses and verdicts, and which version of a protocol judges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from trialsched._text import nearest_or, shown
from trialsched.compliance.bookings import open_booking_of
from trialsched.compliance.model import Judged, Report
from trialsched.compliance.rules import Case, Versions, findings, too_close
from trialsched.errors import InvalidTypeError, InvalidValueError
from trialsched.offsets import plain_date
from trialsched.plan import Plan
from trialsched.protocol import program

if TYPE_CHECKING:
    from trialsched.compliance.model import Status
    from trialsched.plan import PlannedVisit


def check(plans: Plan | Iterable[Plan], as_of: date, *, in_force: Mapping[str, date] | None = None) -> Report:
    """Return a status for each planned visit of one subject, and findings about every departure.

    Never fails because of what records say. `as_of` moves statuses only: what is recorded after it counts as well,
    and is found `in-the-future`. Windows include both ends.

    Several plans are those of one subject by the versions of a protocol: each visit is judged by the version in
    force on the day on which it was attended, else on `as_of`. A version is in force from its `in_force` date, which
    the mapping by version overrides for a site, until the next one is; before all of them the first is. A visit that
    the version of its day does not have is judged by that of `as_of`, with the note `unknown-visit`.

    Raises `InvalidTypeError` or `InvalidValueError` for plans that are not of one subject by different versions of
    one protocol, each with a date in force of its own (one may have none), or when `in_force` names no version.
    """
    as_of = plain_date(as_of, "as_of")
    versions = Versions((plans,)) if isinstance(plans, Plan) and not in_force else _versions(plans, in_force or {})
    plan = versions.on(as_of)
    statuses: list[Status] = []
    striking: list[int] = []
    if len(versions.plans) == 1:
        disorder = _judge(plan, plan.rows, as_of, statuses, striking)
        judged = Judged(plan.rows, tuple(statuses), plan.protocol.version)
        places = program(plan.protocol, plan.subject.arm).places
    else:
        disorder = True
        chosen = _choose(versions, plan)
        for judge, row in chosen:
            _judge(judge, (row,), as_of, statuses, striking)
        rows = tuple(row for _, row in chosen)
        judged = Judged(rows, tuple(statuses), tuple(judge.protocol.version for judge, _ in chosen))
        places = {row.code: place for place, row in enumerate(rows)}
    case = Case(versions, plan, as_of, judged, places)
    close = too_close(case)
    worth = striking or close or disorder or plan.other_records
    told = findings(case, striking, close, disorder=disorder) if worth else ()
    return Report(versions.plans, plan, as_of, judged, told)


def _versions(plans: Plan | Iterable[Plan], in_force: Mapping[str, date]) -> Versions:
    several = _plans(plans)
    known = [plan.protocol.version for plan in several]
    since = _since(in_force, known)
    if len(several) == 1:
        return Versions(several)
    first = several[0]
    starts: dict[date | None, Plan] = {}
    for index, plan in enumerate(several):
        where = f"plans[{index}]"
        if plan.subject != first.subject:
            message = f"plans of one subject are meant, with the same facts; read {plan.subject.code!r}"
            raise InvalidValueError(f"{message} beside {first.subject.code!r}", where=where)
        if plan.protocol.id != first.protocol.id:
            message = f"versions of one protocol are meant; read {plan.protocol.id!r} beside {first.protocol.id!r}"
            raise InvalidValueError(message, where=where)
        if known.index(plan.protocol.version) != index:
            raise InvalidValueError(f"the version {plan.protocol.version!r} is given twice", where=where)
        start = since.get(plan.protocol.version, plan.protocol.meta.in_force)
        other = starts.setdefault(start, plan)
        if other is not plan:
            both = f"{other.protocol.version!r} and {plan.protocol.version!r}"
            same = "have no date in force: one at most may have none" if start is None else f"are in force from {start}"
            raise InvalidValueError(f"the versions {both} {same}", where=where)
    order = sorted(starts, key=lambda day: (day is not None, day or date.min))
    return Versions(tuple(starts[day] for day in order), tuple(day or date.min for day in order[1:]))


def _plans(plans: Plan | Iterable[Plan]) -> tuple[Plan, ...]:
    if not isinstance(plans, (Plan, Iterable)):
        raise InvalidTypeError(f"a Plan or several are meant; read {shown(plans)}", where="plans")
    several = (plans,) if isinstance(plans, Plan) else tuple(plans)
    for index, plan in enumerate(several):
        if not isinstance(plan, Plan):
            raise InvalidTypeError(f"a Plan is meant; read {shown(plan)}", where=f"plans[{index}]")
    if not several:
        raise InvalidValueError("no plan: one for each version of the protocol is meant", where="plans")
    return several


def _since(in_force: Mapping[str, date], known: list[str]) -> dict[str, date]:
    """Return the dates in force that a site gives by version."""
    if not isinstance(in_force, Mapping):
        raise InvalidTypeError(f"dates by version are meant; read {shown(in_force)}", where="in_force")
    since = {}
    for version, day in in_force.items():
        if version not in known:
            expected = nearest_or(str(version), known, f"one of {', '.join(known)}")
            message = f"no version {shown(version)!r} among the plans; expected {expected}"
            raise InvalidValueError(message, where="in_force")
        since[version] = plain_date(day, f"in_force[{version!r}]")
    return since


def _choose(versions: Versions, plan: Plan) -> list[tuple[Plan, PlannedVisit]]:
    """Return the plan that judges each visit and its row: first those of `as_of`, then what only older ones have."""
    chosen = []
    for row in plan:
        judge = versions.of(row.record, plan)
        judge = judge if row.code in judge else plan
        chosen.append((judge, judge[row.code]))
    seen = {row.code for row in plan}
    for other in versions.plans:
        for row in other:
            if row.code not in seen:
                seen.add(row.code)
                judges = _of_then(versions, plan, row)
                chosen += [(judge, judge[row.code]) for judge in judges[:1]]
    return chosen


def _of_then(versions: Versions, plan: Plan, row: PlannedVisit) -> list[Plan]:
    """Return the plans with a visit by the versions of the days on which it was attended, of the day judged first."""
    judges = (versions.of(record, plan) for record in row.records if record.attended is not None)
    names = {judge.protocol.version for judge in judges if row.code in judge}
    judged = versions.of(row.record, plan)
    found = [other for other in versions.plans if other.protocol.version in names]
    return sorted(found, key=lambda other: other is not judged)


def _judge(  # noqa: C901, PLR0912, PLR0915 - where the time of `check` goes: a call less for each visit is a tenth of it
    plan: Plan,
    rows: Iterable[PlannedVisit],
    as_of: date,
    statuses: list[Status],
    striking: list[int],
) -> bool:
    """Add the status of each row, and the place of each that a rule may be about; return whether two may be swapped.

    All that is not the everyday case is left to functions.
    """
    ended = plan.subject.ended
    over = ended if ended is not None and ended <= as_of else None
    horizon = as_of if ended is None or as_of < ended else ended  # attended after it: the future, or after the end
    disorder = False
    last_target = last_came = date.min
    status: Status
    add, strike = statuses.append, striking.append
    for row in rows:
        visit, target, earliest, latest, basis, grounds = row
        booked, missed = None, False
        strange = basis == "empty"
        if grounds.records:
            records = grounds.records
            if len(records) == 1:
                (record,) = records
                booked = record.booked if record.attended is None and record.outcome is None else None
            else:
                record, booked, strange = row.record or records[0], open_booking_of(records), True
            attended = record.attended
            if attended is not None:
                add("done")
                if type(attended) is not date:
                    strange = disorder = True
                else:
                    if earliest is not None and latest is not None and (attended < earliest or attended > latest):
                        strange = True
                    if attended > horizon:
                        strange = True
                    if attended < last_came or target < last_target:
                        disorder = True
                    last_target, last_came = target, attended
                if strange or record.outcome is not None or (record.mode is not None and record.mode != visit.mode):
                    strike(len(statuses) - 1)
                continue
            missed = record.outcome is not None and booked is None
        if over is not None and (latest or target) > over:
            status = "not-expected"
        elif missed:
            status, strange = "missed", True
        elif latest is None or earliest is None:
            status = "upcoming" if as_of < target else "due"
        elif as_of < earliest:
            status = "upcoming"
        elif as_of > latest:
            status, strange = "lapsed", True
        elif as_of <= target or as_of == earliest or (booked is not None and booked >= as_of):
            status = "due"  # overdue begins after the later of target and earliest
        else:
            status = "overdue"
        add(status)
        if booked is not None and earliest is not None and latest is not None:
            strange = strange or not earliest <= booked <= latest
        if strange:
            strike(len(statuses) - 1)
    return disorder

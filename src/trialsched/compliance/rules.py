"""The rules of findings, one function each, as the design lists them. Each sentence has the dates and signed days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from trialsched._text import nearest
from trialsched.compliance.bookings import (
    booked_outside,
    days_between,
    ends_of,
    open_booking,
    signed_days,
    spaced_pairs,
    too_near,
    window_rule,
    window_words,
)
from trialsched.compliance.model import KINDS, Finding
from trialsched.offsets import PartialDate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from trialsched.compliance.model import CheckedVisit, FindingKind, Judged, Level
    from trialsched.plan import Plan
    from trialsched.subject import VisitRecord

_HOW = {"on-site": "on site", "phone": "by phone", "video": "by video", "home": "at home"}
_REMOTE, _IN_PERSON = ("phone", "video"), ("on-site", "home")
_RANKS = {kind: rank for rank, kind in enumerate(KINDS)}


class Versions(NamedTuple):
    """The plans of one subject in the order in which their protocols come into force, and those dates but the first."""

    plans: tuple[Plan, ...]
    starts: tuple[date, ...] = ()

    def on(self, day: date) -> Plan:
        """Return the plan by the version in force on a day; before all of them the first."""
        place = 0
        while place < len(self.starts) and self.starts[place] <= day:
            place += 1
        return self.plans[place]

    def of(self, record: VisitRecord | None, otherwise: Plan) -> Plan:
        """Return the plan that judges a record: by the version of its day, as far as that day tells one."""
        if len(self.plans) == 1 or record is None or record.attended is None:
            return otherwise
        first, last = (self.on(day) for day in ends_of(record.attended))
        return first if first is last else otherwise


class Case(NamedTuple):
    """One subject on one day: the plans, the one in force, the visits as judged, and their places by code."""

    versions: Versions
    plan: Plan
    as_of: date
    judged: Judged
    places: Mapping[str, int]

    def version_of(self, record: VisitRecord) -> str:
        """Return the version of a record's day; of a visit that it does not have, the one that judges the visit."""
        judge, place = self.versions.of(record, self.plan), self.places.get(record.visit)
        return judge.protocol.version if place is None or record.visit in judge else self.judged.version(place)

    def plan_of(self, version: str) -> Plan:
        """Return the plan by a version."""
        plan = self.plan
        if plan.protocol.version == version:
            return plan
        return next(plan for plan in self.versions.plans if plan.protocol.version == version)


def findings(case: Case, striking: Iterable[int], close: Iterable[Finding], *, disorder: bool) -> tuple[Finding, ...]:
    """Return every finding by visit in protocol order, then kind, then date.

    `striking` are the places of visits that one rule or another may be about, `close` what `too_close` found,
    `disorder` whether visits may be out of order.
    """
    several = len(case.versions.plans) > 1
    found = [*close]
    mixed = disorder or several or bool(close or case.plan.other_records)  # else they come in their order
    for place in striking:
        visit = case.judged.visit(place)
        row, status, version, out, _ = visit
        records = row.grounds.records
        if not records:
            found += _status(case, visit)
            continue
        mixed = mixed or len(records) > 1 or records[0].outcome == "withheld"
        if status == "done":
            if out:
                found.append(_early_or_late(case, visit, out))
            found += _mode(visit)
            if out:
                found += _in_other_window(case, visit, out)
            if len(records) > 1:
                found += _duplicate(visit)
            found += _records(case, row.code, records)
        found += _status(case, visit)
        booking = open_booking(row)
        if booking is not None:
            mixed = True  # spacings stand in any order
            found += booked_outside(row, booking, version)
    if disorder:
        found += _out_of_order(case)
    if several or case.plan.other_records:
        found += _unknown(case)
    if several:
        found = [finding._replace(detail=f"{finding.detail}, by version {finding.version}") for finding in found]
    if mixed and len(found) > 1:
        # Records of one day and spacings of one pair may give a finding twice: the gravest is kept.
        once = {(f.visit, f.kind, f.other, f.date): f for f in sorted(found, key=_gravity, reverse=True)}
        found = sorted(once.values(), key=lambda finding: _rank(case, finding))
    return tuple(found)


def _gravity(finding: Finding) -> tuple[bool, int, str]:
    """Rank a deviation before a note, then more days, then the sentences by alphabet."""
    return (finding.level == "note", -abs(finding.days_out or 0), finding.detail)


def _rank(case: Case, finding: Finding) -> tuple[object, ...]:
    place = case.places.get(finding.visit, len(case.places))
    day = "" if finding.date is None else ends_of(finding.date)[0].isoformat() + str(finding.date)
    other = -1 if finding.other is None else case.places[finding.other]
    return (place, finding.visit, _RANKS[finding.kind], day, other)


def _early_or_late(case: Case, visit: CheckedVisit, out: int) -> Finding:
    """`early`, `late`: attended outside the window; a deviation, a note when the window is assumed."""
    row = visit.planned
    attended = row.attended
    kind: FindingKind = "early" if out < 0 else "late"
    level: Level = "note" if row.window_basis == "assumed" else "deviation"
    least = "at least " if isinstance(attended, PartialDate) else ""
    words = f"{least}{days_between(abs(out))} {'before' if out < 0 else 'after'} its {window_words(row)}"
    detail = f"attended {attended}, {words} ({_rule(case, visit)}): {least}{signed_days(out)}"
    return Finding(kind, level, row.visit.code, None, visit.version, out, attended, detail)


def _rule(case: Case, visit: CheckedVisit) -> str:
    """Return the rule of a visit's window as the version that judges it writes it, made once for each of its visits."""
    row = visit.planned
    texts: dict[str, str] = case.plan_of(visit.version).protocol.scratch.setdefault("window texts", {})
    code = row.visit.code
    if code not in texts:
        texts[code] = str(row.visit.timing.window)
    return window_rule(row, texts[code])


def _status(case: Case, visit: CheckedVisit) -> tuple[Finding, ...]:
    """`missed`: recorded so; `lapsed`: window closed, nothing recorded; `empty-window`: limits leave no day."""
    row, status, version, _, _ = visit
    found: tuple[Finding, ...] = ()
    if status == "lapsed":
        records = row.grounds.records
        missed = "recorded as missed, then " if any(record.outcome == "missed" for record in records) else ""
        booked = f"{missed}booked for {row.booked}, " if records and row.booked else ""
        nothing = f"{booked}nothing recorded{' since' if missed else ''}"
        words = f"{nothing}, its {window_words(row)} has closed ({_rule(case, visit)})"
        found = (Finding("lapsed", "note", row.visit.code, None, version, None, None, words),)
    elif status == "missed":
        no_window = f"no window, target {row.target.isoformat()}"
        there = no_window if row.latest is None else f"its {window_words(row)} ({_rule(case, visit)})"
        words = f"recorded as missed; {there}"
        found = (Finding("missed", "deviation", row.visit.code, None, version, None, None, words),)
    if row.window_basis == "empty":
        limits = " and ".join(f"{limit.kind.replace('_', ' ')} {limit.day}" for limit in row.limits)
        words = f"no day is left of {row.visit.timing.window} around {row.target} by its limits, {limits}"
        found = (*found, Finding("empty-window", "note", row.visit.code, None, version, None, None, words))
    return found


def _mode(visit: CheckedVisit) -> Iterator[Finding]:
    """`mode-upgrade`: planned by phone or video, done on site or at home; `wrong-mode`: any other difference."""
    planned, actual = visit.mode_planned, visit.mode_actual
    if actual is None or actual == planned:
        return
    upgrade = planned in _REMOTE and actual in _IN_PERSON
    kind: FindingKind = "mode-upgrade" if upgrade else "wrong-mode"
    level: Level = "note" if upgrade else "deviation"
    detail = f"done {_HOW[actual]} on {visit.attended}, planned {_HOW[planned]}"
    yield Finding(kind, level, visit.code, None, visit.version, None, visit.attended, detail)


def _records(case: Case, code: str, records: Iterable[VisitRecord]) -> Iterator[Finding]:
    """`withheld`, `after-end`, `in-the-future`: of every record, planned or not. Surely so, of a partly known date."""
    ended = case.plan.subject.ended
    for record in records:
        if record.attended is None:
            continue
        day, version = record.attended, case.version_of(record)
        first, _ = ends_of(day)
        if record.outcome == "withheld":
            detail = f"came on {day}, the planned treatment was not given"
            yield Finding("withheld", "note", code, None, version, None, day, detail)
        least = "at least " if isinstance(day, PartialDate) else ""
        if ended is not None and first > ended:
            detail = (
                f"attended {day}, after the end of participation on {ended}: {least}{signed_days((first - ended).days)}"
            )
            yield Finding("after-end", "note", code, None, version, None, day, detail)
        if first > case.as_of:
            after = signed_days((first - case.as_of).days)
            detail = f"recorded as attended {day}, after the day of this report, {case.as_of}: {least}{after}"
            yield Finding("in-the-future", "note", code, None, version, None, day, detail)


def _duplicate(visit: CheckedVisit) -> Iterator[Finding]:
    """`duplicate`: more than one attended record; of those whose treatment was not given each is its own note."""
    held = [record for record in visit.planned.records if record.attended and record.outcome is None]
    if len(held) < 2:  # noqa: PLR2004 - one is no duplicate
        return
    days = [record.attended for record in held if record.attended is not None]
    first, second, *more = sorted(days, key=lambda day: (ends_of(day), str(day)))
    others = ", ".join(map(str, (second, *more)))
    detail = f"recorded as attended {len(held)} times: {first}, {others}; {_which(visit, held)} is judged"
    yield Finding("duplicate", "note", visit.code, None, visit.version, None, second, detail)


def _which(visit: CheckedVisit, held: list[VisitRecord]) -> str:
    """Say which of several records is judged: by its day, or what tells it from the others of that day."""
    day, mode = visit.attended, visit.mode_actual
    same = [record for record in held if record.attended == day]
    if len(same) == 1:
        return f"{day}"
    how = "" if mode is None else f" {_HOW[mode]}"
    if mode != visit.mode_planned:
        return f"of {len(same)} on {day} the first given,{how or ' without a mode'},"
    several = sum(record.mode == mode for record in same) > 1
    return f"of {len(same)} on {day} the {'first' if several else 'one'}{how}, as planned,"


def _in_other_window(case: Case, visit: CheckedVisit, out: int) -> Iterator[Finding]:
    """`in-other-window`: attended outside its own window and inside that of exactly one other visit. Surely so."""
    row = visit.planned
    attended = row.attended
    if attended is None:
        return
    first, last = ends_of(attended)
    could_be = []
    for planned in case.judged.rows:
        earliest, latest = planned[2], planned[3]
        if earliest is not None and earliest <= last and latest is not None and first <= latest:
            could_be.append((planned, earliest, latest))  # never the visit itself, which is out
    if len(could_be) == 1:
        ((other, earliest, latest),) = could_be
        if earliest <= first and last <= latest:
            where = f"inside the {window_words(other)} of {other.code}"
            least = "at least " if isinstance(attended, PartialDate) else ""
            detail = f"attended {attended}, outside its own {window_words(row)}, {where} ({least}{signed_days(out)})"
            yield Finding("in-other-window", "note", row.code, other.code, visit.version, None, attended, detail)


def too_close(case: Case) -> list[Finding]:
    """`too-close`, and `booked-outside` of a spacing: two visits held or booked nearer than it.

    Visits whose treatment was not withheld count; of partly known dates, when it is sure. By the spacings of the
    version that judges the later visit of each pair.
    """
    found: list[Finding] = []
    judged, places = case.judged, case.places
    for plan in case.versions.plans:
        version = plan.protocol.version
        for pair in spaced_pairs(plan.protocol.spacings, judged.rows, places):
            if judged.version(places[pair.later]) == version:
                found += too_near(pair, version)
    return found


def _out_of_order(case: Case) -> Iterator[Finding]:
    """`out-of-order`: attended strictly before an attended visit whose target is strictly earlier; once a visit."""
    rows = enumerate(case.judged.rows)
    came = [(place, row, row.target, *ends_of(attended)) for place, row in rows if (attended := row.attended)]
    latest = [date.min] * len(came)  # by target: the last day on which a visit with an earlier target was held
    order = sorted(range(len(came)), key=lambda index: came[index][2])
    so_far = at_target = date.min
    for position, index in enumerate(order):
        if position and came[index][2] > came[order[position - 1]][2]:
            so_far = at_target
        latest[index] = so_far
        at_target = max(at_target, came[index][3])
    for index, (place, row, target, _, last) in enumerate(came):
        if latest[index] <= last:
            continue
        earlier = [other for _, other, aim, first, _ in came if aim < target and first > last]
        other = earlier[0]
        more = f" and {len(earlier) - 1} more" if len(earlier) > 1 else ""
        held = f"{other.code} ({other.attended}){more}"
        version, attended = case.judged.version(place), row.attended
        detail = f"attended {attended}, before {held}, whose target {other.target} is before its own, {target}"
        yield Finding("out-of-order", "note", row.code, other.code, version, None, attended, detail)


def _unknown(case: Case) -> Iterator[Finding]:
    """`unknown-visit`: a record whose code is neither in the plan nor declared unscheduled, by the version of its day.

    Records of unscheduled contacts and of codes that are not known are asked for the end and the future as well.
    """
    for record in case.plan.subject.records:
        code = record.visit
        if code not in case.places:
            yield from _records(case, code, (record,))
        judge = case.versions.of(record, case.plan)
        if code in judge or judge.protocol.is_unscheduled(code):
            continue
        if code in case.places and record.attended is None:
            continue
        yield _unknown_finding(judge, record)


def _unknown_finding(judge: Plan, record: VisitRecord) -> Finding:
    code, day = record.visit, record.attended or record.booked
    what = f"attended {day}" if record.attended else f"booked for {day}" if day else record.outcome or "recorded"
    if code in judge.protocol.codes:
        arm = judge.subject.arm
        why = f"is no visit of arm {arm}" if arm else "is not a visit of every arm, and the subject has none"
    else:
        known = nearest(code, judge.protocol.codes)
        hint = f"; the nearest one is {known}" if known else ""
        why = f"is neither in the plan nor declared as unscheduled{hint}"
    return Finding("unknown-visit", "note", code, None, judge.protocol.version, None, day, f"{what}: {code!r} {why}")

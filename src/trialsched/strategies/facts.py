"""Strategies for what is known of people and places: subjects, plans, histories near the windows, days, clinics."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import reject
from hypothesis import strategies as st

from trialsched.clinic import Clinic, Contact
from trialsched.errors import DateOutOfRangeError
from trialsched.offsets import PartialDate
from trialsched.plan import Plan, schedule
from trialsched.protocol import MODES
from trialsched.strategies.designs import FIRST, LAST, baselines, ordered, protocols
from trialsched.subject import Subject, VisitRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

    from trialsched.plan import PlannedVisit
    from trialsched.protocol import Mode, Protocol
    from trialsched.subject import BaselineStatus


def subjects(
    *,
    protocol: Protocol | None = None,
    min_value: date = FIRST,
    max_value: date = LAST,
    max_records: int = 5,
) -> SearchStrategy[Subject]:
    """Draw subjects with a baseline from `min_value` to `max_value` and records of any kind.

    With a protocol the records are of its visits and now and then of a foreign code, and the arm is one of its
    arms or none. Dates of records lie up to 600 days around the baseline; partly known ones are among them.

    >>> from hypothesis import find
    >>> find(subjects(), lambda subject: subject.records).records[0].visit
    'V0'
    """
    ordered("value", min_value, max_value, ok=min_value <= max_value)
    ordered("records", 0, max_records, ok=max_records >= 0)
    codes = protocol.codes if protocol is not None else ("V0", "V1", "V2")
    arms = protocol.arms if protocol is not None else ()
    return _subjects(
        codes=st.sampled_from((*codes, "UNS1", "FOREIGN")),
        arms=st.sampled_from((None, *arms)),
        days=baselines(min_value=min_value, max_value=max_value),
        most=max_records,
    )


@st.composite
def _subjects(
    draw: DrawFn,
    *,
    codes: SearchStrategy[str],
    arms: SearchStrategy[str | None],
    days: SearchStrategy[date],
    most: int,
) -> Subject:
    baseline = draw(days)
    near = st.integers(-600, 600).map(lambda shift: _moved(baseline, shift))
    records = draw(st.lists(_records(codes, near, near | _partly(near)), max_size=most))
    ended = draw(st.none() | near)
    return Subject(
        draw(st.sampled_from(("P01-007", "s,1;\\", "\u0141\u00f3d\u017a 3", "X" * 64))),
        baseline=baseline,
        arm=draw(arms),
        records=tuple(records),
        ended=ended,
        end_reason=draw(st.sampled_from((None, "completed", "withdrawn"))) if ended else None,
        baseline_status=draw(st.sampled_from(("planned", "provisional"))),
    )


def _partly(days: SearchStrategy[date]) -> SearchStrategy[PartialDate]:
    return st.one_of(
        days.map(lambda day: PartialDate(day.year, day.month)), days.map(lambda day: PartialDate(day.year))
    )


def _moved(day: date, days: int) -> date:
    number = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(number)


def _records(
    codes: SearchStrategy[str], days: SearchStrategy[date], happened: SearchStrategy[date | PartialDate]
) -> SearchStrategy[VisitRecord]:
    modes = st.sampled_from((None, *MODES))
    make: Callable[..., VisitRecord] = VisitRecord
    return st.one_of(  # the simplest first: what breaks a law shrinks towards it
        st.builds(make, visit=codes),
        st.builds(make, visit=codes, booked=st.none() | days, outcome=st.just("missed")),
        st.builds(make, visit=codes, booked=days, booked_time=st.sampled_from((None, time(9, 30)))),
        st.builds(make, visit=codes, attended=happened, booked=st.none() | days, mode=modes),
        st.builds(make, visit=codes, attended=happened, outcome=st.just("withheld")),
    )


def plans(
    *,
    protocol: Protocol | None = None,
    min_value: date = FIRST,
    max_value: date = LAST,
    max_records: int = 5,
) -> SearchStrategy[Plan]:
    """Draw plans: of the given protocol, or of drawn ones; the other bounds are those of `subjects`.

    Baselines that take a visit out of the years 1 to 9999 are passed over.

    >>> from hypothesis import find
    >>> from trialsched.protocol import Protocol, Visit
    >>> find(plans(protocol=Protocol("demo", "1", "D0", [Visit("D0", "on-site")])), lambda plan: True).baseline
    datetime.date(2000, 1, 1)
    """
    ordered("value", min_value, max_value, ok=min_value <= max_value)
    ordered("records", 0, max_records, ok=max_records >= 0)

    def of(design: Protocol) -> SearchStrategy[Plan]:
        people = subjects(protocol=design, min_value=min_value, max_value=max_value, max_records=max_records)
        return people.flatmap(lambda subject: _plan(design, subject))

    return of(protocol) if protocol is not None else protocols().flatmap(of)


def _plan(protocol: Protocol, subject: Subject) -> SearchStrategy[Plan]:
    try:
        return st.just(schedule(protocol, subject))
    except DateOutOfRangeError:
        return st.nothing()


def histories(
    *,
    protocol: Protocol | None = None,
    min_value: date = FIRST,
    max_value: date = LAST,
    max_records: int = 10,
) -> SearchStrategy[Plan]:
    """Draw plans of subjects whose facts lie near the windows, where a day more or less decides.

    Records of any kind, several for one visit too, dated on or next to an end of a window or a target, or up to 45
    days off; now and then of an unscheduled or foreign code, or of one that differs in case. The end of
    participation lies as near. The bounds are those of `plans`.

    >>> from hypothesis import find
    >>> str(find(histories(), lambda plan: any(row.attended == row.latest for row in plan)).baseline)
    '2000-01-01'
    """
    ordered("value", min_value, max_value, ok=min_value <= max_value)
    ordered("records", 0, max_records, ok=max_records >= 0)
    return _histories(
        designs=st.just(protocol) if protocol is not None else protocols(),
        days=baselines(min_value=min_value, max_value=max_value),
        sketches=st.lists(_SKETCHES, max_size=max_records),
    )


# What a record is drawn from, made once: making a strategy costs more than drawing from it.
_NEAR = st.integers(-1, 1) | st.integers(-45, 45)
_FAR = st.integers(-1, 1) | st.integers(-100, 100)
_STATUSES: SearchStrategy[BaselineStatus] = st.sampled_from(("planned", "provisional"))
_KINDS = st.sampled_from(("empty", "held", "held", "held", "held", "booked", "booked", "missed", "withheld"))
_ANY_MODE: SearchStrategy[Mode | None] = st.sampled_from((None, *MODES))
_FORMS = st.sampled_from(("day", "day", "day", "day", "month", "year"))
_CODES = st.sampled_from((*[None] * 16, "UNS1", "FOREIGN", "v0", "v1"))
_ANY = st.integers(0, 999)


class _Sketch(NamedTuple):
    """What a record is made from: which visit and which day of it, how far off, and the rest."""

    place: int
    end: int
    shift: int
    booked: int
    kind: str
    mode: Mode | None
    form: str
    code: str | None


_SKETCHES = st.builds(_Sketch, _ANY, _ANY, _NEAR, _NEAR, _KINDS, _ANY_MODE, _FORMS, _CODES)


@st.composite
def _histories(
    draw: DrawFn,
    *,
    designs: SearchStrategy[Protocol],
    days: SearchStrategy[date],
    sketches: SearchStrategy[list[_Sketch]],
) -> Plan:
    design, baseline, status = draw(designs), draw(days), draw(_STATUSES)
    arm = (None, *design.arms)[draw(_ANY) % (len(design.arms) + 1)]
    try:
        bare = schedule(design, Subject("S", baseline=baseline, arm=arm)).rows
    except DateOutOfRangeError:
        reject()
    # A few visits, those of a spacing among them, so that facts meet.
    spaced = {code for spacing in design.spacings for code in (spacing.first, spacing.second)}
    rows = [bare[draw(_ANY) % len(bare)] for _ in range(3)] + [row for row in bare if row.code in spaced]
    records = [_record(rows[sketch.place % len(rows)], sketch) for sketch in draw(sketches)]
    ended = _near(rows[draw(_ANY) % len(rows)], draw(_ANY), draw(_NEAR)) if draw(_ANY) % 2 else None
    subject = Subject("P01-007", baseline, arm, tuple(records), ended, baseline_status=status)
    return schedule(design, subject)


def _near(row: PlannedVisit, end: int, shift: int) -> date:
    ends = [day for day in (row.target, row.earliest, row.latest) if day is not None]
    return _moved(ends[end % len(ends)], shift)


def _record(row: PlannedVisit, sketch: _Sketch) -> VisitRecord:
    code, kind, also = sketch.code or row.code, sketch.kind, sketch.end % 2 == 1
    day, agreed = (_near(row, sketch.end, shift) for shift in (sketch.shift, sketch.booked))
    happened: date | PartialDate = day
    if sketch.form != "day":
        happened = PartialDate(day.year, day.month if sketch.form == "month" else None)
    if kind == "held":
        return VisitRecord(code, attended=happened, mode=sketch.mode, booked=agreed if also else None)
    if kind == "booked":
        return VisitRecord(code, booked=agreed, booked_time=time(9, 30) if also else None)
    if kind == "missed":
        return VisitRecord(code, booked=agreed if also else None, outcome="missed")
    return VisitRecord(code, attended=happened, outcome="withheld") if kind == "withheld" else VisitRecord(code)


def as_of_days(plan: Plan) -> SearchStrategy[date]:
    """Draw days on which a plan is looked at: on or next to a day that may decide, or up to 100 days off.

    Such days are targets, both ends of windows, the end of participation, and what was booked or attended.

    >>> from hypothesis import find
    >>> from trialsched.protocol import Protocol, Visit
    >>> plan = schedule(Protocol("demo", "1", "D0", [Visit("D0", "on-site")]), Subject("S", baseline=date(2026, 3, 2)))
    >>> find(as_of_days(plan), lambda day: day > plan.baseline)
    datetime.date(2026, 3, 3)
    """
    return st.builds(_moved, st.sampled_from(sorted(set(_deciding(plan)))), _FAR)


def _deciding(plan: Plan) -> Iterator[date]:
    for row in plan:
        yield row.target
        if row.window is not None:
            yield from (row.window.earliest, row.window.latest)
    for record in plan.subject.records:
        days = record.attended.days if isinstance(record.attended, PartialDate) else None
        found = (days.earliest, days.latest) if days else (record.attended,)
        yield from (day for day in (*found, record.booked) if isinstance(day, date))
    if plan.subject.ended is not None:
        yield plan.subject.ended


# Zones with and without clock changes, of whole, half and quarter hours, one whose summer time is less than an hour.
_ZONES = st.sampled_from(
    (
        "UTC",
        "Europe/Warsaw",
        "America/New_York",
        "Australia/Sydney",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Europe/Dublin",
        "America/St_Johns",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Australia/Lord_Howe",
    )
)
_LINES = st.sampled_from(("Clinic 3", "Oddzia\u0142 Bada\u0144; pok. 1, 2\\3", '"The" \u8a3a\u7642\u6240 \U0001f3e5'))
_CONTACTS = st.builds(
    Contact,
    name=st.none() | _LINES,
    address=st.none() | st.lists(_LINES, min_size=1, max_size=3).map("\n".join),
    geo=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    phone=st.sampled_from((None, "+48 22 123 45 67", "+1 (212) 555-0100")),
)
_DURATIONS = st.dictionaries(
    st.sampled_from((*MODES, "V0", "V1", "V2", "C1_{n}", "DOSE1")),
    st.integers(1, 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    max_size=5,
)


def clinics() -> SearchStrategy[Clinic]:
    """Draw clinics in zones of every kind, with any part of a contact, durations of modes, visits and a cycle.

    >>> from hypothesis import find
    >>> find(clinics(), lambda clinic: clinic.zone.startswith("Asia/")).zone
    'Asia/Kolkata'
    """
    return st.builds(
        Clinic,
        zone=_ZONES,
        language=st.sampled_from((None, "en", "pl", "de-AT")),
        contact=_CONTACTS,
        durations=_DURATIONS,
    )

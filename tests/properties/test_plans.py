"""The laws of plans; each docstring quotes the rule it holds."""

import pickle
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Literal

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

import trialsched as ts
from tests.properties.reference import Oracle, Row
from trialsched import strategies
from trialsched.plan import schedule_general
from trialsched.protocol import program

ALSTEM = ts.load_protocol("alstem")
CYCLES = ts.load_protocol("cycles")
PROTOCOLS = strategies.protocols() | st.sampled_from((ALSTEM, CYCLES))
PLANS = PROTOCOLS.flatmap(lambda protocol: strategies.plans(protocol=protocol))


def dates(plan: ts.Plan) -> dict[str, tuple[date, date | None, date | None, str]]:
    """Return target, window and basis of every visit."""
    return {row.code: (row.target, row.earliest, row.latest, row.window_basis) for row in plan}


def in_another_order(plan: ts.Plan, data: st.DataObject) -> tuple[ts.VisitRecord, ...]:
    """Draw an order of a subject's records that keeps that of records which nothing but their order tells apart.

    They are of one visit, day and outcome, and all in the planned mode, or none: the one given first is judged.
    """

    def group(record: ts.VisitRecord) -> tuple[object, ...]:
        planned = record.visit in plan and record.mode == plan[record.visit].mode
        return (record.visit, record.attended, record.outcome, planned)

    records = data.draw(st.permutations(plan.subject.records))
    given_first = {key: iter([r for r in plan.subject.records if group(r) == key]) for key in map(group, records)}
    return tuple(next(given_first[group(record)]) for record in records)


@given(PLANS)
def test_a_plan_is_what_the_rules_say(plan: ts.Plan) -> None:
    """Rules 1 to 6, worked out once more by another program from the protocol's document."""
    found = [
        Row(row.code, row.target, row.earliest, row.latest, row.window_basis, row.reference, row.reference_source)
        for row in plan
    ]
    oracle = Oracle(plan.protocol.document(), plan.subject)
    assert found == oracle.plan()
    zero, source = oracle.reference(plan.protocol.anchor)
    assert (plan.day_zero, plan.day_zero_source) == (zero, source)
    assert (plan.study_day_one, plan.study_day_one_source) == oracle.reference(oracle.counted)
    assert [row.study_day for row in plan] == [oracle.study_day(row.code) for row in plan]


@given(PLANS)
def test_a_row_without_limits_has_its_target_in_its_window(plan: ts.Plan) -> None:
    """A row without limits has earliest ≤ target ≤ latest."""
    for row in plan:
        if row.earliest is not None and row.latest is not None:
            assert row.earliest <= row.latest
            if not row.limits:
                assert row.earliest <= row.target <= row.latest


@given(PLANS)
def test_months_count_from_the_reference(plan: ts.Plan) -> None:
    """Months are always counted from the reference date; the library never chains what the document does not."""
    for row in plan:
        when = row.visit.timing.when
        offset = when.offset if when else ts.Offset()
        assert row.target == row.reference + relativedelta(months=offset.months, days=offset.days)


@given(PROTOCOLS, strategies.baselines(), strategies.baselines())
def test_targets_are_monotone_in_the_baseline(protocol: ts.Protocol, one: date, other: date) -> None:
    """Targets are monotone in the baseline."""
    first, second = (ts.schedule(protocol, ts.Subject("S", baseline=day)) for day in sorted((one, other)))
    assert all(a.target <= b.target for a, b in zip(first, second, strict=True))


@given(
    strategies.protocols(months=False).flatmap(lambda protocol: strategies.plans(protocol=protocol, max_records=0)),
    st.integers(-3000, 3000),
)
def test_day_based_plans_move_exactly_with_the_baseline(plan: ts.Plan, days: int) -> None:
    """Day-based plans move exactly with the baseline: every target and window end by the same days."""
    by = timedelta(days)
    moved = ts.schedule(plan.protocol, replace(plan.subject, baseline=plan.baseline + by))
    for before, after in zip(plan, moved, strict=True):
        assert after.target - before.target == by
        assert (after.window is None) == (before.window is None)
        if before.earliest and before.latest and after.earliest and after.latest:
            assert after.earliest - before.earliest == after.latest - before.latest == by


@given(PLANS, st.randoms(use_true_random=False))
def test_the_order_of_visits_changes_the_order_of_rows_and_nothing_else(plan: ts.Plan, random: Random) -> None:
    """The order of visits in the document changes the order of rows and nothing else."""
    visits = list(plan.protocol.visits)
    random.shuffle(visits)
    other = ts.schedule(replace(plan.protocol, visits=tuple(visits)), plan.subject)
    assert {row.code: row for row in other} == {row.code: row for row in plan}
    assert (other.day_zero, other.day_zero_source, set(other.notes)) == (
        plan.day_zero,
        plan.day_zero_source,
        set(plan.notes),
    )


def dependents(protocol: ts.Protocol, code: str) -> set[str]:
    """Return the visits that count from one, directly or through a chain, or carry a limit relative to such."""
    found = {code}
    grew = True
    while grew:
        grew = False
        for visit in protocol.expanded:
            timing = visit.timing
            names = {w.visit for w in (timing.when, timing.not_before, timing.not_after) if w is not None}
            if visit.code not in found and names & found:
                found.add(visit.code)
                grew = True
    return found - {code}


@given(PLANS, st.data())
def test_a_fact_moves_only_what_counts_from_it(plan: ts.Plan, data: st.DataObject) -> None:
    """A fact about a visit never moves its own target or window, only visits that count from or are limited by it."""
    code = data.draw(st.sampled_from([row.code for row in plan]))
    day = data.draw(strategies.baselines())
    moved = ts.schedule(plan.protocol, plan.subject.with_record(ts.VisitRecord(code, attended=day)))
    before, after = dates(plan), dates(moved)
    allowed = dependents(plan.protocol, code)
    assert {name for name in before if before[name] != after[name]} <= allowed


@given(PLANS, strategies.baselines())
def test_visits_that_count_from_the_target_stay(plan: ts.Plan, day: date) -> None:
    """A timing may ask for the target only: then no fact about that visit moves it."""
    for row in plan:
        timing = row.visit.timing
        if timing.when is None or timing.counts_from != "target" or row.limits:
            continue
        facts = plan.subject.with_record(ts.VisitRecord(timing.when.visit, attended=day))
        assert ts.schedule(plan.protocol, facts)[row.code].target == row.target


@given(PLANS, st.data())
def test_irrelevant_records_change_nothing(plan: ts.Plan, data: st.DataObject) -> None:
    """`schedule` with irrelevant records equals `schedule` without; they are kept in `other_records`."""
    foreign = ts.VisitRecord("NOT-IN-THE-PLAN", attended=data.draw(strategies.baselines()))
    place = data.draw(st.integers(0, len(plan.subject.records)))
    records = (*plan.subject.records[:place], foreign, *plan.subject.records[place:])
    other = ts.schedule(plan.protocol, replace(plan.subject, records=records))
    assert other.rows == plan.rows
    assert other.notes == plan.notes
    assert foreign in other.other_records
    assert [r for r in other.other_records if r != foreign] == list(plan.other_records)


@given(PLANS, st.data())
def test_the_order_of_records_does_not_matter(plan: ts.Plan, data: st.DataObject) -> None:
    """The other records of a code decide, whatever their order; of those of one day the first given is judged."""
    records = in_another_order(plan, data)
    other = ts.schedule(plan.protocol, replace(plan.subject, records=records))
    assert dates(other) == dates(plan)
    assert other.day_zero == plan.day_zero
    assert [(r.attended, r.booked, r.booked_time, r.outcome) for r in other] == [
        (r.attended, r.booked, r.booked_time, r.outcome) for r in plan
    ]


@given(PLANS)
def test_a_missed_or_withheld_record_lends_no_reference(plan: ts.Plan) -> None:
    """A record with outcome missed or withheld lends no reference date."""
    kept = tuple(record for record in plan.subject.records if record.outcome is None)
    assert dates(ts.schedule(plan.protocol, replace(plan.subject, records=kept))) == dates(plan)


@given(PLANS)
def test_limits_only_cut(plan: ts.Plan) -> None:
    """Limits cut the window, include their day, and leave the target what it is."""
    for row in plan:
        whole = row.visit.timing.window
        if whole is None:
            assert row.window is None
            continue
        uncut = whole.around(row.target)
        left = [
            day
            for day in uncut
            if all(day >= limit.day if limit.kind == "not_before" else day <= limit.day for limit in row.limits)
        ]
        assert list(row.window or ()) == left
        assert (row.window_basis == "empty") == (not left)


SHORT = strategies.protocols(max_visits=3, max_arms=0)  # often fit for the fast path but for one window or limit


@settings(max_examples=300)
@given(
    SHORT | PROTOCOLS | strategies.protocols(max_visits=4, max_occurrences=0, limits=False),
    strategies.baselines(),
)
def test_the_fast_path_equals_the_general_one(protocol: ts.Protocol, baseline: date) -> None:
    """A fast path equals the general one, for every protocol, arm and baseline, also when it was asked before."""
    statuses: tuple[Literal["planned", "provisional"], ...] = ("planned", "provisional")
    for _ in range(2):  # computed, then from the cache
        for arm, status in product((*protocol.arms, None), statuses):
            subject = ts.Subject("S", baseline=baseline, arm=arm, baseline_status=status)
            assert ts.schedule(protocol, subject) == schedule_general(
                protocol, subject, baseline, program(protocol, arm)
            )


def test_the_fast_path_is_taken_for_the_bundled_trial() -> None:
    """The property above would prove nothing if no protocol took the fast path."""
    ts.schedule(ALSTEM, ts.Subject("S", baseline=date(2026, 3, 2)))
    assert program(ALSTEM).scratch["direct"] is not None


@settings(max_examples=5)
@given(st.lists(strategies.baselines(), min_size=70, max_size=90, unique=True))
def test_the_cache_is_bounded_and_invisible(days: list[date]) -> None:
    """A cache is bounded and invisible to equality, hash and pickle."""
    fresh = pickle.loads(pickle.dumps(ALSTEM))  # noqa: S301 - our own bytes
    for day in days:
        ts.schedule(fresh, ts.Subject("S", baseline=day))
    assert len(fresh.scratch["answers"][None]["planned"]) <= 64
    assert fresh == ALSTEM
    assert hash(fresh) == hash(ALSTEM)
    assert pickle.dumps(fresh) == pickle.dumps(pickle.loads(pickle.dumps(ALSTEM)))  # noqa: S301 - our own bytes


@given(PLANS)
def test_plans_are_values(plan: ts.Plan) -> None:
    """Rows and plans are comparable, hashable and picklable."""
    twin = pickle.loads(pickle.dumps(plan))  # noqa: S301 - our own bytes
    assert twin == plan
    assert hash(twin) == hash(plan)
    assert {*twin.rows} == {*plan.rows}
    assert ts.changes(plan, twin) == ()


@given(PLANS, st.data())
def test_changes_say_exactly_what_differs(plan: ts.Plan, data: st.DataObject) -> None:
    """A change names a visit and a value that differ; a visit without a change is the same in both."""
    subject = data.draw(strategies.subjects(protocol=plan.protocol))
    other = ts.schedule(plan.protocol, replace(subject, arm=plan.subject.arm))
    told = ts.changes(plan, other)
    back = ts.changes(other, plan)
    assert {(c.visit, c.kind, c.old, c.new) for c in told} == {(c.visit, c.kind, c.new, c.old) for c in back}
    for kind in ("target", "window", "attended", "mode"):
        differing = {row.code for row in plan if getattr(row, kind) != getattr(other[row.code], kind)}
        assert {c.visit for c in told if c.kind == kind} == differing


@given(PROTOCOLS, strategies.baselines(), st.data())
def test_the_provisional_baseline_is_the_latest_that_fits(
    protocol: ts.Protocol, day: date, data: st.DataObject
) -> None:
    """The latest baseline whose plan puts the visit's target on that day, else the latest that puts it before."""
    code = data.draw(st.sampled_from(protocol.codes))
    arm = next(iter(protocol.visit(code).arms), None)
    found = ts.provisional_baseline(protocol, code, day)
    on, after = (
        ts.schedule(protocol, ts.Subject("S", baseline=b, arm=arm))[code].target for b in (found, found + timedelta(1))
    )
    assert on <= day < after


@given(PLANS)
def test_what_is_known_later_is_dropped_and_nothing_else(plan: ts.Plan) -> None:
    """`.known_on(day)` drops attended dates and an end after that day; undated facts stay."""
    subject = plan.subject
    assert subject.known_on(date(9999, 12, 31)) == subject
    known = subject.known_on(plan.baseline)
    assert [r.visit for r in known.records] == [r.visit for r in subject.records]
    assert [r.booked for r in known.records] == [r.booked for r in subject.records]
    for before, after in zip(subject.records, known.records, strict=True):
        first = before.attended.days.earliest if isinstance(before.attended, ts.PartialDate) else before.attended
        assert after == (before if first is None or first <= plan.baseline else after)
        assert after.attended == (before.attended if first is None or first <= plan.baseline else None)
    assert known.ended == (subject.ended if subject.ended and subject.ended <= plan.baseline else None)


@given(PLANS)
def test_day_zero_is_the_anchors_reference_and_the_anchor_stays(plan: ts.Plan) -> None:
    """The anchor's own target is always the baseline; its row is protocol day 0 by definition."""
    anchor = plan[plan.protocol.anchor]
    assert anchor.target == plan.baseline == plan.subject.baseline
    assert anchor.protocol_day == 0
    for row in plan:
        if row is not anchor:
            assert row.protocol_day == (row.target - plan.day_zero).days


@given(PLANS)
def test_which_visit_study_days_count_from_changes_study_days_and_nothing_else(plan: ts.Plan) -> None:
    """Its row is study day 1; targets, windows, protocol days and sentences are those of the plan without the key."""
    counted = plan.protocol.study_days_from or plan.protocol.anchor
    assert plan[counted].study_day == 1
    plain = ts.schedule(replace(plan.protocol, study_days_from=None), plan.subject)
    assert dates(plain) == dates(plan)
    assert [(row.protocol_day, row.why) for row in plain] == [(row.protocol_day, row.why) for row in plan]
    assert (plain.day_zero, plain.notes) == (plan.day_zero, plan.notes)
    assert plain[plan.protocol.anchor].study_day == 1
    assert ts.changes(plain, plan) == ()
    for row in plan:
        if row.code != counted:
            assert row.study_day == ts.study_day(row.target, plan.study_day_one)


@given(PLANS)
def test_why_names_what_it_rests_on(plan: ts.Plan) -> None:
    """`why` is one sentence with the reference date, the target and the window."""
    for row in plan:
        assert row.target.isoformat() in row.why
        assert row.why.endswith(".")
        assert "\n" not in row.why
        if row.visit.timing.when is not None:
            assert row.reference.isoformat() in row.why
        for day in (row.earliest, row.latest):
            assert day is None or day.isoformat() in row.why
        assert ("assumed" in row.why) == (row.visit.timing.assumed)


@pytest.mark.parametrize(
    ("protocol", "baseline", "visit"), [(ALSTEM, date(1, 3, 1), "SCR1"), (ALSTEM, date(9998, 8, 1), "M18")]
)
def test_the_ends_of_the_calendar_raise_and_say_which_visit(protocol: ts.Protocol, baseline: date, visit: str) -> None:
    """A date that leaves year 1..9999 is an error that says where."""
    with pytest.raises(ts.DateOutOfRangeError) as caught:
        ts.schedule(protocol, ts.Subject("S", baseline=baseline))
    assert caught.value.where == visit

"""The laws of `check`; each docstring quotes the rule it holds."""

import pickle
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import Phase, find, given, reject, settings
from hypothesis import strategies as st

import trialsched as ts
from tests.properties.reference_check import ORDER, Fact, Judged, Referee, could_be
from tests.properties.test_plans import dependents, in_another_order
from trialsched import strategies
from trialsched.compliance import KINDS, STATUSES, CheckedVisit, Finding, Report, check

ALSTEM = ts.load_protocol("alstem")
CYCLES = ts.load_protocol("cycles")
# Three visits with windows that are stated, assumed, and now and then empty; one without; spacings of both kinds.
TRIAL = ts.Protocol(
    "trial",
    "1",
    "D0",
    [
        ts.Visit("D0", "on-site", ts.Timing(window="±3 days")),
        ts.Visit("D10", "on-site", ts.Timing("10 days after D0", window="±4 days")),
        ts.Visit("D20", "phone", ts.Timing("20 days after D0", window="±4 days", assumed=True)),
        ts.Visit("D30", "video", ts.Timing("30 days after D0", window="±2 days", not_before="15 days after D10")),
        ts.Visit("D40", "home", ts.Timing("40 days after D0")),
    ],
    spacings=[ts.Spacing("D0", "D10", "8 days"), ts.Spacing("D10", "D20", "9 days", assumed=True)],
    unscheduled=("UNS*",),
)


@st.composite
def _spaced(draw: st.DrawFn) -> ts.Plan:
    """Draw a history of the trial, and two visits of a spacing that are held, or booked, about as far apart."""
    plan = draw(strategies.histories(protocol=TRIAL, max_records=4))
    spacing = draw(st.sampled_from(TRIAL.spacings))
    codes = draw(st.permutations((spacing.first, spacing.second)))
    first = plan[codes[0]].target + timedelta(draw(st.integers(-4, 4)))
    second = spacing.at_least.after(first) + timedelta(draw(st.integers(-2, 1)))
    pair = [
        ts.VisitRecord(code, booked=day) if draw(st.integers(0, 3)) == 3 else ts.VisitRecord(code, attended=day)
        for code, day in zip(codes, (first, second), strict=True)
    ]
    kept = [record for record in plan.subject.records if record.visit not in codes or draw(st.booleans())]
    return ts.schedule(TRIAL, replace(plan.subject, records=(*kept, *pair)))


HISTORIES = st.one_of(
    strategies.histories(), *(strategies.histories(protocol=p) for p in (ALSTEM, CYCLES, TRIAL)), _spaced()
)


def judged(visit: CheckedVisit) -> Judged:
    """Return what a checked visit says, as the oracle does."""
    settled = (visit.settled_by.earliest, visit.settled_by.latest) if visit.settled_by else None
    dates = (visit.target, visit.earliest, visit.latest, visit.window_basis)
    judgement = (visit.status, visit.verdict, settled, visit.days_out, visit.days_from_target)
    return Judged(visit.code, dates, *judgement, visit.version, visit.attended, visit.mode_actual)


def facts(findings: Iterable[Finding]) -> list[Fact]:
    """Return findings without their sentences, as the oracle does."""
    return [Fact(*finding[:7]) for finding in findings]


def told(report: Report) -> tuple[list[Judged], tuple[Finding, ...]]:
    """Return all that a report says."""
    return [judged(visit) for visit in report], report.findings


@st.composite
def _looked_at(draw: st.DrawFn, histories: st.SearchStrategy[ts.Plan] = HISTORIES) -> tuple[ts.Plan, date]:
    plan = draw(histories)
    return plan, draw(strategies.as_of_days(plan))


LOOKED_AT = _looked_at()


# The table of design 7, once more by another program


@settings(max_examples=200)
@given(LOOKED_AT)
def test_statuses_and_verdicts_are_what_the_design_says(case: tuple[ts.Plan, date]) -> None:
    """Status, in this order: attended, ended, missed, then by `as_of`; days are of the attended date."""
    plan, as_of = case
    assert [judged(visit) for visit in check(plan, as_of)] == list(Referee.of([plan], as_of).visits.values())


@settings(max_examples=200)
@given(LOOKED_AT)
def test_findings_are_what_the_design_says(case: tuple[ts.Plan, date]) -> None:
    """Every kind of the table when its sentence holds, with its level, and no other, in the table's order."""
    plan, as_of = case
    assert facts(check(plan, as_of).findings) == Referee.of([plan], as_of).findings()


def test_every_status_and_every_finding_is_drawn() -> None:
    """The two laws above would prove little if a status, a verdict or a kind never came up, each several times."""
    drawn: Counter[str | None] = Counter()
    wanted = {None, "in", "out", "undecided", *STATUSES, *KINDS}

    def all_came_up(case: tuple[ts.Plan, date]) -> bool:
        report = check(*case)
        drawn.update({visit.status for visit in report} | {visit.verdict for visit in report})
        drawn.update({finding.kind for finding in report.findings})
        return all(drawn[word] >= 3 for word in wanted)

    # It ends as soon as all came up, mostly after 100 to 200 examples; a word that is never drawn fails it.
    bound = settings(max_examples=2000, database=None, derandomize=True, phases=[Phase.generate])
    find(LOOKED_AT, all_came_up, settings=bound)
    assert set(drawn) == wanted


# Laws of one report


@given(LOOKED_AT)
def test_exactly_one_status_per_planned_visit(case: tuple[ts.Plan, date]) -> None:
    """Every planned visit has exactly one status, in protocol order."""
    plan, as_of = case
    report = check(plan, as_of)
    assert [visit.code for visit in report] == [row.code for row in plan]
    assert [visit.planned for visit in report] == list(plan)
    assert all(visit.status in STATUSES for visit in report)


@given(LOOKED_AT)
def test_days_out_is_0_iff_inside(case: tuple[ts.Plan, date]) -> None:
    """`days_out` is 0 iff the attended date is inside its window, ends included; null without window."""
    for visit in check(*case):
        if visit.attended is None or visit.window is None:
            assert (visit.days_out, visit.verdict) == (None, None)
        elif isinstance(visit.attended, date):
            inside = visit.attended in visit.window
            assert (visit.days_out == 0, visit.verdict == "in") == (inside, inside)
        else:
            inside = all(day in visit.window for day in visit.attended.days)
            assert (visit.days_out == 0, visit.verdict == "in") == (inside, inside)
            assert (visit.verdict == "undecided") == (visit.settled_by is not None) == (
                visit.days_out is None
            )  # fmt: skip


@given(LOOKED_AT)
def test_late_iff_days_out_is_positive(case: tuple[ts.Plan, date]) -> None:
    """`late` iff `days_out` > 0, `early` iff < 0; a note when the window is assumed, else a deviation."""
    report = check(*case)
    found = {(f.visit, f.kind): (f.level, f.days_out) for f in report.findings if f.kind in ("early", "late")}
    expected = {}
    for visit in report:
        if visit.days_out:
            kind = "late" if visit.days_out > 0 else "early"
            level = "note" if visit.window_basis == "assumed" else "deviation"
            expected[visit.code, kind] = (level, visit.days_out)
    assert found == expected


@given(LOOKED_AT)
def test_a_finding_is_missed_or_lapsed_iff_the_status_is(case: tuple[ts.Plan, date]) -> None:
    """A visit has the finding `missed` or `lapsed` iff that is its status."""
    report = check(*case)
    for kind in ("missed", "lapsed"):
        found = [finding.visit for finding in report.findings if finding.kind == kind]
        assert found == [visit.code for visit in report if visit.status == kind]


@given(LOOKED_AT)
def test_no_two_findings_have_one_key(case: tuple[ts.Plan, date]) -> None:
    """No two findings of a subject agree in visit, kind, other visit and date."""
    keys = [(f.visit, f.kind, f.other, f.date) for f in check(*case).findings]
    assert len(set(keys)) == len(keys)


@given(LOOKED_AT)
def test_findings_are_ordered_by_visit_kind_and_date(case: tuple[ts.Plan, date]) -> None:
    """Findings are ordered by visit in protocol order, the list of kinds, date."""
    plan, as_of = case
    assert list(KINDS) == ORDER
    report = check(plan, as_of)
    codes = [row.code for row in plan]
    codes += sorted({finding.visit for finding in report.findings} - set(codes))
    places = [
        (codes.index(f.visit), KINDS.index(f.kind), could_be(f.date)[0] if f.date else date.min)
        for f in report.findings
    ]  # fmt: skip
    assert places == sorted(places)


@given(LOOKED_AT)
def test_every_finding_explains_itself(case: tuple[ts.Plan, date]) -> None:
    """One sentence with the date, the other visit and the signed days."""
    plan, as_of = case
    for finding in check(plan, as_of).findings:
        assert "\n" not in finding.detail
        assert finding.detail == finding.detail.strip()
        assert len(finding.detail) > 15
        assert finding.date is None or str(finding.date) in finding.detail
        assert finding.other is None or finding.other in finding.detail
        out = finding.days_out
        assert out is None or f"{out:+} day" in finding.detail
        assert finding.version == plan.protocol.version


@given(LOOKED_AT)
def test_reports_are_values(case: tuple[ts.Plan, date]) -> None:
    """The same input gives the same report, comparable, hashable and picklable."""
    plan, as_of = case
    report = check(plan, as_of)
    twin = pickle.loads(pickle.dumps(report))  # noqa: S301 - our own bytes
    assert twin == report == check(pickle.loads(pickle.dumps(plan)), as_of)  # noqa: S301 - our own bytes
    assert hash(twin) == hash(report)


# Laws of two reports


def _later(one: Judged, by: timedelta) -> Judged:
    """Return what is said of a visit when all its dates, which are whole ones, are moved."""
    target, earliest, latest, basis = one.dates
    window = (earliest + by if earliest else None, latest + by if latest else None)
    attended = one.attended + by if isinstance(one.attended, date) else None
    return one._replace(dates=(target + by, *window, basis), attended=attended)


DAY_BASED = strategies.protocols(max_visits=6, months=False) | st.just(TRIAL)


@given(
    _looked_at(DAY_BASED.flatmap(lambda protocol: strategies.histories(protocol=protocol))),
    st.integers(-3000, 3000),
)
def test_shifting_all_dates_changes_nothing_else(case: tuple[ts.Plan, date], days: int) -> None:
    """Shifting all dates by the same whole days changes nothing else for day-based protocols."""
    plan, as_of = case
    by = timedelta(days)
    kept = [r for r in plan.subject.records if r.attended is None or isinstance(r.attended, date)]

    def report_of(shift: timedelta) -> Report:
        records = tuple(
            replace(
                record,
                booked=record.booked + shift if record.booked else None,
                attended=record.attended + shift if isinstance(record.attended, date) else None,
            )
            for record in kept
        )
        ended = plan.subject.ended + shift if plan.subject.ended else None
        subject = replace(plan.subject, baseline=plan.baseline + shift, records=records, ended=ended)
        spaced = tuple(replace(s, at_least=ts.Offset(0, max(1, s.at_least.days))) for s in plan.protocol.spacings)
        return check(ts.schedule(replace(plan.protocol, spacings=spaced), subject), as_of + shift)

    before, after = report_of(timedelta(0)), report_of(by)
    assert [judged(visit) for visit in after] == [_later(judged(visit), by) for visit in before]
    moved = [
        fact._replace(date=fact.date + by if isinstance(fact.date, date) else None) for fact in facts(before.findings)
    ]
    assert facts(after.findings) == moved


@given(LOOKED_AT, st.data())
def test_a_fact_changes_only_what_counts_from_it(case: tuple[ts.Plan, date], data: st.DataObject) -> None:
    """A fact about one visit changes dates and status only of visits that count from it or are limited by it."""
    plan, as_of = case
    code = data.draw(st.sampled_from([row.code for row in plan]))
    day = data.draw(strategies.as_of_days(plan))
    facts_of_it = (
        ts.VisitRecord(code, attended=day),
        ts.VisitRecord(code, attended=day, outcome="withheld"),
        ts.VisitRecord(code, attended=ts.PartialDate(day.year, day.month)),
        ts.VisitRecord(code, booked=day),
        ts.VisitRecord(code, outcome="missed"),
    )
    with_fact = plan.subject.with_record(data.draw(st.sampled_from(facts_of_it)))
    before, after = check(plan, as_of), check(ts.schedule(plan.protocol, with_fact), as_of)
    allowed = dependents(plan.protocol, code)
    for one, other in zip(before, after, strict=True):
        if one.code not in allowed | {code}:
            assert judged(other) == judged(one)
        if one.code not in allowed:
            dates = (one.target, one.earliest, one.latest, one.window_basis)
            assert (other.target, other.earliest, other.latest, other.window_basis) == dates


@given(LOOKED_AT, st.data())
def test_the_order_of_records_changes_nothing(case: tuple[ts.Plan, date], data: st.DataObject) -> None:
    """The order of records does not matter, neither for visits nor for findings and their sentences.

    But of records of one visit, day and outcome, all in the planned mode or none, the one given first is judged.
    """
    plan, as_of = case
    records = in_another_order(plan, data)
    other = ts.schedule(plan.protocol, replace(plan.subject, records=records))
    assert told(check(other, as_of)) == told(check(plan, as_of))


@given(LOOKED_AT, st.data())
def test_more_facts_never_undo_done(case: tuple[ts.Plan, date], data: st.DataObject) -> None:
    """More facts never turn `done` into something else."""
    plan, as_of = case
    more = data.draw(strategies.histories(protocol=plan.protocol, min_value=plan.baseline, max_value=plan.baseline))
    records = (*plan.subject.records, *more.subject.records)
    subject = replace(plan.subject, records=records, ended=more.subject.ended)
    later = check(ts.schedule(plan.protocol, subject), as_of)
    for visit in check(plan, as_of):
        if visit.status == "done":
            assert later[visit.code].status == "done"


@given(LOOKED_AT, st.data())
def test_as_of_only_moves_statuses(case: tuple[ts.Plan, date], data: st.DataObject) -> None:
    """`as_of` only moves statuses; but for `missed`, `lapsed` and `in-the-future` every finding stays."""
    plan, as_of = case
    report, other = check(plan, as_of), check(plan, data.draw(strategies.as_of_days(plan)))
    assert [v._replace(status="due") for v in other] == [v._replace(status="due") for v in report]
    stay, stayed = (
        [finding for finding in each.findings if finding.kind not in ("missed", "lapsed", "in-the-future")]
        for each in (report, other)
    )
    assert stayed == stay


FORWARD = ("upcoming", "due", "overdue", "lapsed", "not-expected")


@given(HISTORIES, st.data())
def test_as_time_passes_a_status_only_goes_forward(plan: ts.Plan, data: st.DataObject) -> None:
    """From upcoming to due to overdue to lapsed, to not expected at the end, missed too; done stays."""
    days = sorted(data.draw(st.lists(strategies.as_of_days(plan), min_size=2, max_size=6)))
    reports = [check(plan, day) for day in days]
    for row in plan:
        statuses = [report[row.code].status for report in reports]
        if statuses[0] in FORWARD:
            places = [FORWARD.index(status) for status in statuses]
            assert places == sorted(places)
        elif statuses[0] == "missed":
            ended = statuses.count("not-expected")
            assert statuses == ["missed"] * (len(statuses) - ended) + ["not-expected"] * ended
        else:
            assert set(statuses) == {"done"}


ANY_DAY = st.dates() | st.sampled_from((date.min, date.max, date(1, 1, 2), date(9999, 12, 30)))
PARTLY = st.builds(ts.PartialDate, st.sampled_from((1, 2026, 9999)), st.none() | st.integers(1, 12))
ANY_RECORD = st.one_of(
    st.builds(ts.VisitRecord, st.sampled_from(("D0", "D10", "D20", "X")), attended=ANY_DAY | PARTLY, booked=ANY_DAY),
    st.builds(ts.VisitRecord, st.sampled_from(("D0", "D10", "D20", "X")), booked=ANY_DAY),
    st.builds(ts.VisitRecord, st.sampled_from(("D0", "D30")), attended=ANY_DAY | PARTLY, outcome=st.just("withheld")),
    st.builds(ts.VisitRecord, st.sampled_from(("D0", "D30")), outcome=st.just("missed")),
)


@settings(max_examples=500)
@given(
    st.lists(ANY_RECORD, max_size=6),
    ANY_DAY,
    st.none() | ANY_DAY,
    st.sampled_from(("8 days", "3 months", "9999 years")),
)
def test_check_is_total(records: list[ts.VisitRecord], as_of: date, ended: date | None, spacing: str) -> None:
    """For any records whatsoever, from year 1 to 9999, there is a report, and the same again."""
    spacings = [ts.Spacing("D0", "D10", spacing), ts.Spacing("D20", "D10", spacing)]
    protocol = replace(TRIAL, spacings=tuple(spacings))
    subject = ts.Subject("S", baseline=date(2026, 3, 2), records=tuple(records), ended=ended)
    plan = ts.schedule(protocol, subject)
    report = check(plan, as_of)
    assert told(report) == told(check(plan, as_of))
    assert [visit.code for visit in report] == list(protocol.codes)
    keys = [(f.visit, f.kind, f.other, f.date) for f in report.findings]
    assert len(set(keys)) == len(keys)


# Amendments


def _amendment(version: str, *visits: ts.Visit) -> ts.Protocol:
    """Return the trial with other visits in the place of those of the same code, and with new ones."""
    new = {visit.code: visit for visit in visits}
    kept = [new.pop(visit.code, visit) for visit in TRIAL.visits]
    return replace(TRIAL, version=version, visits=(*kept, *new.values()))


# An earlier visit with a shorter window and another mode, a visit that moves behind another; a visit more; one less.
LATER = _amendment(
    "2",
    ts.Visit("D10", "phone", ts.Timing("7 days after D0", window="±1 day", assumed=True)),
    ts.Visit("D20", "phone", ts.Timing("45 days after D0", window="±4 days")),
    ts.Visit("D60", "home", ts.Timing("60 days after D0", window="±4 days")),
)
LAST = replace(LATER, version="3", visits=tuple(v for v in LATER.visits if v.code != "D40"), spacings=())
VERSIONS = strategies.versions(max_versions=2, max_visits=3) | st.just((TRIAL, LATER)) | st.just((TRIAL, LATER, LAST))


@st.composite
def _amended(draw: st.DrawFn) -> tuple[list[ts.Plan], dict[str, date], date]:
    designs = draw(VERSIONS)
    history = draw(strategies.histories(protocol=draw(st.sampled_from(designs))))
    near = strategies.as_of_days(history)
    days = draw(st.lists(near, min_size=len(designs), max_size=len(designs), unique=True))
    try:
        plans = [ts.schedule(design, history.subject) for design in designs]
    except ts.DateOutOfRangeError:
        reject()
    return plans, dict(zip([design.version for design in designs], days, strict=True)), draw(near)


AMENDED = _amended()


@settings(max_examples=200)
@given(AMENDED)
def test_each_visit_is_judged_by_the_version_of_its_day(case: tuple[list[ts.Plan], dict[str, date], date]) -> None:
    """Each visit is judged by the version in force on the attended day, else on `as_of`; the finding names it."""
    plans, since, as_of = case
    report = check(plans, as_of, in_force=since)
    referee = Referee.of(plans, as_of, since)
    assert report.plan.protocol.version == referee.today.name
    assert [plan.protocol.version for plan in report.plans] == [version.name for version in referee.versions]
    assert [judged(visit) for visit in report] == list(referee.visits.values())
    assert facts(report.findings) == referee.findings()
    assert all(finding.detail.endswith(f"by version {finding.version}") for finding in report.findings)


@given(AMENDED, st.data())
def test_plans_may_come_in_any_order(case: tuple[list[ts.Plan], dict[str, date], date], data: st.DataObject) -> None:
    """The dates in force decide, not the order of the plans; a date of the document counts as one of the site."""
    plans, since, as_of = case
    report = check(plans, as_of, in_force=since)
    assert check(data.draw(st.permutations(plans)), as_of, in_force=since) == report
    dated = [
        ts.schedule(replace(p.protocol, meta=replace(p.protocol.meta, in_force=since[p.protocol.version])), p.subject)
        for p in plans
    ]
    assert told(check(iter(dated), as_of)) == told(report)


@given(AMENDED, st.data())
def test_more_facts_never_undo_done_by_any_version(
    case: tuple[list[ts.Plan], dict[str, date], date], data: st.DataObject
) -> None:
    """More facts never turn `done` into something else, nor take a visit of an older version out of the report."""
    plans, since, as_of = case
    subject = plans[0].subject
    every = {row.code for plan in plans for row in plan}
    rare = {code for code in every if not all(code in plan for plan in plans)}
    codes = st.sampled_from(sorted(rare or every))
    days = st.sampled_from([day + timedelta(shift) for day in since.values() for shift in (-1, 0)])
    partly = days.map(lambda day: ts.PartialDate(day.year, day.month))
    outcomes = st.sampled_from((None, "withheld"))
    more = data.draw(st.lists(st.builds(ts.VisitRecord, codes, attended=days | partly, outcome=outcomes), max_size=4))
    both = [replace(subject, records=records) for records in (tuple(more[:2]), (*more, *subject.records))]
    before, after = (check([ts.schedule(plan.protocol, one) for plan in plans], as_of, in_force=since) for one in both)
    for visit in before:
        if visit.status == "done":
            assert after[visit.code].status == "done"


@given(LOOKED_AT)
def test_one_version_is_as_a_plan_alone(case: tuple[ts.Plan, date]) -> None:
    """A list of one plan says what the plan alone says, whatever its date in force."""
    plan, as_of = case
    report = check(plan, as_of)
    assert check([plan], as_of) == report
    assert check((plan,), as_of, in_force={plan.protocol.version: date.max}) == report


@given(LOOKED_AT)
def test_a_version_that_changes_nothing_changes_nothing(case: tuple[ts.Plan, date]) -> None:
    """Two versions that differ in nothing but their dates say what one says, with the version named."""
    plan, as_of = case
    twin = replace(plan.protocol, version="a twin", meta=replace(plan.protocol.meta, in_force=None))
    since = {plan.protocol.version: date.min, "a twin": as_of}
    report = check([plan, ts.schedule(twin, plan.subject)], as_of, in_force=since)
    alone = check(plan, as_of)
    assert [judged(v)._replace(version="") for v in report] == [judged(v)._replace(version="") for v in alone]
    assert [f._replace(version="") for f in facts(report.findings)] == [
        f._replace(version="") for f in facts(alone.findings)
    ]
